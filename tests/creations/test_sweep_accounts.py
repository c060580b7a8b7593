"""sweepMedia, about accounts: whose sign-in is gone is closed as by deleteAccount, once Auth says so for sure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import main
from studiox.account_data import abandoned_accounts, nightly_sweep
from studiox.fan_out import service as fan_out
from studiox.kit import clock as house_clock
from studiox.models.users import pseudonym
from tests.account_data.conftest import TRIGGER
from tests.auth.identity import Accounts
from tests.conftest import Logged
from tests.media.servers import Gcs
from tests.support import Database, before_create, call, crowd, id_token, schedule
from tests.support.clock import Clock
from tests.support.people import user_data
from tests.support.queue import Queue

SWEEP: Any = main.sweepMedia
RESET: Any = main.resetMonthlyTokens
ADDRESS = "ada@canary.test"


class Night:
    """Nights of one deployment."""

    def __init__(self, database: Database, auth: Accounts, clock: Clock, queue: Queue) -> None:
        self.database, self.auth, self.clock, self.queue = database, auth, clock, queue

    def sign_up(self, uid: str, email: str = ADDRESS, *, fails: bool = False) -> None:
        """`fails`: after the trigger, so that Auth keeps nothing."""
        assert before_create(TRIGGER, uid, email=email).ok
        if not fails:
            self.auth.users.add(uid)

    def passes(self, hours: float = 25, status: int = 200) -> set[str]:
        """The schedule runs, then the queue; the accounts that are left."""
        self.clock.ahead += timedelta(hours=hours)
        assert schedule(SWEEP).status == status
        self.queue.run({"cleanUp": main.cleanUp, "workShard": main.workShard})
        return set(self.database.under("users"))

    def closed(self, uid: str) -> Any:
        return self.database.get(f"closedAccounts/{pseudonym(uid)}")


@pytest.fixture
def night(database: Database, auth: Accounts, clock: Clock, queue: Queue, gcs: Gcs) -> Night:
    assert gcs.port
    return Night(database, auth, clock, queue)


def test_who_deleted_their_sign_in_past_us_is_closed(night: Night) -> None:
    night.sign_up("gone")
    night.sign_up("here", "bob@canary.test")
    assert call(main.useTokens, {"feature": "hd_download", "requestId": "request-000000001"}, uid="gone").ok
    night.auth.users.discard("gone")
    assert night.passes() == {"here"}
    closed = night.closed("gone")
    assert closed["state"] == "closed"
    assert night.database.under(f"closedAccounts/{pseudonym('gone')}/ledger")
    assert not [path for path in night.database.all() if "gone" in path]
    [entry] = [each for each in night.database.under("auditLogs").values() if each["action"] == "sweepMedia"]
    assert (entry["actor"], entry["target"]) == ("system", f"closedAccounts/{pseudonym('gone')}")
    assert night.passes() == {"here"}


def test_nobody_is_closed_within_a_day(night: Night) -> None:
    night.sign_up("fresh", fails=True)
    assert night.passes(hours=23) == {"fresh"}
    assert night.passes(hours=2) == set()


def test_an_outage_of_auth_is_not_an_absent_user(night: Night, logged: Logged) -> None:
    night.sign_up("gone", fails=True)
    night.auth.down = True
    assert night.passes(status=503) == {"gone"}
    assert logged.lines("schedule_interrupted")
    assert not logged.lines("bug")
    night.auth.down = False
    assert night.passes() == set()


def test_an_auth_that_knows_nobody_is_not_believed(night: Night, logged: Logged) -> None:
    """The documents of one project beside the users of another: that is for a person to look at."""
    now = house_clock.now()
    everybody = {f"u{number:02d}" for number in range(abandoned_accounts.IMPLAUSIBLE)}
    for uid in everybody:
        night.database.put(f"users/{uid}", user_data(None, now))
    assert night.passes() == everybody
    [line] = logged.lines("auth_knows_nobody")
    assert line["severity"] == "ALERT"
    night.auth.users.add("u00")
    assert night.passes() == {"u00"}


def test_it_goes_on_where_it_stopped_and_two_at_once_are_one(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abandoned_accounts, "PAGE", 2)
    monkeypatch.setattr(fan_out, "RUN_S", -1.0)
    for number in range(5):
        night.sign_up(f"u{number}", f"u{number}@canary.test", fails=number != 2)
    night.clock.ahead += timedelta(hours=25)
    assert schedule(SWEEP).status == 200
    closing = [each for each in night.database.under("users").values() if each.get("closing")]
    assert len(closing) <= 2, "the rest is for the tasks"
    assert night.passes(hours=0) == {"u2"}
    monkeypatch.setattr(fan_out, "RUN_S", 1_500.0)
    night.sign_up("twice", "twice@canary.test", fails=True)
    night.clock.ahead += timedelta(hours=25)
    crowd(4, lambda _: nightly_sweep.sweep())
    night.queue.run({"cleanUp": main.cleanUp})
    assert night.closed("twice")["state"] == "closed"
    entries = [each for each in night.database.under("auditLogs").values() if each["action"] == "sweepMedia"]
    assert len([each for each in entries if each["target"].endswith(pseudonym("twice"))]) == 1


def test_a_failed_sign_up_leaves_the_person_their_welcome(night: Night) -> None:
    """A2: nothing was ever done with it."""
    night.sign_up("failed", fails=True)
    assert night.passes() == set()
    night.sign_up("again")
    assert night.database.need("users/again")["balance"] == 200


@pytest.mark.parametrize("leaves", ["deleteAccount", "by the SDK"])
def test_a5_who_leaves_and_returns_has_their_month_once(
    night: Night, invariants: Callable[[str], None], leaves: str
) -> None:
    """Neither the welcome nor the free songs again, nor a month's tokens before the old month is over."""
    night.sign_up("first")
    month = night.database.need("users/first")["creditResetAt"]
    for _ in range(3):
        assert call(main.checkGenerationAllowance, {"consume": True}, uid="first", email=ADDRESS).result["allowed"]
    night.clock.ahead += timedelta(days=10)
    if leaves == "deleteAccount":
        signed_in = id_token("first", email=ADDRESS, auth_time=int(night.clock.now().timestamp()))
        assert call(main.deleteAccount, {"confirm": ADDRESS}, token=signed_in).ok
    else:
        night.auth.users.discard("first")
        assert night.passes() == set()
    night.sign_up("second")
    user = night.database.need("users/second")
    assert (user["balance"], user["creditResetAt"], user["welcome"]) == (0, month, "refused")
    asked = call(main.checkGenerationAllowance, {}, uid="second", email=ADDRESS).result
    assert (asked["allowed"], asked["remaining"]) == (False, 0)
    night.clock.ahead += timedelta(days=22)
    assert schedule(RESET).status == 200
    user = night.database.need("users/second")
    assert user["balance"] == 50
    assert user["creditResetAt"] > month
    assert call(main.checkGenerationAllowance, {}, uid="second", email=ADDRESS).result["remaining"] == 3
    invariants("second")
