"""The providers, each declared once: how it is made, and what the rest of the backend uses of it.

Secret bindings, webhooks, the hosts that files may come from, the day's spend and the local stack follow from these
specs. docs/providers.md lists the files that a new provider touches.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from firebase_functions.params import BoolParam, SecretParam

from studiox.kit import config

from .protocol import Provider


class BaseUrl(NamedTuple):
    """A vendor's address. It is not a deployment parameter: each of those needs a line in functions/.env."""

    variable: str
    """The environment variable that names another address: a stand-in, or a compatible endpoint."""
    default: str

    @property
    def value(self) -> str:
        return os.environ.get(self.variable) or self.default


class ProviderSpec(NamedTuple):
    """One provider. Its name, the key in PROVIDERS, is stored with jobs and models."""

    make: Callable[..., Provider]
    """Called with the value of `base_url`, if there is one, and then those of `secrets`. Imports its own module."""
    credit_micro_usd: int
    """What one of the provider's credits costs us, in millionths of a dollar."""
    base_url: BaseUrl | None = None
    secrets: tuple[SecretParam, ...] = ()
    """All that `make` is given. Each function that orders or polls binds the secrets of all providers."""
    file_hosts: tuple[str, ...] = ()
    """The hosts of its results, as `media.download.check_url` takes them. None if it returns bytes or text."""
    answers_at_once: bool = False
    """`submit` returns an ended task, so that a request may wait for the result."""
    webhook: str = ""
    """The name under which its webhook is deployed (studio/webhook_endpoints.py). Empty: it never calls back."""
    offered_if: BoolParam | None = None
    """The parameter that must be true for its models to be offered. None: they always are."""

    @property
    def offered(self) -> bool:
        """Whether the catalogue offers its models in this deployment."""
        return self.offered_if is None or bool(self.offered_if.value)


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
    "mock": ProviderSpec(make=_mock, credit_micro_usd=0, answers_at_once=True, offered_if=config.ENABLE_MOCK_MODELS),
    "poyo": ProviderSpec(
        make=_poyo,
        credit_micro_usd=5_000,
        base_url=BaseUrl("POYO_BASE_URL", "https://api.poyo.ai"),
        secrets=(SecretParam("POYO_API_KEY"), SecretParam("POYO_WEBHOOK_SECRET")),
        file_hosts=("storage.poyo.ai", "cdn.doculator.org"),
        webhook="poyoWebhook",
    ),
    "piapi": ProviderSpec(
        make=_piapi,
        credit_micro_usd=10_000,  # a cent
        base_url=BaseUrl("PIAPI_BASE_URL", "https://api.piapi.ai"),
        secrets=(SecretParam("PIAPI_API_KEY"), SecretParam("PIAPI_WEBHOOK_SECRET")),
        file_hosts=("img.theapi.app", "storage.theapi.app"),  # PiAPI's, and those of its Udio's songs and covers
        webhook="piapiWebhook",
    ),
    "openai": ProviderSpec(
        make=_openai,
        credit_micro_usd=600,  # a thousand output tokens of a small model; an input token costs a quarter of one
        base_url=BaseUrl("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        secrets=(SecretParam("OPENAI_API_KEY"),),
        answers_at_once=True,
    ),
}

SECRETS = tuple(secret for spec in PROVIDERS.values() for secret in spec.secrets)
"""What each function binds that may submit or poll."""


def media_hosts() -> list[str]:
    """The hosts that files are copied from. MEDIA_HOSTS, comma-separated, names others in their place."""
    given = [host.strip() for host in os.environ.get("MEDIA_HOSTS", "").split(",") if host.strip()]
    return given or [host for spec in PROVIDERS.values() for host in spec.file_hosts]
