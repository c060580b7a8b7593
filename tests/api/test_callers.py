"""Who may call, by the caller's type: every function that is deployed meets everybody who may not (A6, A9, A12)."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

import main
from local.generate.api import contract, examples
from studiox.api import callables, callers, http_functions
from studiox.api.callers import Anyone, Reader, User
from studiox.kit import clock, process, rate_limits
from studiox.kit.documents import Path, Stored, encode
from studiox.kit.rate_limits import Limit
from studiox.kit.transaction import Reads, transact
from studiox.models.posts import Comment
from tests.auth.identity import Accounts
from tests.media.servers import Gcs
from tests.support import Answer, Database, Rpcs, before_create, call, http, id_token
from tests.support.posts import post

TRIGGER: Any = main.onUserCreated
CONTRACTS = {
    name: each
    for name, each in {
        **callables.CONTRACTS,
        **{name: each for name, (_, each) in http_functions.ROUTES.items()},
    }.items()
    if name in main.__all__
}
WRITING = sorted(name for name, each in CONTRACTS.items() if each.caller.writes)
READING = sorted(set(CONTRACTS) - set(WRITING))
# What nobody is kept from by a suspension.
OPEN = {"exportAccount", "cancelSubscription", "createPortalSession", "deleteAccount"}
AGO = 3600
"""So long ago did the callers sign in whose sessions end."""


def request_of(name: str) -> dict[str, Any]:
    """A request that the function takes, as the reference shows it; what it names is not there."""
    api = contract.load()
    [operation] = [each for each in api.operations if each.name == name]
    text = json.dumps(examples.of(api, operation))
    text = text.replace("{{$randomUUID}}", uuid.uuid4().hex)
    filled: dict[str, Any] = json.loads(re.sub(r"\{\{\w+\}\}", "sample-0123456789", text))
    return filled


def ask(name: str, token: str, request: dict[str, Any] | None = None) -> tuple[str | None, bool]:
    """The refusal's reason, and whether the call succeeded: of a callable or of an HTTP function."""
    function = getattr(main, name)
    given = request_of(name) if request is None else request
    if name not in http_functions.ROUTES:
        answer: Answer = call(function, given, token=token)
        return answer.reason, answer.ok
    method = http_functions.ROUTES[name][0]
    sent: dict[str, Any] = {"body": given} if method == "POST" else {"query": given}
    reply = http(function, method, headers={"Authorization": f"Bearer {token}"}, **sent)
    return reply.json.get("reason"), reply.status == 200


def token_of(name: str, *, uid: str = "u1", ago: int = 0, admin: bool | None = None) -> str:
    began = int(time.time()) - ago
    is_admin = CONTRACTS[name].caller is callers.Admin if admin is None else admin
    return id_token(uid, admin=is_admin, auth_time=began, iat=began)


@pytest.fixture(autouse=True)
def _account(gcs: Gcs, auth: Accounts) -> None:
    assert gcs.port
    auth.users.add("u1")
    assert before_create(TRIGGER, "u1").ok


def suspend(database: Database, _auth: Accounts) -> None:
    database.change("users/u1", suspended=True)


def revoke(_database: Database, auth: Accounts) -> None:
    assert call(main.revokeSessions, token=id_token("u1", auth_time=int(time.time()) - AGO)).ok
    auth.valid_since.clear()  # what we hold of it is enough


def delete(_database: Database, _auth: Accounts) -> None:
    assert call(main.deleteAccount, {"confirm": "u1@canary.test"}, uid="u1").ok


def begin_to_delete(database: Database, _auth: Accounts) -> None:
    database.change("users/u1", suspended=True, closing=True)


def demote(_database: Database, auth: Accounts) -> None:
    auth.demoted.add("u1")


def expected(name: str, state: str) -> str:
    is_admin = CONTRACTS[name].caller is callers.Admin
    match state:
        case "suspended":
            return "Forbidden" if is_admin else "AccountSuspended"
        case "demoted":
            return "Forbidden"
    return "Unauthenticated"


STATES: dict[str, Callable[[Database, Accounts], None]] = {
    "suspended": suspend,
    "revoked": revoke,
    "deleted": delete,
    "closing": begin_to_delete,
    "demoted": demote,
}


