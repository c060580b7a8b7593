"""What `make bench` says of its figures: medians of rounds, their spread, and how busy the machine was."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bench import machine, throughput
from bench.stage import NODE, PYTHON, WHOLE
from bench.table import Row, table


def test_a_ratio_is_the_median_of_the_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    """The medians of both sides may be of different rounds, so their quotient is none that was measured."""
    row = Row("debits", 300.0, 100.0, "≥", 2.5, (2.0, 2.4, 3.0))
    assert row.ratio == 2.4
    assert row.verdict == "≥ 2.5 MISSED"
    assert Row("debits", 300.0, 100.0, "≥", 2.5).verdict == "≥ 2.5 held"
    table("Title", "ours", "theirs", [row])
    assert "2.40×   2.00–3.00  ≥ 2.5 MISSED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rates", "steady"), [([400.0, 405.0, 410.0], True), ([400.0, 300.0, 500.0], False), ([400.0, 401.0, 900.0], False)]
)
def test_rounds_are_repeated_until_they_agree(rates: list[float], steady: bool) -> None:
    measured = {
        (peer.name, connections): [{"perSecond": rate if peer is not NODE else 100.0} for rate in rates]
        for peer in (PYTHON, NODE, WHOLE)
        for connections in throughput.BUDGET
    }
    assert throughput._is_steady(measured) is steady


def test_others_are_those_who_are_not_of_the_run() -> None:
    before = machine.cpu()
    burn = "import time\nwhile time.process_time() < 0.5: pass\nprint(flush=True)\ninput()"
    child = subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    assert child.pid in machine.family(os.getpid())
    running = machine.cpu()
    assert running.ours - before.ours >= 0.4
    child.communicate(b"\n")
    ended = machine.cpu()
    assert ended.ours - before.ours >= 0.4, "it was waited for"
    assert child.pid not in machine.family(os.getpid())
    assert ended.all >= ended.busy >= before.busy
    assert "of the CPU time" in machine.Watch().told()
