"""The ledger audit: nightly of the users changed since the last run, weekly of all. Also rebuilds a balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from msgspec.structs import replace

from studiox.fan_out import service as fan_out
from studiox.kit import audit, batch, clock, firestore, ids, log, query
from studiox.kit.clock import datetime
from studiox.kit.errors import NotFound, StudioxError, Unavailable
from studiox.kit.firestore import Document
from studiox.kit.query import Found
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models import jobs as studio
from studiox.models import ledger_store, users
from studiox.models.jobs import UncheckedJob
from studiox.models.ledger import Account, Buckets, UncheckedEntry
from studiox.models.ledger_audits import AuditRun, checkpoint_path, run_path
from studiox.models.schedule_runs import Run

from . import audit_store, invariants
from .invariants import Fold, Sum, Violation

FULL_EVERY = timedelta(days=7) - timedelta(hours=1)
OVERLAP = timedelta(minutes=10)
"""The largest expected difference between instances' clocks (faults J27)."""
USERS_PER_PAGE = 50
JOBS_PER_PAGE = 100
PAGE = 300


class LedgerBroken(StudioxError):
    """The ledger is inconsistent, so no balance can be rebuilt from it. Restore it first (docs/operations.md)."""

    code = "failed-precondition"
    text = "The ledger does not add up."


def audit_ledger() -> None:
    """Run the audit, or go on with the last one if it was divided and has not ended. `Contention`, `Unavailable`."""
    now = clock.now()
    last = audit_store.last_run()
    if last is not None and last.finished_at is None and fan_out.resume(SCHEDULE, last.started_at):
        return
    record = _next_run(last, now)
    _save(record)
    about = {"full": record.full, "since": record.since, "fullAt": record.full_at}
    fan_out.start(SCHEDULE, Run(now, about))


def _parts(run: Run) -> Mapping[str, fan_out.Part]:
    """The users and the jobs: all of them, or those changed since the last run. Later changes are the next one's."""
    span = query.Span()
    if not run.about["full"]:
        span = query.Span("updatedAt", low=run.about["since"], below=run.started_at + OVERLAP)
    return {
        "users": fan_out.Part(users.CHANGES, span, _audit_users, USERS_PER_PAGE),
        "jobs": fan_out.Part(studio.CHANGES, span, _audit_jobs, JOBS_PER_PAGE),
    }


def _settle(run: Run, counts: Mapping[str, int], failed: int) -> None:
    """Note that the audit has finished. If it passed over something, the next one looks at all of it again."""
    if failed or counts.get("missing"):
        return
    full_at = run.about["fullAt"]
    if run.about["full"]:
        full_at = run.started_at
        _forget_deleted(run.started_at)
    record = AuditRun(
        started_at=run.started_at,
        full=run.about["full"],
        since=run.about["since"],
        full_at=full_at,
        finished_at=clock.now(),
    )
    _save(record)


def _tell(run: Run, counts: Mapping[str, int], failed: int) -> None:
    if failed or counts.get("missing"):
        log.alert("ledger_audit_unfinished", missing=counts.get("missing", 0), failedShards=failed)
        return
    log.info("ledger_audit", full=run.about["full"], violations=counts.get("violations", 0))


SCHEDULE = fan_out.Schedule("auditLedger", _parts, _tell, _settle)


def examine(now: datetime) -> Iterator[tuple[str, list[Violation]]]:
    """(uid, violations) of every account, then of every job, each checked from its beginning. Reads only.

    For a restored database, which nothing else changes. `Unavailable` if something could not be read.
    """
    for page in fan_out.chunks(query.documents(users.CHANGES), USERS_PER_PAGE):
        checked = batch.work_through("examine", lambda each: (each.id, _check_user(each.id, full=True)), page)
        if checked.missing:
            raise Unavailable
        yield from ((uid, each.violations) for uid, each in checked.results)
        yield from ((each.id, [_unreadable(each.id)]) for each in checked.broken)
    for jobs in fan_out.chunks(query.documents(studio.CHANGES), JOBS_PER_PAGE):
        owned, without_owner = _by_owner(jobs)
        yield from (("unknown", [violation]) for violation in without_owner)
        checked_jobs = batch.patiently(lambda owned=owned: list(_with_entries(owned, now)))  # type: ignore[misc]
        yield from ((job.data.uid, violations) for job, violations in checked_jobs)


def _unreadable(uid: str) -> Violation:
    return Violation("not_readable", uid, "an account", "see the log")


