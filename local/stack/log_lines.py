"""The functions' log lines as a developer reads them: as text, and with the fault that a prompt asked for."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Sequence

from local.vendors.poyo.plans import MAGIC

ASK_S = 2.0


def readable(line: str, faults_of: Callable[[str], list[str]]) -> str:
    """The line as text, with its traceback if it has one; a line that is no JSON object of ours as it is.

    `faults_of` names the faults that the prompt of the job with this id asked for.
    """
    try:
        entry = json.loads(line)
    except ValueError:
        return line
    if not (isinstance(entry, dict) and {"severity", "message"} <= entry.keys()):
        return line
    severity, message, trace = entry.pop("severity"), entry.pop("message"), entry.pop("stack_trace", "")
    entry.pop("logger", None)
    text = f"functions: {severity} {message}"
    if entry:
        text += f" ({', '.join(f'{name} {value}' for name, value in entry.items())})"
    if asked := faults_of(str(entry.get("jobId", ""))):
        text += f". The prompt asked for it: {', '.join(asked)}"
    return f"{text}.\n{trace}" if trace else f"{text}."


def faults_asked_of(addresses: Sequence[str], job_id: str) -> list[str]:
    """The faults that this job's prompt asked the stand-ins at these addresses for. Empty if they cannot be asked."""
    if not job_id:
        return []
    for address in addresses:
        try:
            with urllib.request.urlopen(f"{address}/_/orders", timeout=ASK_S) as answer:
                orders = json.load(answer)
        except (OSError, ValueError):
            continue
        for order in orders:
            if order.get("idempotencyKey") == job_id:
                return [f"fault:{name}" for name in MAGIC.findall(json.dumps(order.get("input")))]
    return []
