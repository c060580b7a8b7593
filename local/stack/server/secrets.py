"""Withholds from each function the secrets that it does not bind, though all run in one process.

In production a function has those that its `secrets=` names, and forgetting one must show here. Code that runs outside
a call sees all of them.
"""

from __future__ import annotations

import contextlib
import contextvars
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from firebase_functions.params import SecretParam

_bound: contextvars.ContextVar[frozenset[str] | None] = contextvars.ContextVar("bound", default=None)


@contextlib.contextmanager
def bound(names: frozenset[str]) -> Iterator[None]:
    """In the block, and in the thread pools that it starts, other secrets are as empty as unbound ones are."""
    token = _bound.set(names)
    try:
        yield
    finally:
        _bound.reset(token)


def withhold(values: Mapping[str, str]) -> None:
    """From now on secrets have these values, and only where they are bound; the environment has none of them."""
    for name in values:
        os.environ.pop(name, None)

    def value(param: SecretParam) -> str:
        names = _bound.get()
        return values.get(param.name, "") if names is None or param.name in names else ""

    submit = ThreadPoolExecutor.submit

    def submit_in_context(
        pool: ThreadPoolExecutor, work: Callable[..., Any], /, *given: Any, **named: Any
    ) -> Future[Any]:
        return submit(pool, contextvars.copy_context().run, work, *given, **named)

    setattr(SecretParam, "value", property(value))  # noqa: B010 - the SDK reads the environment
    setattr(ThreadPoolExecutor, "submit", submit_in_context)  # noqa: B010
