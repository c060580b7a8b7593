"""The studio as a test drives it: its clock, its vendors' stand-ins, its callers, and what must hold of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import main
from local.vendors.poyo.server import PoyoStandIn
from local.vendors.poyo.tasks import signed
from tests.conftest import SECRETS, forget_all
from tests.media.servers import Gcs
from tests.support import Answer, Database, Reply, Rpcs, call, counted, http, invariants, schedule, task
from tests.support.clock import Clock
from tests.support.people import user_data
from tests.support.queue import Queue

TERMINAL = ("completed", "failed", "cancelled")
DISPATCH: Any = main.dispatchStudioJobs  # the SDK types them as what they answer
SETTLE: Any = main.settleStudioJob
_numbers = itertools.count()


class Studio:
    """One deployment. `uid` is the user that calls go by unless they say otherwise."""

    def __init__(self, database: Database, rpcs: Rpcs, clock: Clock, poyo: PoyoStandIn, gcs: Gcs, queue: Queue) -> None:
        self.database, self.rpcs, self.clock = database, rpcs, clock
        self.poyo, self.gcs, self.queue = poyo, gcs, queue
        self.uid = "u1"
        self.asked = 0
        """How often Poyo was asked for a task's status."""

    def advance(self, seconds: float) -> None:
        """Time passes, here and at the provider."""
        self.clock.ahead += timedelta(seconds=seconds)
        self.poyo.advance(seconds)

    def restart(self) -> None:
        """The instance died: the next call finds a new one."""
        self.rpcs.heal()
        forget_all()

    def user(
        self, uid: str = "u1", balance: int = 1000, plan: str = "free", bucket: str = "bonus", **fields: Any
    ) -> str:
        """An account whose first entry was `balance` tokens: its welcome bonus, or whatever else the bucket says."""
        buckets = {"monthly": 0, "bonus": 0, "purchased": 0, bucket: balance}
        now = self.clock.now()
        money = {"balance": balance, "buckets": buckets, "ledgerSeq": 1}
        self.database.put(f"users/{uid}", user_data(now=now, plan=plan, welcome="granted", **{**money, **fields}))
        entry = {"seq": 1, "type": "welcome_bonus", "amount": balance, "buckets": buckets, "balanceAfter": balance}
        entry |= {"ref": {"kind": "user", "id": uid}, "reason": "Welcome bonus", "createdAt": now}
        self.database.put(f"users/{uid}/ledger/welcome:{uid}", {**entry, "id": f"welcome:{uid}"})
        return uid

    def request(self, **fields: Any) -> dict[str, Any]:
        """A request for a picture of Poyo's, which costs 2."""
        new = {"requestId": f"request-{next(_numbers):012d}", "type": "image", "model": "z-image", "prompt": "a fox"}
        return new | fields

    def allow(self, calls: int) -> None:
        """Let a crowd of one user pass the limit of orders: refused orders count too, in tenths of it."""
        self.database.put("settings/limits", {"createStudioJob": {"calls": calls}})

    def create(self, *, caller: str | None = None, **fields: Any) -> Answer:
        return call(main.createStudioJob, self.request(**fields), uid=caller or self.uid)

    def created(self, **fields: Any) -> str:
        """The id of a job that was accepted."""
        answer = self.create(**fields)
        assert answer.ok, answer
        return str(answer.result["jobId"])

    def status(self, job_id: str, *, caller: str | None = None) -> Answer:
        return call(main.getJobStatus, {"jobId": job_id}, uid=caller or self.uid)

    def cancel(self, job_id: str, *, caller: str | None = None) -> Answer:
        return call(main.cancelStudioJob, {"jobId": job_id}, uid=caller or self.uid)

    def dispatch(self) -> Reply:
        return schedule(DISPATCH)

    def settle(self, job_id: str, *, hint: bool = False) -> Reply:
        return task(SETTLE, {"jobId": job_id, "hint": hint})

    def run_queue(self, waiting: float = 0.5, rounds: int = 100) -> list[Reply]:
        return self.queue.run({"settleStudioJob": SETTLE}, waiting=waiting, rounds=rounds)

    def callback(self, job_id: str, task_id: str, body: Mapping[str, Any] | None = None, **change: Any) -> Reply:
        """Poyo's callback for this job, truly signed; `change`: `secret`, `age_s`, `query`, `method`, `body_bytes`."""
        at = self.clock.now().timestamp() - change.get("age_s", 0)
        said = {"code": 200, "data": {"task_id": task_id, "status": "finished", "files": [], **(body or {})}}
        content, headers = signed(change.get("secret", SECRETS["POYO_WEBHOOK_SECRET"]), task_id, said, at)
        query = {"job": job_id, "seal": seal(job_id), **change.get("query", {})}
        method = change.get("method", "POST")
        return http(
            main.WEBHOOKS["poyoWebhook"], method, query=query, headers=headers, body=change.get("body_bytes", content)
        )

    def job(self, job_id: str) -> dict[str, Any]:
        return self.database.need(f"jobs/{job_id}")

    def state(self, job_id: str) -> dict[str, Any]:
        return self.database.need(f"jobs/{job_id}/private/state")

    def balance(self, uid: str | None = None) -> int:
        return int(self.database.need(f"users/{uid or self.uid}")["balance"])

    def task_of(self, job_id: str) -> dict[str, Any]:
        """The provider's one task of the job."""
        (found,) = [each for each in self.poyo.tasks() if each["idempotencyKey"] == job_id]
        return found

    def objects(self, job_id: str) -> list[str]:
        return [path for path in self.gcs.objects if f"/creations/{job_id}/" in path]

    def heal(self, *job_ids: str, step_s: float = 20.0, rounds: int = 60) -> None:
        """Let time, the dispatcher and the queue do their work until these jobs have ended and hold no place.

        They have `rounds` times `step_s` seconds. Rounds in which none of the jobs is due are left out.
        """
        left_s = rounds * step_s
        while True:
            jobs = [self.job(each) for each in job_ids]
            ended = [job["status"] in TERMINAL for job in jobs]
            if all(ended) and not any(self.state(each)["holdsPlace"] for each in job_ids):
                return
            assert left_s > 0, jobs
            due = [job[at] for job in jobs for at in ("nextPollAt", "nextAttemptAt") if job.get(at)]
            wait_s = (min(due) - self.clock.now()).total_seconds() if due else 0
            passing_s = min(max(step_s, wait_s), left_s)
            left_s -= passing_s
            self.advance(passing_s)
            assert self.dispatch().status == 200
            self.run_queue()

    def check(self, uid: str | None = None) -> None:
        """This user's guarantees (docs/guarantees.md), and at most one task at the provider for each job (I15, I16)."""
        uid = uid or self.uid
        invariants.check(uid, self.database)
        everything = self.database.all()
        counted.check(everything)
        user = everything[f"users/{uid}"]
        jobs = {
            path[5:]: data for path, data in everything.items() if path.startswith("jobs/") and path.count("/") == 1
        }
        mine = {job_id: job for job_id, job in jobs.items() if job["uid"] == uid}
        holding = [each for each in mine if everything[f"jobs/{each}/private/state"]["holdsPlace"]]
        living = [each for each, job in mine.items() if job["status"] not in TERMINAL]
        assert user.get("activeJobs", 0) == len(living) + len(holding), (user.get("activeJobs"), living, holding)
        for job_id, job in mine.items():
            self.check_job(job_id, job, everything)
        for key, charge in self.poyo.charges().items():
            assert len(charge["tasks"]) <= 1, (key, charge)
            assert key in jobs, f"the provider has a task of no job: {key}"

    def check_job(self, job_id: str, job: Mapping[str, Any], everything: Mapping[str, Any]) -> None:
        looked_at = {"nextPollAt", "nextAttemptAt"} & job.keys()
        if job["status"] in TERMINAL:
            assert everything[f"jobs/{job_id}/private/state"]["holdsPlace"] or not looked_at, job
            assert everything[f"jobs/{job_id}/private/state"]["counted"], job
        else:
            assert looked_at, f"nobody will look at {job_id}: {job}"
            assert "deadlineAt" in job, job
        creation = everything.get(f"creations/{job_id}")
        if job["status"] == "completed":
            assert creation is not None
            assert creation["media"] == job["media"]
            stored = [item[name] for item in job["media"] for name in ("path", "imagePath") if name in item]
            stored += [item["thumbnail"]["path"] for item in job["media"] if "thumbnail" in item]
            assert sorted(stored) == sorted(self.objects(job_id))
        else:
            assert creation is None
            if job["status"] in TERMINAL:
                assert job["refunded"] == job["price"]
                assert job["media"] == []


def seal(job_id: str) -> str:
    from studiox.kit import ids

    return ids.keyed("callback", "poyo", job_id)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run these at the same moment, each in a thread of its own; what they answered or raised."""
    from tests.support import crowd

    return crowd(len(acts), lambda number: acts[number]())
