"""What an answer of a provider's may echo is taken out of it before it is kept."""

from __future__ import annotations

import pytest

from studiox.integrations.providers import registry, specs
from tests.conftest import SECRETS


def test_no_secret_stays_in_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " and ".join([*SECRETS.values(), "old-hook-0123456789"])
    monkeypatch.setenv("PIAPI_WEBHOOK_SECRET", f"{SECRETS['PIAPI_WEBHOOK_SECRET']}, old-hook-0123456789,")
    left = registry.without_secrets(text)
    assert "hook" not in left
    for name in ("PIAPI_API_KEY", "POYO_API_KEY", "POYO_WEBHOOK_SECRET", "OPENAI_API_KEY"):
        assert SECRETS[name] not in left


def test_every_provider_is_made_with_its_own_address_and_secrets() -> None:
    made = {name: type(registry.provider(name)).__name__ for name in specs.PROVIDERS}
    assert made == {"mock": "Mock", "poyo": "Poyo", "piapi": "Piapi", "openai": "OpenAi"}


def test_a_provider_that_was_removed_is_none() -> None:
    with pytest.raises(KeyError):
        registry.provider("removed")