def forbidden(name: str, state: str) -> bool:
    """Whether this caller is to be refused."""
    if state == "demoted":
        return CONTRACTS[name].caller is callers.Admin
    if state == "suspended":
        return name not in OPEN
    # The deletion may be repeated: a first call may have lost its answer.
    return not (name == "deleteAccount" and state in ("deleted", "closing"))


@pytest.mark.parametrize("state", STATES)
def test_every_function_that_changes_something_refuses(state: str, database: Database, auth: Accounts) -> None:
    """With a request that it would take, and with one that is nonsense: who may not call learns nothing else."""
    old = {name: token_of(name, ago=AGO) for name in WRITING}
    STATES[state](database, auth)
    before = database.hash("rateLimits")
    wrong = {}
    for name in WRITING:
        if not forbidden(name, state):
            continue
        for request in (request_of(name), {}, {"unknown": 1}):
            reason, _ = ask(name, old[name], request)
            if reason != expected(name, state):
                wrong[name] = reason
    assert not wrong
    assert database.hash("rateLimits") == before, "and nothing is changed by it"


def test_every_function_but_public_ones_refuses_whoever_is_not_signed_in() -> None:
    found = [name for name, each in CONTRACTS.items() if issubclass(each.caller, Reader)]
    assert {"createStudioJob", "getProfile", "exportAccount"} <= set(found)
    for name in found:
        assert ask(name, "not-a-token")[0] == "Unauthenticated", name


def test_every_function_for_verified_users_refuses_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    found = [name for name, each in CONTRACTS.items() if issubclass(each.caller, callers.VerifiedUser)]
    assert {"createStudioJob", "createCheckoutSession", "publishPost"} <= set(found)
    for name in found:
        assert ask(name, id_token("u1", verified=False))[0] == "EmailNotVerified", name


@pytest.mark.parametrize("name", READING)
def test_a_read_is_for_everybody_and_changes_nothing(name: str, database: Database, auth: Accounts) -> None:
    """Were it to change something, it would need another caller's type: suspended and signed out, it is answered."""
    token = token_of(name, ago=AGO)
    revoke(database, auth)
    suspend(database, auth)
    before = database.hash("rateLimits")
    reason, ok = ask(name, token)
    assert ok or reason in ("NotFound", "InvalidRequest"), reason
    assert database.hash("rateLimits") == before


def test_a_suspended_user_may_leave(database: Database) -> None:
    database.change("users/u1", suspended=True)
    assert {name for name, each in CONTRACTS.items() if getattr(each.caller, "may_be_suspended", False)} == OPEN
    assert ask("cancelSubscription", token_of("cancelSubscription"))[0] == "NoSubscription"
    assert ask("createPortalSession", token_of("createPortalSession"))[0] == "PaymentsUnavailable"  # Stripe was asked
    assert ask("exportAccount", token_of("exportAccount"))[0] in (None, "Unavailable")
    assert call(main.deleteAccount, {"confirm": "u1@canary.test"}, uid="u1").ok


def test_a_suspended_administrator_cannot_help_himself(database: Database) -> None:
    token = token_of("suspendUser")
    database.change("users/u1", suspended=True)
    for name, request in (
        ("suspendUser", {"uid": "u1", "suspended": False, "reason": "it was me"}),
        ("addTokens", {"uid": "u1", "amount": 5, "reason": "mine", "requestId": uuid.uuid4().hex}),
    ):
        assert ask(name, token, request)[0] == "Forbidden"
    assert database.need("users/u1")["suspended"] is True
    assert database.need("users/u1")["balance"] == 200


@pytest.mark.parametrize("state", ["gone", "disabled", "revoked"])
@pytest.mark.parametrize("name", [name for name in WRITING if getattr(CONTRACTS[name].caller, "asks_auth", False)])
def test_money_exports_and_administration_ask_auth(name: str, state: str, auth: Accounts) -> None:
    """Past our own functions: in the console, by the Admin SDK, by the client's own SDK."""
    token = token_of(name, ago=5)
    if state == "revoked":
        auth.valid_since["u1"] = int(time.time()) - 2
    else:
        getattr(auth, state).add("u1")
    assert ask(name, token)[0] == "Unauthenticated"


