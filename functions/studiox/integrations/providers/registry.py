"""Makes providers from their specs, with the deployment's parameters and secrets at each use: secrets rotate."""

from __future__ import annotations

from studiox.kit import config

from . import specs
from .protocol import Provider


def provider(name: str) -> Provider:
    """The provider of this name. `config.MissingSecret` if a secret is not bound; KeyError if there is none."""
    spec = specs.PROVIDERS[name]
    base_url = () if spec.base_url is None else (spec.base_url.value,)
    return spec.make(*base_url, *map(config.secret, spec.secrets))


def without_secrets(text: str) -> str:
    """The text without the providers' secrets, which an answer may echo. A webhook's may hold several values."""
    for secret in specs.SECRETS:
        for value in config.listed(secret):
            text = text.replace(value, "[secret]")
    return text
