"""What the nightly audit of ledgers keeps: its findings, its checkpoints, and the position of its run."""

from __future__ import annotations

from studiox.kit.clock import datetime
from studiox.kit.documents import Collection, Path, Stored


class LedgerAlert(Stored, frozen=True, kw_only=True):
    """A violation, one document however often it is found: `ledgerAlerts/{derived from uid, kind and subject}`."""

    uid: str
    """The account; its pseudonym once it is deleted."""
    kind: str
    subject: str
    """An entry's or a job's id, or a field of the user's document."""
    expected: str
    found: str
    first_seen_at: datetime
    last_seen_at: datetime


class LedgerCheckpoint(Stored, frozen=True, kw_only=True):
    """The sum of a ledger that was found right up to entry `seq`, `ledgerCheckpoints/{uid}`. Tokens by bucket."""

    uid: str
    seq: int
    monthly: int
    bonus: int
    purchased: int
    sum: int
    """Of the three buckets."""
    at: datetime


class AuditRun(Stored, frozen=True, kw_only=True):
    """The last run, `ledgerAudits/nightly`. If it has not finished, the next one audits all that it should have."""

    started_at: datetime
    full: bool
    """Whether all accounts are audited, rather than those that changed since `since`."""
    since: datetime | None
    full_at: datetime | None
    """When the last full run started."""
    finished_at: datetime | None = None


LEDGER_ALERTS = Collection("ledgerAlerts", LedgerAlert)
LEDGER_CHECKPOINTS = Collection("ledgerCheckpoints", LedgerCheckpoint)
LEDGER_AUDITS = Collection("ledgerAudits", AuditRun)


def run_path() -> Path[AuditRun]:
    return LEDGER_AUDITS.document("nightly")


def checkpoint_path(uid: str) -> Path[LedgerCheckpoint]:
    return LEDGER_CHECKPOINTS.document(uid)