@pytest.mark.parametrize("name", [name for name in WRITING if getattr(CONTRACTS[name].caller, "asks_auth", False)])
def test_nobody_passes_while_auth_cannot_tell(name: str, auth: Accounts) -> None:
    auth.down = True
    assert ask(name, token_of(name))[0] == "Unavailable"


def test_a_demoted_administrator_deletes_nothing_of_others(database: Database, auth: Accounts) -> None:
    """`deletePost` and `deleteComment` are everybody's, and an administrator's for what is not theirs."""
    database.put("posts/p1", post("p1", comment_count=1))
    comment = Comment(comment_id="c1", uid="author", author_name="Author", text="x", created_at=clock.now())
    database.put("posts/p1/comments/c1", said := encode(comment))
    token = token_of("deletePost", admin=True)
    auth.demoted.add("u1")
    assert ask("deletePost", token, {"postId": "p1"})[0] == "Forbidden"
    assert ask("deleteComment", token, {"postId": "p1", "commentId": "c1"})[0] == "Forbidden"
    assert database.get("posts/p1/comments/c1") == said


@pytest.mark.parametrize(("ago", "reason"), [(590, "InvalidRequest"), (660, "RecentSignInRequired")])
def test_deleting_wants_a_recent_sign_in(ago: int, reason: str) -> None:
    refused = call(main.deleteAccount, {"confirm": "else@canary.test"}, token=token_of("deleteAccount", ago=ago))
    assert refused.reason == reason
    if reason == "RecentSignInRequired":
        assert (refused.code, refused.details["maxAgeSeconds"]) == ("failed-precondition", 600)


def test_a_sign_in_of_the_same_second_is_ended_and_one_after_the_answer_counts(database: Database) -> None:
    """Tokens tell the second of their sign-in: what was signed in just before is over, what comes after works."""
    before = id_token("u1")
    answer = call(main.revokeSessions, token=before)
    assert answer.ok
    again = call(main.updateProfile, {"displayName": "Ada"}, token=before)
    assert again.reason == "Unauthenticated"
    assert call(main.revokeSessions, token=before).reason == "Unauthenticated"
    assert call(main.updateProfile, {"displayName": "Ada"}, uid="u1").ok, "signed in anew, at once"
    assert database.need("users/u1")["displayName"] == "Ada"


def test_a_function_that_commits_is_not_for_readers() -> None:
    for caller in (Anyone, Reader):
        with pytest.raises(TypeError, match="change nothing"):
            callables.Contract(
                "tryIt", caller, callables.Nothing, callables.Response, Limit(1, per=60, in_commit=True), (), ()
            )


def test_a_commit_without_a_check_is_a_bug(logged: Any) -> None:
    contracts = dict(callables.CONTRACTS)

    @callables.endpoint(limit=Limit(5, per=60, in_commit=True))
    def tryForgetful(_caller: User, _request: callables.Nothing) -> callables.Response:
        """It commits, and does not ask."""
        return callables.Response()

    callables.CONTRACTS.clear()
    callables.CONTRACTS.update(contracts)
    assert call(tryForgetful, uid="u1").code == "internal"
    assert "caller.commit" in logged.lines("bug")[0]["stack_trace"]


class Sample(Stored, frozen=True, kw_only=True):
    n: int


SAMPLE = Path("posts/p1", Sample)


@pytest.mark.malformed("documents of no struct in models/")
def test_two_commits_of_one_call_are_checked_twice_and_charged_once(database: Database) -> None:
    contracts = dict(callables.CONTRACTS)

    @callables.endpoint(limit=Limit(5, per=60, in_commit=True))
    def tryTwice(caller: User, _request: callables.Nothing) -> callables.Response:
        """Two commits; in the first call, the caller is suspended between them."""
        caller.commit("posts/p1", lambda docs: docs.put(SAMPLE, Sample(n=1)), target="posts/p1")
        database.change("users/u1", suspended=suspends)
        caller.commit("posts/p1", lambda docs: docs.put(SAMPLE, Sample(n=2)), target="posts/p1")
        return callables.Response()

    callables.CONTRACTS.clear()
    callables.CONTRACTS.update(contracts)
    suspends = True
    assert call(tryTwice, uid="u1").reason == "AccountSuspended"
    assert database.need("posts/p1") == {"n": 1}
    suspends = False
    database.change("users/u1", suspended=False)
    assert call(tryTwice, uid="u1").ok
    assert database.need("posts/p1") == {"n": 2}
    [window] = database.under("rateLimits").values()
    assert window["count"] == 2
    entries = [each for each in database.under("auditLogs").values() if each["action"] == "tryTwice"]
    assert [(each["actor"], each["target"]) for each in entries] == [("u1", "posts/p1")] * 2


