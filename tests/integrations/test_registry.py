"""What an answer of a provider's may echo is taken out of it before it is kept."""

from __future__ import annotations

import pytest

from studiox.integrations.providers import registry
from tests.conftest import SECRETS


def test_no_secret_stays_in_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " and ".join([*SECRETS.values(), "old-hook-0123456789"])
    monkeypatch.setenv("PIAPI_WEBHOOK_SECRET", f"{SECRETS['PIAPI_WEBHOOK_SECRET']}, old-hook-0123456789,")
    left = registry.without_secrets(text)
    assert "hook" not in left
    for name in ("PIAPI_API_KEY", "POYO_API_KEY", "POYO_WEBHOOK_SECRET", "OPENAI_API_KEY"):
        assert SECRETS[name] not in left
