"""Secrets: read at each call, never empty, and loud when they are missing (R11)."""

from __future__ import annotations

import pytest

import main
from studiox.kit import config
from tests.conftest import Logged
from tests.support import call


def test_r11_a_rotated_secret_counts_from_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.secret(config.APP_SIGNING_KEY)
    monkeypatch.setenv("APP_SIGNING_KEY", "another-key-of-the-same-process")
    assert config.secret(config.APP_SIGNING_KEY) == "another-key-of-the-same-process" != before


@pytest.mark.parametrize("value", [None, "", "  ", "\n"])
def test_r11_a_missing_secret_is_a_typed_failure(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is None:
        monkeypatch.delenv("STRIPE_SECRET_KEY")
    else:
        monkeypatch.setenv("STRIPE_SECRET_KEY", value)
    with pytest.raises(config.MissingSecret, match="STRIPE_SECRET_KEY"):
        config.secret(config.STRIPE_SECRET_KEY)


def test_r11_a_call_without_its_secret_fails_loudly_and_tells_the_client_nothing(
    monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    monkeypatch.delenv("APP_SIGNING_KEY")
    answer = call(main.getAuditLog, {"cursor": "e30.x"}, uid="boss", admin=True)
    assert (answer.code, answer.message, answer.details) == ("internal", "INTERNAL", {})
    [line] = logged.lines("bug")
    assert (line["severity"], line["error"]) == ("ERROR", "MissingSecret")


@pytest.mark.parametrize(("level", "kept"), [("INFO", 1), ("WARNING", 0), ("warning", 0)])
def test_the_log_level_is_a_parameter(monkeypatch: pytest.MonkeyPatch, level: str, kept: int) -> None:
    import logging

    from studiox.kit import log

    monkeypatch.setenv("LOG_LEVEL", level)
    handlers = logging.root.handlers[:]
    log.setup()
    try:
        assert logging.getLogger("studiox").isEnabledFor(logging.INFO) is bool(kept)
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(logging.INFO)
