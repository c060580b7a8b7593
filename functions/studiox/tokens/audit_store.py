"""Stores the audit: `ledgerAlerts/{id of a violation}`, `ledgerCheckpoints/{uid}`, `ledgerAudits/nightly`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import asdict

from studiox.kit import firestore, ids, query
from studiox.kit.clock import datetime
from studiox.kit.documents import Path
from studiox.kit.query import Found
from studiox.kit.transaction import Docs
from studiox.models.ledger_audits import (
    LEDGER_ALERTS,
    LEDGER_CHECKPOINTS,
    AuditRun,
    LedgerAlert,
    LedgerCheckpoint,
    checkpoint_path,
    run_path,
)

from .invariants import Sum, Violation


def alert_path(uid: str, violation: Violation) -> Path[LedgerAlert]:
    """The alert's path, derived from the violation, so that finding it again makes no second alert."""
    return LEDGER_ALERTS.document(ids.derived(uid, violation.kind, violation.subject))


def checkpoint_of(held: LedgerCheckpoint | None) -> Sum:
    return Sum() if held is None else Sum(held.seq, held.monthly, held.bonus, held.purchased)


def put_checkpoint(docs: Docs, uid: str, sums: Sum, now: datetime) -> None:
    checkpoint = LedgerCheckpoint(uid=uid, **asdict(sums), sum=sums.balance, at=now)
    docs.put(checkpoint_path(uid), checkpoint)


def checkpoints_before(moment: datetime) -> Iterator[Found[LedgerCheckpoint]]:
    """Those that were written before it, oldest first. `Unavailable`."""
    return query.documents(LEDGER_CHECKPOINTS, order="at", below=moment)


def put_alert(docs: Docs, uid: str, violation: Violation, now: datetime) -> None:
    path = alert_path(uid, violation)
    before = docs.get(path)
    first = now if before is None else before.first_seen_at
    docs.put(path, LedgerAlert(uid=uid, **asdict(violation), first_seen_at=first, last_seen_at=now))


def last_run() -> AuditRun | None:
    return firestore.get(run_path())
