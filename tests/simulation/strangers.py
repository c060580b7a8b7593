"""Somebody who asks for what is not theirs: other people's jobs, used ids, old tokens, a second welcome.

What must be refused by a rule of its own is judged here; the rest by the answers of all calls (answers.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.simulation.actors import Act, Caller, Town, one
from tests.simulation.answers import Exchange
from tests.simulation.deployment import address
from tests.simulation.world import START
from tests.support import Answer

KINDS = {
    "replay": 4,
    "reuse": 3,
    "others_job": 4,
    "others_checkout": 2,
    "old_token": 2,
    "others_upload": 1,
    "come_back": 2,
    "wait_a_day": 1,
}
ANOTHER: Mapping[str, Mapping[str, Any]] = {
    "createStudioJob": {"prompt": "another fox"},
    "generateLyrics": {"theme": "snow"},
    "useTokens": {"feature": "hd_download"},
    "commentPost": {"text": "something else"},
    "addTokens": {"amount": 1_001},
    "createCheckoutSession": {"packId": "studio", "planId": None},
}
"""{function: what another request with the same id asks for}."""
LONG_AGO = START - 86_400.0
SKEW_S = 600.0
"""Two instances' clocks are less than this apart."""


FORGED = 0.1
"""How often a callback is also sent to the address of another job."""


def another_job(town: Town, job_id: str) -> str | None:
    """The job, if any, to whose address a callback of this one is sent as well."""
    if town.world.random.random() >= FORGED:
        return None
    return next((each for person in town.people for each in reversed(person.jobs) if each != job_id), None)


class Stranger(Caller):
    """A user with an account of their own, who also calls as other people do: from another device, or much later."""

    def live(self) -> None:
        if self.sign_up():
            super().live()

    def _wrong(self, text: str) -> None:
        self.town.deployment.bugs.append(text)

    def _refused(self, guarantee: str, answer: Answer | None) -> None:
        if answer is not None and answer.ok:
            self._wrong(f"{guarantee}: {answer.result}")

    def _answered(self, act: Act) -> Exchange | None:
        """One of the requests with an id that were answered."""
        history = self.town.deployment.history
        found: Exchange | None = one(
            [each for each in history if "requestId" in each.data and each.answer is not None and each.answer.ok], act
        )
        return found

    def _replay(self, act: Act) -> None:
        """Somebody's client sends a request again, much later."""
        if (first := self._answered(act)) is not None:
            self.town.deployment.call(first.caller, first.function, dict(first.data), admin=first.is_admin)

    def _reuse(self, act: Act) -> None:
        """Somebody's client uses an id for another request."""
        first = self._answered(act)
        if first is None or first.function not in ANOTHER:
            return
        other = {name: value for name, value in {**first.data, **ANOTHER[first.function]}.items() if value is not None}
        if other != first.data:
            self.town.deployment.call(first.caller, first.function, other, admin=first.is_admin)

    def _others_job(self, act: Act) -> None:
        for _ in range(10):
            if jobs := [job for person in self.town.people for job in person.jobs]:
                break
            self.town.world.sleep(10.0)
        if job_id := one(jobs, act):
            self.insist("getJobStatus", {"jobId": job_id})
            self.insist("cancelStudioJob", {"jobId": job_id})

    def _others_checkout(self, act: Act) -> None:
        if session := one([each for person in self.town.people for each in person.sessions], act):
            self.insist("confirmCheckout", {"sessionId": session})

    def _old_token(self, act: Act) -> None:
        """A token of a session that its user has ended."""
        history = self.town.deployment.history
        ended = [
            each.caller for each in history if each.function == "revokeSessions" and each.answer and each.answer.ok
        ]
        if uid := one(ended, act):
            answer = self.town.deployment.call(uid, "updateStreak", {}, signed_in_at=LONG_AGO)
            self._refused(f"12. The caller is the ID token's user: {uid} has ended this session", answer)

    def _others_upload(self, act: Act) -> None:
        """A file of somebody else as the input of an order."""
        if (person := one(self.town.people, act)) is not None:
            path = self.town.upload(person.uid)
            order = {"type": "edit", "model": "nano-banana-edit", "prompt": "a fox", "inputPaths": [path]}
            answer = self.insist("createStudioJob", {"requestId": self.request_id(), **order})
            self._refused(f"15. What is private stays private: {self.uid} ordered with {path}", answer)

    def _come_back(self, act: Act) -> None:
        """Delete the account and sign up again, with the same address: the month and the welcome go on."""
        before = self.insist("checkGenerationAllowance", {"consume": True})
        left = self.insist("deleteAccount", {"confirm": address(self.uid)}, act)
        if left is None or not left.ok:
            return
        self._refused(f"17. A deleted account is gone: {self.uid}", self.insist("initializeUser", {}))
        person, _, number = self.uid.partition("-")
        self.uid = f"{person}-{int(number) + 1}"
        if not self.sign_up():
            self.gone = True
            return
        after = self.insist("checkGenerationAllowance", {})
        if before is None or after is None or not (before.ok and after.ok):
            return
        goes_on = self.town.world.now() + SKEW_S < datetime.fromisoformat(before.result["resetsAt"]).timestamp()
        if goes_on and after.result["remaining"] > before.result["remaining"]:
            self._wrong(f"11. One person, one welcome bonus: {self.uid} has songs again: {after.result}")
