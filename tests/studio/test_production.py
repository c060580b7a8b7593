"""The debit as production runs it: gunicorn with sixteen threads, one instance and two (J1, J3)."""

from __future__ import annotations

import functools
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.studio.studio import Studio
from tests.support import Answer, crowd
from tests.support.served import Served, served

THREADS = 16
CALLERS = 32
CHEAPEST = {"type": "image", "model": "Model A", "size": "512x512", "prompt": "a fox"}


def order(instances: list[Served], number: int, uid: str, request_id: str) -> Answer:
    request: dict[str, Any] = {**CHEAPEST, "requestId": request_id}
    return instances[number % len(instances)].call(request, uid=uid)


@pytest.mark.parametrize("count", [1, 2])
def test_thirty_two_callers_of_one_user(studio: Studio, tmp_path: Path, count: int) -> None:
    studio.allow(2 * CALLERS)
    studio.user("poor", balance=10, plan="enterprise")
    studio.user("hasty", balance=10, plan="enterprise")
    with ExitStack() as stack:
        serve = functools.partial(served, "createStudioJob", threads=THREADS)
        instances = [stack.enter_context(serve(tmp_path / f"{number}.log")) for number in range(count)]
        different = crowd(CALLERS, lambda n: order(instances, n, "poor", f"request-of-caller-{n:04d}"))
        same = crowd(CALLERS, lambda n: order(instances, n, "hasty", "request-of-everybody"))
    answers = different
    assert sorted(each.result["balance"] for each in answers if each.ok) == list(range(10))
    assert {each.reason for each in answers if not each.ok} == {"InsufficientTokens"}
    replays = same
    assert all(each.ok for each in replays), replays
    assert len({each.result["jobId"] for each in replays}) == 1
    assert [studio.balance("poor"), studio.balance("hasty")] == [0, 9]
    studio.check("poor")
    studio.check("hasty")
    logs = [path.read_text() for path in tmp_path.glob("*.log")]
    assert len(logs) == count
    assert not any("Traceback" in log for log in logs)
