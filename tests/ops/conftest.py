"""Google's management APIs on loopback, as a project has them to whom nothing was deployed yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from ops import cloud, secrets
from tests.support.secret_manager import Functions, SecretManager, served

PROJECT = "studiox-production"


class Google(NamedTuple):
    """The stand-ins of the APIs, and where they are."""

    secrets: SecretManager
    functions: Functions
    address: str


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    held, functions = SecretManager(PROJECT), Functions(PROJECT)
    with served(held, functions) as address:
        monkeypatch.setenv(secrets.ADDRESS, address)
        monkeypatch.setenv(cloud.ADDRESSES["cloudfunctions"], address)
        yield Google(held, functions, address)
