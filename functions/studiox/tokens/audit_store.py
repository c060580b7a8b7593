"""Where the audit lies: `ledgerAlerts/{of a violation}`, `ledgerCheckpoints/{uid}`, `ledgerAudits/nightly`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from studiox.kit import firestore, ids
from studiox.kit.clock import datetime
from studiox.kit.transaction import Docs

from .invariants import Sum, Violation

RUN_PATH = "ledgerAudits/nightly"


def checkpoint_path(uid: str) -> str:
    return f"ledgerCheckpoints/{uid}"


def alert_path(uid: str, violation: Violation) -> str:
    """One for each thing that is wrong: what is found again is not a second alert."""
    return f"ledgerAlerts/{ids.derived(uid, violation.kind, violation.subject)}"


def checkpoint_of(data: Mapping[str, Any] | None) -> Sum:
    return Sum() if data is None else Sum(**{name: data[name] for name in Sum.__struct_fields__})


def put_checkpoint(docs: Docs, uid: str, sums: Sum, now: datetime) -> None:
    docs.put(checkpoint_path(uid), {**msgspec.structs.asdict(sums), "uid": uid, "sum": sums.balance, "at": now})


def put_alert(docs: Docs, uid: str, violation: Violation, now: datetime) -> None:
    path = alert_path(uid, violation)
    first = (docs.get(path) or {}).get("firstSeenAt", now)
    docs.put(path, {**msgspec.structs.asdict(violation), "uid": uid, "firstSeenAt": first, "lastSeenAt": now})


def last_run() -> Mapping[str, Any]:
    """The last run's state: {startedAt, full, cursor, finishedAt?, fullAt?}."""
    [run] = firestore.read(RUN_PATH)
    return run or {}
