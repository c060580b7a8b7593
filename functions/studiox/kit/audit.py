"""The audit log: who did what to what, written in the commit of the change. The rules let no client read it.

Everything that is audited is committed by an `Actor`: `caller.commit` for a call, `System(...).commit` for everything
else. It takes the entry's target with the decision, so a commit cannot be written without deciding what its entry says.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from studiox.kit import query

from . import clock, ids
from .clock import datetime
from .documents import Collection, Path, Stored
from .transaction import AlreadyDecided, Docs, Reads, preview, transact

T = TypeVar("T")


class AuditEntry(Stored, frozen=True, kw_only=True):
    """Who did what to what, `auditLogs/{random id}`."""

    actor: str
    """A uid, `system`, or the pseudonym of a deleted account."""
    action: str
    """The function's name."""
    target: str
    """The document's path."""
    at: datetime
    details: dict[str, Any]
    """Ids and figures, no private text."""


AUDIT_LOGS = Collection("auditLogs", AuditEntry)


def entry_path(entry_id: str) -> Path[AuditEntry]:
    return AUDIT_LOGS.document(entry_id)


class Admission(NamedTuple):
    """What comes before an actor's decision."""

    reads: Reads
    """The commit's, with the documents that `admit` reads."""
    admit: Callable[[Docs, datetime, bool], None]
    """May refuse, or change documents. The flag: an entry shows that this was committed before and the response was
    lost."""


class Actor:
    """In whose name documents are changed."""

    __slots__ = ()

    @property
    def function(self) -> str:
        """The deployed function's name: the action in the audit log."""
        raise NotImplementedError

    @property
    def recorded_as(self) -> str:
        """The actor in the audit log."""
        raise NotImplementedError

    def admission(self, reads: Reads) -> Admission:
        """What comes before a decision with these reads."""
        raise NotImplementedError

    def commit(
        self,
        key: str,
        decide: Callable[[Docs], T],
        reads: Reads = Reads(),
        *,
        target: str | None,
        details: Callable[[T], Mapping[str, object] | None] = lambda _: {},
        always: bool = False,
        entry_id: str | None = None,
    ) -> T:
        """Commit what the pure function `decide` changes, with its audit entry, and return what it returns.

        `target` is the path of what is changed; None: no entry. A decision that changes nothing has no entry, unless
        `always`. `details(answer)` are the entry's ids and figures, without private text; None: no entry. `entry_id`
        lets a decision look for its own entry: if it exists, the decision was committed and its response was lost. Two
        commits with one `entry_id` have one entry.
        """
        now, id_ = clock.now(), entry_id or ids.new()
        reads, admit = self.admission(reads)

        def decide_and_record(docs: Docs) -> T:
            admit(docs, now, docs.is_found(entry_path(id_)))
            before = dict(docs.changes)
            answer = decide(docs)
            is_due = target is not None and (always or docs.changes != before)
            about = details(answer) if is_due else None
            if about is not None:
                entry = AuditEntry(
                    actor=self.recorded_as, action=self.function, target=str(target), at=now, details=dict(about)
                )
                # It exists if this decision was committed before and the response was lost.
                with contextlib.suppress(AlreadyDecided):
                    docs.create(entry_path(id_), entry)
            return answer

        return transact(key, decide_and_record, reads)

    def preview(self, decide: Callable[[Docs], T], reads: Reads) -> T:
        """What `commit` would return now, or its refusal. Nothing is written or charged. As `transaction.preview`."""
        now = clock.now()
        reads, admit = self.admission(reads)

        def admit_and_decide(docs: Docs) -> T:
            admit(docs, now, False)
            return decide(docs)

        return preview(admit_and_decide, reads)


class System(msgspec.Struct, Actor, frozen=True):
    """A schedule, a task, a webhook or an operator. Nobody is checked, and no rate limit is charged."""

    function: str
    actor: str = "system"

    @property
    def recorded_as(self) -> str:
        return self.actor

    def admission(self, reads: Reads) -> Admission:
        return Admission(reads, admit=lambda _docs, _now, _repeated: None)


def entries(equal: Mapping[str, str | None], *, size: int, cursor: str | None) -> tuple[list[AuditEntry], str | None]:
    """A page of the entries whose actor, action and target are these (None: any), newest first."""
    found, following = query.page(AUDIT_LOGS, equal, "at", size=size, cursor=cursor)
    return [each.data for each in found], following
