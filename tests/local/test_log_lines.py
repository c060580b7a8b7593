"""A log line that matters is printed as text, and says if a prompt asked for it."""

from __future__ import annotations

import json
from functools import partial

import pytest
import requests

from local.stack.log_lines import faults_asked_of, readable
from local.vendors.poyo.server import PoyoStandIn


def entry(message: str, **fields: object) -> str:
    return json.dumps({"severity": "ALERT", "message": message, "logger": "studiox", **fields})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("⚠  hosting: no such folder", "⚠  hosting: no such folder"),
        ('["ERROR"]', '["ERROR"]'),
        ('{"message": "ERROR"}', '{"message": "ERROR"}'),
        (entry("ledger_broken"), "functions: ALERT ledger_broken."),
        (entry("media_refused", jobId="j1", error="X"), "functions: ALERT media_refused (jobId j1, error X)."),
        (entry("bug", stack_trace="Traceback\n  f()"), "functions: ALERT bug.\nTraceback\n  f()"),
    ],
)
def test_a_line_is_text(line: str, said: str) -> None:
    assert readable(line, lambda _: []) == said


def test_an_alert_that_a_prompt_asked_for_says_so() -> None:
    with PoyoStandIn(seconds=0, magic=True) as poyo:
        for job_id, prompt in (("j1", "A boat fault:401 fault:callback-none"), ("j2", "A boat")):
            order = {"model": "nano-banana", "input": {"prompt": prompt}}
            headers = {"Authorization": f"Bearer {poyo.api_key}", "Idempotency-Key": job_id}
            requests.post(f"{poyo.url}/api/generate/submit", json=order, headers=headers, timeout=10)
        faults_of = partial(faults_asked_of, [poyo.url])
        assert readable(entry("refused", jobId="j1"), faults_of) == (
            "functions: ALERT refused (jobId j1). The prompt asked for it: fault:401, fault:callback-none."
        )
        assert readable(entry("refused", jobId="j2"), faults_of) == "functions: ALERT refused (jobId j2)."
        assert readable(entry("refused"), faults_of) == "functions: ALERT refused."
    assert faults_of("j1") == [], "a stand-in that has ended is no fault of the log"
