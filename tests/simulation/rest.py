"""What must hold once faults are over and nothing is due any more: the books, the vendors and the answers agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from tests.simulation import answers, histories, money, neighbours, offers
from tests.simulation.answers import Exchange
from tests.simulation.checks import TERMINAL, Checks
from tests.simulation.ledgers import Ledger
from tests.simulation.truth import Truth, View, files_of, seconds, words_of
from tests.simulation.violations import Snapshot, Violation
from tests.support import counted

CHARGING = ("poyo", "piapi")
"""The providers whose stand-ins know each order that they took."""
LATE = 15 * 60.0
"""How long after its deadline a job may still be open."""
ORPHAN = 50 * 3_600.0
"""A file without a document is kept for a day, and the next nightly sweep may be a day away."""
UPLOAD = 8 * 86_400.0 + 7_200.0
"""An upload is kept for a week, and the next nightly sweep may be a day away."""
FULL_AUDIT = 9 * 86_400.0
"""Within so long the audit looks at all accounts."""
WEEKS = 3
"""So many of the newest weeks with orders are kept on a user's document."""
CANCELS = 10
"""Jobs at a provider that one user may cancel in a day."""


def at_rest(
    snapshot: Snapshot,
    truth: Truth,
    history: Sequence[Exchange] = (),
    moments: Mapping[str, Mapping[str, float]] | None = None,
) -> list[Violation]:
    """Every violation. `snapshot`: {path: data} of the whole database; `history`: every call and what was answered.

    `moments`: as `Checks.moments` of the steps, by the same count as the history's.
    """
    view = View.of(snapshot, truth)
    found = list(Checks(snapshot).found)
    for part in (_jobs, _counters, _tasks, _media, _people, _deleted, _leftovers, money.check):
        found += part(view)
    if history:
        found += answers.check(view, history)
        found += money.songs(view, answers.songs_consumed(history))
        found += offers.check(view, history)
        found += neighbours.check(view, history)
    for uid, committed in (moments or {}).items():
        if uid in view.users:
            found += histories.check(uid, history, view.entries(uid), committed)
    return found


def _jobs(view: View) -> Iterator[Violation]:
    for job_id, job in view.jobs.items():
        path, state = f"jobs/{job_id}", view.state(job_id)
        deadline = job.get("deadlineAt")
        over = deadline is None or seconds(deadline) + LATE < view.truth.now
        if job["status"] not in TERMINAL and over:
            yield Violation(7, path, f"{job['status']} after its deadline")
        if state.get("holdsPlace") and over:
            yield Violation(7, path, f"{job['status']}, and holds a place after its deadline")
        if job["status"] == "completed" and job.get("creationId"):
            made, promised = len(job["media"]), state.get("outputs", 0) or view.truth.listed.get(job_id, 0)
            back = job["price"] * (promised - made) // promised if promised and 0 < made < promised else 0
            if promised and job["refunded"] != back:
                yield Violation(5, path, f"{made} of {promised} files, refunded {job['refunded']} and not {back}")
            if view.creations.get(job["creationId"], {}).get("media") != job["media"]:
                yield Violation(8, path, "its creation has other media")
        reason = (job.get("error") or {}).get("reason")
        if view.truth.calm and reason == "TimedOut" and not view.truth.charges.get(job_id):
            yield Violation(6, path, "nothing went wrong, and it was never sent")
        was_claimed = state.get("provider") in CHARGING and state.get("submission") in ("sending", "unknown")
        if view.truth.mild and was_claimed and not view.truth.charges.get(job_id):
            yield Violation(6, path, "its call or its run of the dispatcher lives, and has never sent it")


def _counters(view: View) -> Iterator[Violation]:
    """The daily counters are a recount of the jobs; each user's weeks are a count of theirs."""
    for job_id, job in view.jobs.items():
        if bool(view.state(job_id).get("counted")) != (job["status"] in TERMINAL):
            yield Violation(19, f"jobs/{job_id}", f"{job['status']}, counted: {view.state(job_id).get('counted')}")
    held, expected = counted.sums(view.snapshot), counted.recount(view.snapshot)
    for key in sorted({*held, *expected}):
        if held[key] != expected[key]:
            yield Violation(19, f"dailyCounters/{key[0]}", f"{'/'.join(key[1:])} is {held[key]}, not {expected[key]}")
    ordered: dict[str, Counter[str]] = {}
    for job in view.jobs.values():
        day = job["createdAt"].date()
        ordered.setdefault(job["uid"], Counter())[(day - timedelta(days=day.weekday())).isoformat()] += 1
    for uid, user in view.users.items():
        newest = dict(sorted(ordered.get(uid, Counter()).items())[-WEEKS:])
        if user.get("jobsByWeek", {}) != newest:
            yield Violation(19, f"users/{uid}", f"orders by week {user.get('jobsByWeek')}, not {newest}")


def _tasks(view: View) -> Iterator[Violation]:
    """Each task at a provider belongs to one job, and each job has one at most."""
    owner = {}
    for job_id, tasks in view.truth.charges.items():
        if len(tasks) > 1:
            yield Violation(6, f"jobs/{job_id}", f"{len(tasks)} tasks at the provider")
        if job_id not in view.jobs and not view.closed:
            yield Violation(6, f"jobs/{job_id}", "the provider has a task of no job")
        owner.update(dict.fromkeys(tasks, job_id))
    for job_id in view.jobs:
        task = view.state(job_id).get("taskId")
        if task and owner.get(task, job_id) != job_id:
            yield Violation(6, f"jobs/{job_id}", f"has the task of the job {owner[task]}")


