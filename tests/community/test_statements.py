"""What people are told of moderation, word for word where it depends on what was decided."""

from __future__ import annotations

import pytest

from studiox.community import statements
from studiox.models.moderation import Action, DecidedBy, Decision, Subject
from tests.support.people import NOW

POST, COMMENT = Subject("p1"), Subject("p1", "c1")


def decision(action: Action = "hidden", by: DecidedBy = "admin") -> Decision:
    return Decision(id="d1", action=action, by=by, reason="spam", at=NOW)


@pytest.mark.parametrize(
    ("subject", "text", "about"),
    [
        (POST, " A\n fox ", "your post “A fox”"),
        (COMMENT, "A fox", "your comment “A fox”"),
        (POST, " \n ", "your post p1"),
        (POST, "x" * 80, f"your post “{'x' * 80}”"),
        (POST, "x" * 81, f"your post “{'x' * 79}…”"),
        (POST, f"{'x' * 79} y", f"your post “{'x' * 79}…”"),
    ],
)
def test_a_decision_tells_what_why_and_how_to_appeal(subject: Subject, text: str, about: str) -> None:
    lines = statements.of_decision(subject, text, decision("removed")).splitlines()
    assert lines[:2] == [
        f"We have removed {about}. A moderator decided this.",
        "Reason: spam. Our rule: No spam, scams or repeated advertising.",
    ]
    assert "you can appeal once" in lines[2]


def test_a_decision_of_reports_is_for_a_moderator_to_confirm() -> None:
    told = statements.of_decision(POST, "A fox", decision(by="reports"))
    assert told.startswith("We have hidden your post “A fox”. Several people reported it, and it stays hidden until")


@pytest.mark.parametrize(
    ("published", "suspended", "then"),
    [
        (True, False, "is visible again"),
        (True, True, "is not against our rules: it comes back when your suspension ends"),
        (False, False, "was not against our rules: you can publish it again"),
        (False, True, "was not against our rules: you can publish it again"),
    ],
)
def test_a_restore_tells_what_happens_next(published: bool, suspended: bool, then: str) -> None:
    def told(*, appealed: bool) -> str:
        return statements.of_restore(POST, "A fox", appealed=appealed, published=published, suspended=suspended)

    assert told(appealed=True) == f"We have accepted your appeal. Your post “A fox” {then}."
    assert told(appealed=False) == f"A moderator has looked at it again. Your post “A fox” {then}."


def test_an_appeal_that_is_lost_is_answered_with_the_rule() -> None:
    assert statements.of_upheld_appeal(COMMENT, "A fox", "hate") == (
        "A moderator has read your appeal about your comment “A fox”. Our decision stands.\n"
        "Reason: hate. Our rule: No attacks on people for what they are."
    )


@pytest.mark.parametrize(("subject", "noun"), [(POST, "post"), (COMMENT, "comment")])
def test_whoever_reported_is_told_what_came_of_it(subject: Subject, noun: str) -> None:
    thanks = "Thank you for your report."
    upheld = f"{thanks} The {noun} was against our rules, and we have taken it down."
    overruled = f"{thanks} We have looked at the {noun}: it is not against our rules, and stays."
    assert [statements.of_report(subject, upheld=each) for each in (True, False)] == [upheld, overruled]


def test_a_suspension_tells_the_administrators_reason() -> None:
    assert statements.of_suspension("Spam, again.").splitlines()[1] == "Reason: Spam, again."


def test_an_author_is_told_who_sees_a_rated_post() -> None:
    assert statements.of_rating(POST, "A fox", "mature").startswith(
        "A moderator has rated your post “A fox” as mature: people who asked for such posts see it."
    )
    assert "as general: everybody sees it." in statements.of_rating(POST, "A fox", "general")
