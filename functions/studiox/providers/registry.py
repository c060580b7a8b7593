"""Which providers there are, made with the deployment's parameters and secrets at each use (secrets rotate)."""

from __future__ import annotations

from .. import config
from . import Provider


def provider(name: str) -> Provider:
    """The provider of this name. `config.MissingSecret` when its key is not bound; KeyError when there is none."""
    match name:
        case "mock":
            from .mock import Mock

            return Mock()
        case "poyo":
            from .poyo import Poyo

            return Poyo(
                config.POYO_BASE_URL.value,
                config.secret(config.POYO_API_KEY),
                config.secret(config.POYO_WEBHOOK_SECRET),
            )
        case "piapi":
            from .piapi import Piapi

            return Piapi(
                config.PIAPI_BASE_URL.value,
                config.secret(config.PIAPI_API_KEY),
                config.secret(config.PIAPI_WEBHOOK_SECRET),
            )
        case "openai":
            from .openai import OpenAi

            return OpenAi(config.OPENAI_BASE_URL.value, config.secret(config.OPENAI_API_KEY))
        case _:
            raise KeyError(name)


SECRETS = (
    config.POYO_API_KEY,
    config.POYO_WEBHOOK_SECRET,
    config.PIAPI_API_KEY,
    config.PIAPI_WEBHOOK_SECRET,
    config.OPENAI_API_KEY,
)
"""What every function that may submit or poll binds."""


def without_secrets(text: str) -> str:
    """The text with a providers' key that it may echo taken out."""
    for secret in SECRETS:
        if value := secret.value.strip():
            text = text.replace(value, "[secret]")
    return text