def _media(view: View) -> Iterator[Violation]:
    """Cloud Storage has the files of the documents, and no others but young ones."""
    named = {name: f"creations/{key}" for key, each in view.creations.items() for name in files_of(each)}
    shown = {key: each for key, each in view.posts.items() if not each["hidden"]}  # a hidden one's are deleted
    named |= {name: f"posts/{key}" for key, each in shown.items() for name in files_of(each)}
    for name, path in named.items():
        if name not in view.truth.objects:
            yield Violation(8, path, f"its file {name} is missing")
    for name, stored in view.truth.objects.items():
        age = view.truth.now - stored
        match name.split("/"):
            case ["users", uid, "uploads", _] if uid in view.users:
                if age > UPLOAD:
                    yield Violation(8, name, f"an upload of {age / 86_400:.1f} days")
            case ["users", _, "creations", creation_id, _]:
                if name not in named and age > ORPHAN and not view.is_leaving("creation", creation_id):
                    yield Violation(8, name, f"a file of no creation, {age / 3_600:.0f} hours old")
            case ["posts", post_id, _]:
                if name not in named and age > ORPHAN and not view.is_leaving("post", post_id):
                    yield Violation(8, name, f"a file of no post, {age / 3_600:.0f} hours old")
            case ["users", _, "uploads", _] | ["exports", _, _]:
                pass  # `_deleted` looks at them
            case _:
                yield Violation(8, name, "a file that nothing names")


def _people(view: View) -> Iterator[Violation]:
    """One welcome bonus for a person; cancels count."""
    bonuses: Counter[str] = Counter()
    for uid, known in view.truth.people.items():
        for each in (uid, known.pseudonym):
            for entry in view.entries(each).values():
                if entry["ref"]["kind"] == "user" and entry["type"] in ("welcome_bonus", "restore", "clawback"):
                    bonuses[known.email] += -1 if entry["amount"] < 0 else 1
    for person, number in bonuses.items():
        if number > 1:
            yield Violation(11, "welcomes", f"{number} welcome bonuses for {person}")
    cancelled: Counter[tuple[str, str]] = Counter()
    for job_id, job in view.jobs.items():
        was_sent = job["status"] == "cancelled" and view.truth.charges.get(job_id)
        if was_sent and view.did("cancelStudioJob", f"jobs/{job_id}"):
            cancelled[job["uid"], job["completedAt"].date().isoformat()] += 1
    for (uid, day), number in cancelled.items():
        told = view.users.get(uid, {}).get("cancels") or {"date": "", "count": 0}
        if number > CANCELS or (told["date"] <= day and told["count"] < number):
            yield Violation(18, f"users/{uid}", f"{number} cancels on {day}, counted {told}")


def _deleted(view: View) -> Iterator[Violation]:
    """Nothing carries the uid or the address of a deleted account; its ledger proves its balance."""
    for uid, known in view.truth.people.items():
        closed, path = view.closed.get(known.pseudonym), f"closedAccounts/{known.pseudonym}"
        if closed is None:
            continue
        if closed["state"] != "closed" or uid in view.users:
            yield Violation(17, path, f"the deletion is not finished: {closed['state']}")
            continue
        marks = words_of(uid)
        email = "" if any(view.users_of(known.email)) else known.email
        for each, document in view.snapshot.items():
            if each.startswith("ledgerCheckpoints/") and view.truth.now - seconds(document["at"]) < FULL_AUDIT:
                continue  # a run of the audit died: a full one deletes it
            if each.startswith("scheduleRuns/") and "closedAt" not in view.snapshot["/".join(each.split("/")[:2])]:
                continue  # a run died before its tasks were enqueued: it says where it stopped until it expires
            if marks.search(each) or marks.search(said := repr(document)) or (email and email in said):
                yield Violation(17, each, f"carries the deleted {uid}")
        for name in view.truth.objects:
            if marks.search(name) or known.pseudonym in name:
                yield Violation(17, name, f"a file of the deleted {uid}")
        if uid in view.truth.auth:
            yield Violation(17, path, "Auth still has the sign-in")
        yield from _closed_ledger(view, known.pseudonym, path)


def _closed_ledger(view: View, pseudonym: str, path: str) -> Iterator[Violation]:
    ledger, closed = Ledger(), view.closed[pseudonym]
    entries = sorted(view.entries(pseudonym).items(), key=lambda each: int(each[1]["seq"]))
    for name, entry in entries:
        yield from ledger.add(f"{path}/ledger/{name}", name, entry)
    told = (closed.get("balance", 0), closed.get("ledgerSeq", 0))
    if told != (ledger.balance, ledger.seq):
        yield Violation(1, path, f"says balance and entries {told}, its ledger {(ledger.balance, ledger.seq)}")


def _leftovers(view: View) -> Iterator[Violation]:
    """No clean-up is overdue, and nothing is left of what was deleted."""
    for path, document in view.snapshot.items():
        kind, _, name = path.partition("/")
        if kind == "cleanups":
            if seconds(document["dueAt"]) + 7_200 < view.truth.now:
                yield Violation(17, path, f"a deletion is overdue: {document['state']}")
        elif kind == "likes":
            post_id = name.partition("_")[0]
            if post_id not in view.posts and not view.is_leaving("post", post_id):
                yield Violation(16, path, "a like of no post")
        elif kind == "posts" and "/comments/" in name:
            post_id = name.partition("/")[0]
            if post_id not in view.posts and not view.is_leaving("post", post_id):
                yield Violation(16, path, "a comment of no post")
        elif kind in ("reports", "moderation"):
            post_id = name.partition("_")[0]
            if post_id not in view.creations and not view.is_leaving("creation", post_id):
                yield Violation(17, path, "a report of no creation")
