"""Canaries: strings that no log line may ever hold (faults I24, R10). Helpers plant them, every test's end looks."""

from __future__ import annotations

import uuid

_planted: set[str] = set()


def plant(*secrets: str) -> None:
    """From now to the end of the test, no output may hold these."""
    _planted.update(secret for secret in secrets if len(secret) >= 8)


def private_text(about: str = "prompt") -> str:
    """A planted string to use as a prompt, a comment, a name: `a prompt canary-…`."""
    text = f"a {about} canary-{uuid.uuid4().hex}"
    plant(text)
    return text


def leaks(output: str) -> list[str]:
    """The planted strings that the output holds, shortened."""
    return sorted(f"{secret[:48]}…" for secret in _planted if secret in output)


def clear() -> None:
    _planted.clear()
