"""An administrator of the studio, as `actors.Person`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.simulation.actors import Act, Caller, Town, one

ADMIN_KINDS = {
    "adjust": 4,
    "give_plan": 1,
    "end_job": 3,
    "suspend": 1,
    "pardon": 2,
    "moderate": 2,
    "review": 2,
    "retry": 1,
    "search": 1,
    "wait_a_day": 1,
}


class Administrator(Caller):
    """Who runs the studio."""

    def __init__(self, town: Town, acts: Sequence[Act]) -> None:
        super().__init__("admin", town, acts, admin=True)

    def live(self) -> None:
        if self.sign_up():
            super().live()

    def _of_somebody(self, act: Act, function: str, fields: dict[str, Any]) -> None:
        if person := one(self.town.people, act):
            self.insist(function, {"uid": person.uid, **fields}, act)

    def _adjust(self, act: Act) -> None:
        amount = one([50, 7, -5, -100], act)
        self._of_somebody(act, "addTokens", {"amount": amount, "reason": "support", "requestId": self.request_id()})

    def _give_plan(self, act: Act) -> None:
        self._of_somebody(act, "setPlan", {"planId": one(["pro", "free"], act), "reason": "support"})

    def _suspend(self, act: Act) -> None:
        self._of_somebody(act, "suspendUser", {"suspended": True, "reason": "support"})

    def _pardon(self, act: Act) -> None:
        self._of_somebody(act, "suspendUser", {"suspended": False, "reason": "support"})

    def _review(self, act: Act) -> None:
        self._of_somebody(act, "reviewSocialTask", {"taskId": "share-creation", "approve": act.chance < 0.7})

    def _end_job(self, act: Act) -> None:
        jobs = [job for person in self.town.people for job in person.jobs]
        if job_id := one(jobs, act):
            status = "failed" if act.chance < 0.5 else "cancelled"
            self.insist("setJobStatus", {"jobId": job_id, "status": status, "reason": "support"}, act)

    def _moderate(self, act: Act) -> None:
        if post := one(self.town.posts, act):
            action = one(["hide", "restore", "remove"], act)
            self.insist("moderatePost", {"postId": post, "action": action}, act)

    def _retry(self, _act: Act) -> None:
        self.insist("retryWebhooks", {})

    def _search(self, _act: Act) -> None:
        self._once("searchUsers", {"query": "u"})
