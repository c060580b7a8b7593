"""The providers, each declared once: how it is made, and all that the rest of the backend must know about it.

Secret bindings, the hosts that files may come from, the day's spend and the local stack follow from these specs.
docs/providers.md says which files a new provider touches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from firebase_functions.params import SecretParam, StringParam

from .protocol import Provider


class ProviderSpec(NamedTuple):
    """One provider. Its name, the key in PROVIDERS, is stored with jobs and models."""

    make: Callable[..., Provider]
    """Called with the value of `base_url`, if there is one, and then those of `secrets`. Imports its own module."""
    credit_micro_usd: int
    """What one of the provider's credits costs us, in millionths of a dollar."""
    base_url: StringParam | None = None
    secrets: tuple[SecretParam, ...] = ()
    """All that `make` is given. Each function that orders or polls binds the secrets of all providers."""
    file_hosts: tuple[str, ...] = ()
    """The hosts of its results, as `media.download.check_url` takes them. None if it returns bytes or text."""
    answers_at_once: bool = False
    """`submit` returns an ended task, so that a request may wait for the result."""
    calls_back: bool = False
    """It has a webhook, `<name>Webhook` in studio/endpoints.py."""


def _mock() -> Provider:
    from .mock import Mock

    return Mock()


def _poyo(base_url: str, key: str, webhook_secret: str) -> Provider:
    from .poyo import Poyo

    return Poyo(base_url, key, webhook_secret)


def _piapi(base_url: str, key: str, webhook_secret: str) -> Provider:
    from .piapi import Piapi

    return Piapi(base_url, key, webhook_secret)


def _openai(base_url: str, key: str) -> Provider:
    from .openai import OpenAi

    return OpenAi(base_url, key)


PROVIDERS: Mapping[str, ProviderSpec] = {
    "mock": ProviderSpec(make=_mock, credit_micro_usd=0, answers_at_once=True),
    "poyo": ProviderSpec(
        make=_poyo,
        credit_micro_usd=5_000,
        base_url=StringParam("POYO_BASE_URL", default="https://api.poyo.ai"),
        secrets=(SecretParam("POYO_API_KEY"), SecretParam("POYO_WEBHOOK_SECRET")),
        file_hosts=("storage.poyo.ai", "cdn.doculator.org"),
        calls_back=True,
    ),
    "piapi": ProviderSpec(
        make=_piapi,
        credit_micro_usd=10_000,  # a cent
        base_url=StringParam("PIAPI_BASE_URL", default="https://api.piapi.ai"),
        secrets=(SecretParam("PIAPI_API_KEY"), SecretParam("PIAPI_WEBHOOK_SECRET")),
        file_hosts=("img.theapi.app", "storage.theapi.app"),
        calls_back=True,
    ),
    "openai": ProviderSpec(
        make=_openai,
        credit_micro_usd=600,  # a thousand output tokens of a small model; an input token costs a quarter of one
        base_url=StringParam("OPENAI_BASE_URL", default="https://api.openai.com/v1"),
        secrets=(SecretParam("OPENAI_API_KEY"),),
        answers_at_once=True,
    ),
}

SECRETS = tuple(secret for spec in PROVIDERS.values() for secret in spec.secrets)
"""What each function binds that may submit or poll."""

MEDIA_HOSTS = StringParam(
    "MEDIA_HOSTS", default=",".join(host for spec in PROVIDERS.values() for host in spec.file_hosts)
)
"""The hosts that files are copied from, comma-separated; a deployment may list others."""
