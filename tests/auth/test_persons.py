"""One bonus for one person, however many accounts, and whichever of them came to be (faults A2, A4, A5)."""

from __future__ import annotations

import itertools

import firebase_admin
import pytest

from studiox.kit import firestore
from tests.auth.identity import Accounts
from tests.auth.people import ADDRESS, TRIGGER, balance, ledger, order, sign_up
from tests.support import Database, Rpcs, before_create, crowd
from tests.support.invariants import check_all


@pytest.mark.parametrize(
    "spellings",
    [
        ("ada@gmail.com", "a.d.a@gmail.com", "ADA@gmail.com", "ada+x@gmail.com", "ada@googlemail.com"),
        ("ada@canary.test", "Ada@Canary.Test"),
        ("ada@outlook.com", "ada+1@outlook.com"),
    ],
)
def test_a4_one_person_gets_one_bonus(database: Database, auth: Accounts, spellings: tuple[str, ...]) -> None:
    for number, spelling in enumerate(spellings):
        auth.users.add(f"u{number}")
        sign_up(f"u{number}", email=spelling)
    check_all(database)
    assert [database.need(f"users/u{number}")["balance"] for number in range(len(spellings))] == [
        200,
        *[0] * (len(spellings) - 1),
    ]


def test_a4_many_accounts_of_one_person_at_once(database: Database, auth: Accounts) -> None:
    auth.users.update(f"u{number}" for number in range(16))
    answers = crowd(16, lambda number: sign_up(f"u{number}", email=f"ada+{number}@gmail.com"))
    assert all(answer.ok for answer in answers), answers
    check_all(database)
    assert sum(user["balance"] for user in database.under("users").values()) == 200


def test_two_people_get_a_bonus_each(database: Database, auth: Accounts) -> None:
    auth.users.update({"u1", "u2"})
    sign_up("u1", email="a.da@canary.test")
    sign_up("u2", email="ada@canary.test")
    assert [balance("u1"), balance("u2")] == [200, 200]
    assert auth.asked == 0
    check_all(database)


def test_a5_the_bonus_is_not_given_again_after_the_account_was_deleted(database: Database, auth: Accounts) -> None:
    sign_up("u1")
    for path in list(database.all()):
        if path.startswith("users/"):
            database.delete(path)
    auth.users.add("u2")
    sign_up("u2")
    assert balance("u2") == 0
    assert database.need("users/u2")["welcome"] == "refused"


# A2: the sign-up failed after the trigger.


def test_a2_the_bonus_moves_to_the_account_that_came_to_be(database: Database, auth: Accounts) -> None:
    sign_up("u1")
    sign_up("u2")
    auth.users.add("u2")
    check_all(database)
    assert ledger(database, "u1") == {"welcome:u1": 200, "clawback:welcome:1": -200}
    assert ledger(database, "u2") == {"welcome:u2": 200}
    before = database.hash("rateLimits")
    sign_up("u2")
    assert balance("u2") == 200
    assert database.hash("rateLimits") == before


def _histories(*lives: tuple[str, ...]) -> list[list[tuple[str, str]]]:
    """Every order of these accounts' events that keeps each account's own order."""
    names = [name for name, *events in lives for _ in events]
    histories = []
    for order_ in sorted(set(itertools.permutations(names))):
        left = {name: list(events) for name, *events in lives}
        histories.append([(name, left[name].pop(0)) for name in order_])
    return histories


def _live(auth: Accounts, history: list[tuple[str, str]]) -> None:
    for name, event in history:
        match event:
            case "trigger":
                sign_up(name)
            case "exists":
                auth.users.add(name)
            case "calls":
                balance(name)


WHOLE = ("trigger", "exists", "calls")


@pytest.mark.parametrize("history", _histories(("u1", *WHOLE), ("u2", *WHOLE)), ids=str)
def test_a2_in_each_order_two_accounts_of_a_person_have_one_bonus(
    database: Database, auth: Accounts, history: list[tuple[str, str]]
) -> None:
    """The old account may come to be after all: whoever got the bonus, nobody got another."""
    _live(auth, history)
    check_all(database)
    assert sorted([balance("u1"), balance("u2")]) == [0, 200]
    check_all(database)
    assert {user["welcome"] for user in database.under("users").values()} == {"granted", "refused"}


@pytest.mark.parametrize("history", _histories(("u1", "trigger"), ("u2", "trigger"), ("u3", *WHOLE)), ids=str)
def test_a2_failed_sign_ups_keep_nothing(database: Database, auth: Accounts, history: list[tuple[str, str]]) -> None:
    _live(auth, history)
    check_all(database)
    if history[-1][0] == "u3":
        assert [database.need(f"users/u{number}")["balance"] for number in (1, 2, 3)] == [0, 0, 200]
    assert sum(user["balance"] for user in database.under("users").values()) == 200


def test_a2_the_old_account_gets_it_back_when_the_new_one_failed_too(database: Database, auth: Accounts) -> None:
    sign_up("u1")
    sign_up("u2")
    auth.users.add("u1")
    assert balance("u1") == 200
    check_all(database)
    assert ledger(database, "u1") == {"welcome:u1": 200, "clawback:welcome:1": -200, "restore:welcome:2": 200}
    assert ledger(database, "u2") == {"welcome:u2": 200, "clawback:welcome:1": -200}


def test_a2_whoever_moved_a_token_came_to_be(database: Database, auth: Accounts) -> None:
    """Auth need not even be asked: nobody but a living account can have spent."""
    sign_up("u1")
    assert order("u1").ok
    sign_up("u2")
    assert balance("u2") == 0
    assert database.need("users/u1")["balance"] == 197
    assert auth.asked == 0


def test_a2_spending_while_the_bonus_is_being_moved(database: Database, auth: Accounts, rpcs: Rpcs) -> None:
    """The old account's first order gets in between: it keeps the bonus that it spends."""
    assert auth.users == set()
    sign_up("u1")
    rpcs.before("Commit", lambda: order("u1"))
    sign_up("u2")
    check_all(database)
    assert [database.need(f"users/{uid}")["balance"] for uid in ("u1", "u2")] == [197, 0]


@pytest.mark.parametrize("how", ["down", "stuck"])
def test_a2_auth_does_not_answer(database: Database, auth: Accounts, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Neither granted nor refused while nobody knows; the next try decides. Nobody waits for ever."""
    monkeypatch.setattr("studiox.kit.firestore.ADMIN_TIMEOUT_S", 0.2)
    firebase_admin.delete_app(firestore.app())
    firestore.app()  # made anew with it, before the SDK makes one of its own
    sign_up("u1")
    before = database.hash()
    setattr(auth, how, True)
    answer = before_create(TRIGGER, "u2", email=ADDRESS)
    assert (answer.code, answer.reason) == ("unavailable", "Unavailable")
    assert database.hash() == before
    setattr(auth, how, False)
    sign_up("u2")
    assert database.need("users/u2")["balance"] == 200


def test_a2_the_taken_bonus_is_due_at_an_order_too(database: Database, auth: Accounts) -> None:
    """The first call of the old account may be an order: it is refused for the balance that it really has."""
    sign_up("u1")
    sign_up("u2")
    auth.users.update({"u1", "u2"})
    assert order("u1").reason == "InsufficientTokens"
    assert database.need("users/u1")["welcome"] == "refused"
    check_all(database)


def test_who_verifies_first_gets_the_persons_bonus(
    database: Database, auth: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    auth.users.update({"u1", "u2"})
    sign_up("u1")
    sign_up("u2")
    assert balance("u2", verified=True) == 200
    assert balance("u1", verified=True) == 0
    check_all(database)