def _next_run(last: AuditRun | None, now: datetime) -> AuditRun:
    """A new run: of all accounts once per FULL_EVERY, otherwise of those changed since the last run started.

    It includes all that the last run should have audited, if that one did not finish.
    """
    if last is not None and last.finished_at is None:
        return replace(last, started_at=now)
    full_at = None if last is None else last.full_at
    full = last is None or full_at is None or now - full_at >= FULL_EVERY
    since = None if last is None or full else last.started_at - OVERLAP
    return AuditRun(started_at=now, full=full, since=since, full_at=full_at)


def _audit_users(run: Run, page: list[Found[users.UserChange]]) -> Mapping[str, int]:
    """Audit these users. `missing` are those that could not be read; `Unavailable` if none could."""
    full, now = run.about["full"], clock.now()
    audited = batch.work_through("auditLedger", lambda each: _audit_user(each.id, full, now), page)
    if len(audited.missing) == len(page):
        raise Unavailable(retryAfterSeconds=5)
    unreadable = [_unreadable(each.id) for each in audited.broken]
    for violation in unreadable:
        _report(violation.subject, [violation], now)
    return {"violations": sum(audited.results) + len(unreadable), "missing": len(audited.missing)}


def _save(run: AuditRun) -> None:
    path = run_path()
    transact(path, lambda docs: docs.put(path, run), Reads(fresh=[path]))


def _audit_user(uid: str, full: bool, now: datetime) -> int:
    """Check the user, and recheck violations, which a concurrent change may have caused. Returns their number."""
    checked = _check_user(uid, full=full)
    violations = checked.violations
    if violations:
        again = _check_user(uid, full=True).violations
        names = {(each.kind, each.subject) for each in again}
        violations = [each for each in violations if (each.kind, each.subject) in names] or again
    if not violations and checked.sums is not None:
        _keep(uid, checked.sums, checked.already_read, now)
    _report(uid, violations, now)
    return len(violations)


def _keep(uid: str, sums: Sum, already_read: Mapping[str, Document], now: datetime) -> None:
    """Keep the checkpoint of an account that exists: one that was deleted meanwhile leaves nothing behind."""
    path = checkpoint_path(uid)
    reads = Reads(already_read=already_read)
    transact(path, lambda docs: audit_store.put_checkpoint(docs, uid, sums, now), reads)
    if firestore.get(ledger_store.unchecked_path(uid)) is None:
        firestore.delete_all([path])


def _forget_deleted(started_at: datetime) -> None:
    """Delete the checkpoints of accounts that are gone: a run that died after it wrote one could not look again.

    A full run writes the checkpoint of every account in order, so only few are older.
    """
    for page in fan_out.chunks(audit_store.checkpoints_before(started_at), PAGE):
        users = firestore.get_all([ledger_store.unchecked_path(each.id) for each in page])
        firestore.delete_all([each.path for each, user in zip(page, users, strict=True) if user is None])


class _Checked(NamedTuple):
    """What is wrong with a user, and what a checkpoint may keep: the sums, None if there is nothing to keep."""

    violations: list[Violation]
    sums: Sum | None = None
    already_read: Mapping[str, Document] = {}
    """The checkpoint as it was read."""


def _check_user(uid: str, *, full: bool) -> _Checked:
    """The violations in the user's account and ledger, from the checkpoint on or, if `full`, from the beginning."""
    path, checkpoint = ledger_store.unchecked_path(uid), checkpoint_path(uid)
    seen = firestore.read_documents([path, checkpoint])
    user = seen[path].as_(path)
    if user is None:
        return _Checked([])  # the account was deleted
    start = Sum() if full else audit_store.checkpoint_of(seen[checkpoint].as_(checkpoint))
    seq = user.ledger_seq
    if type(seq) is not int or seq < start.seq:
        return _Checked([Violation("account_is_not_its_ledger", "ledgerSeq", f"at least {start.seq}", str(seq))])
    fold, beyond = Fold(start), []
    for page in fan_out.chunks(ledger_store.entries_to_audit(uid, start.seq), PAGE):
        for entry in page:
            if type(entry.data.seq) is int and entry.data.seq > seq:
                beyond.append(entry.id)
            else:
                fold.add(entry.id, entry.data)
        _check_jobs_of(page, fold)
        if len(beyond) > PAGE:
            break
    fold.compare(user.balance, user.buckets, seq)
    number = ledger_store.count_entries(uid)
    after = firestore.get(path)
    if after is None:
        return _Checked([])
    if after.ledger_seq == seq:  # otherwise the user is spending right now
        if number != seq:
            fold.wrong("entries_counted", uid, seq, number)
        for entry_id in beyond:
            fold.wrong("entry_beyond_the_account", entry_id, f"seq up to {seq}", "more")
    return _Checked(fold.violations, fold.sum, {checkpoint: seen[checkpoint]})