@pytest.mark.malformed("documents of no struct in models/")
def test_a_caller_is_admitted_before_a_vendor_is_asked_and_a_deletion_since_is_noticed(database: Database) -> None:
    """A suspension since applies to the next call; the closed counter of a deleted account makes the commit fail."""
    contracts = dict(callables.CONTRACTS)

    @callables.endpoint(limit=Limit(5, per=60, in_commit=True))
    def tryVendor(caller: User, _request: callables.Nothing) -> callables.Response:
        """Something happens to the account while the vendor answers."""
        caller.admit_beforehand()
        happens(caller)
        caller.commit("posts/p1", lambda docs: docs.put(SAMPLE, Sample(n=1)), target="posts/p1")
        return callables.Response()

    def delete_now(caller: User) -> None:
        assert caller.rate_limit is not None
        closing = caller.rate_limit
        transact("closing", lambda docs: rate_limits.close(docs, [closing], clock.now()))

    callables.CONTRACTS.clear()
    callables.CONTRACTS.update(contracts)
    happens: Callable[[User], object] = delete_now
    assert call(tryVendor, uid="u1").reason == "Unauthenticated"
    assert database.get("posts/p1") is None
    for path in database.under("rateLimits"):
        database.delete(f"rateLimits/{path}")
    process.restart()

    def suspend_now(_caller: User) -> None:
        database.change("users/u1", suspended=True)

    happens = suspend_now
    assert call(tryVendor, uid="u1").ok
    assert call(tryVendor, uid="u1").reason == "AccountSuspended"


@pytest.mark.malformed("documents of no struct in models/")
def test_a_commit_whose_answer_was_lost_is_charged_once(database: Database, rpcs: Rpcs) -> None:
    """It has taken the window's last call. It must not be refused for that."""
    contracts = dict(callables.CONTRACTS)

    @callables.endpoint(limit=Limit(1, per=60, in_commit=True))
    def tryLost(caller: User, _request: callables.Nothing) -> callables.Response:
        """The first commit is applied, and its answer is lost."""
        rpcs.fail_after_apply("Commit")
        caller.commit("posts/p1", lambda docs: docs.put(SAMPLE, Sample(n=1)), target="posts/p1")
        return callables.Response()

    callables.CONTRACTS.clear()
    callables.CONTRACTS.update(contracts)
    answer = call(tryLost, uid="u1")
    assert answer.ok, answer.reason
    [window] = database.under("rateLimits").values()
    assert window["count"] == 1
    assert call(tryLost, uid="u1").reason == "RateLimited"


@pytest.mark.malformed("documents of no struct in models/")
@pytest.mark.parametrize(("field", "charged"), [("created_once", []), ("assumed_absent", [1])])
def test_a_call_is_a_replay_if_its_key_exists_and_not_if_it_assumed_too_much(
    field: str, charged: list[int], database: Database
) -> None:
    contracts = dict(callables.CONTRACTS)
    database.put("posts/p2", {"n": 1})

    @callables.endpoint(limit=Limit(60, per=60, in_commit=True))
    def tryAgain(caller: User, _request: callables.Nothing) -> callables.Response:
        """It changes nothing if the document exists."""
        reads = Reads(**{field: ["posts/p2"]})  # type: ignore[arg-type]
        assert caller.commit("posts/p1", lambda docs: docs.exists("posts/p2"), reads, target="posts/p1")
        return callables.Response()

    callables.CONTRACTS.clear()
    callables.CONTRACTS.update(contracts)
    assert call(tryAgain, uid="u1").ok
    assert [each["count"] for each in database.under("rateLimits").values()] == charged
