"""Which providers there are, made with the deployment's parameters and secrets at each use (secrets rotate).

A provider is given the secrets that its row names, and no others. The functions that may submit or poll bind those of
all rows, so a new provider's key is bound wherever it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from firebase_functions.params import SecretParam

from studiox.kit import config

from .protocol import Provider


def _mock() -> Provider:
    from .mock import Mock

    return Mock()


def _poyo(key: str, webhook_secret: str) -> Provider:
    from .poyo import Poyo

    return Poyo(config.POYO_BASE_URL.value, key, webhook_secret)


def _piapi(key: str, webhook_secret: str) -> Provider:
    from .piapi import Piapi

    return Piapi(config.PIAPI_BASE_URL.value, key, webhook_secret)


def _openai(key: str) -> Provider:
    from .openai import OpenAi

    return OpenAi(config.OPENAI_BASE_URL.value, key)


class Row(NamedTuple):
    """How a provider is made, and the secrets that it is made with, in this order."""

    make: Callable[..., Provider]
    secrets: tuple[SecretParam, ...] = ()


PROVIDERS: Mapping[str, Row] = {
    "mock": Row(_mock),
    "poyo": Row(_poyo, (config.POYO_API_KEY, config.POYO_WEBHOOK_SECRET)),
    "piapi": Row(_piapi, (config.PIAPI_API_KEY, config.PIAPI_WEBHOOK_SECRET)),
    "openai": Row(_openai, (config.OPENAI_API_KEY,)),
}

SECRETS = tuple(secret for row in PROVIDERS.values() for secret in row.secrets)
"""What every function that may submit or poll binds."""


def provider(name: str) -> Provider:
    """The provider of this name. `config.MissingSecret` when its key is not bound; KeyError when there is none."""
    row = PROVIDERS[name]
    return row.make(*map(config.secret, row.secrets))


def without_secrets(text: str) -> str:
    """The text without the keys of providers that it may echo."""
    for secret in SECRETS:
        if value := secret.value.strip():
            text = text.replace(value, "[secret]")
    return text