def _check_jobs_of(page: list[Found[UncheckedEntry]], fold: Fold) -> None:
    """Check that every entry of a job refers to an existing job."""
    refs = {each.id: invariants.mapping(each.data.ref) for each in page}
    named = {entry_id: str(ref.get("id")) for entry_id, ref in refs.items() if ref.get("kind") == "job"}
    found = studio.which_exist(set(filter(ids.is_segment, named.values())))
    for entry_id, job_id in named.items():
        if job_id not in found:
            fold.wrong("entry_without_job", entry_id, job_id, "no such job")


def _audit_jobs(_run: Run, page: list[Found[UncheckedJob]]) -> Mapping[str, int]:
    """Audit these jobs. `Unavailable`."""
    now = clock.now()

    def audit_page() -> int:
        owned, without_owner = _by_owner(page)
        _report("unknown", without_owner, now)
        return len(without_owner) + _audit_owned(owned, now)

    return {"violations": batch.patiently(audit_page)}


def _by_owner(jobs: list[Found[UncheckedJob]]) -> tuple[list[Found[UncheckedJob]], list[Violation]]:
    """The jobs whose owner can be read, and the violations of the others."""
    owned = [job for job in jobs if isinstance(job.data.uid, str) and ids.is_segment(job.data.uid)]
    others = [job.id for job in jobs if job not in owned]
    return owned, [Violation("not_readable", job_id, "the owner's uid", "something else") for job_id in others]


def _audit_owned(jobs: list[Found[UncheckedJob]], now: datetime) -> int:
    suspects = [each for each in _with_entries(jobs, now) if each[1]]
    if not suspects:
        return 0
    # A job that ended between the two reads is consistent when both are read again.
    again = firestore.get_all([studio.unchecked_job_path(job.id) for job, _ in suspects])
    fresh = [Found(job.path, data) for (job, _), data in zip(suspects, again, strict=True) if data is not None]
    found = 0
    for job, violations in _with_entries(fresh, now):
        _report(job.data.uid, violations, now)
        found += len(violations)
    return found


def _with_entries(
    jobs: list[Found[UncheckedJob]], now: datetime
) -> Iterator[tuple[Found[UncheckedJob], list[Violation]]]:
    paths = [
        ledger_store.unchecked_entry_path(job.data.uid, f"{kind}:{job.id}")
        for job in jobs
        for kind in ("deduction", "refund")
    ]
    entries = firestore.get_all(paths)
    for job, deduction, refund in zip(jobs, entries[::2], entries[1::2], strict=True):
        yield job, invariants.check_job(job.id, job.data, deduction, refund, now)


def _report(uid: str, violations: list[Violation], now: datetime) -> None:
    for violation in violations:
        log.alert("ledger_violation", uid=uid, kind=violation.kind, subject=violation.subject)
        path = audit_store.alert_path(uid, violation)

        def put(docs: Docs, violation: Violation = violation) -> None:
            audit_store.put_alert(docs, uid, violation, now)

        transact(path, put, Reads(fresh=[path]))


def rebuild(uid: str, actor: str) -> bool:
    """Set the user's account to the sum of its ledger. Returns whether anything changed. `LedgerBroken`."""
    now = clock.now()
    path = ledger_store.unchecked_path(uid)
    before = firestore.get(path)
    if before is None:
        raise NotFound
    fold = Fold(Sum())
    for entry in ledger_store.entries_to_audit(uid, 0):
        fold.add(entry.id, entry.data)
    if fold.violations or ledger_store.count_entries(uid) != fold.sum.seq:
        raise LedgerBroken
    total = Account(Buckets(fold.sum.monthly, fold.sum.bonus, fold.sum.purchased), fold.sum.seq)

    def decide(docs: Docs) -> bool:
        user = docs.get(path)
        if user is None or user.figures != before.figures:
            raise LedgerBroken  # the balance changed during the rebuild: run it again
        return ledger_store.set_account(docs, uid, total, now)

    by = audit.System("rebuildAccount", actor)
    return by.commit(path, decide, Reads(fresh=[path]), target=path, details=lambda _changed: {"seq": total.seq})
