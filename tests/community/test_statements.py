"""What people are told of moderation, word for word where it depends on what was decided."""

from __future__ import annotations

import re

import pytest

from studiox.community import statements
from studiox.models.moderation import Action, DecidedBy, Decision, Subject
from tests.support.people import NOW

POST, COMMENT = Subject("p1"), Subject("p1", "c1")
LOOKED = "نظر فيه أحد المشرفين من جديد."


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
    lines = statements.of_decision(subject, text, decision("removed")).en.splitlines()
    assert lines[:2] == [
        f"We have removed {about}. A moderator decided this.",
        "Reason: spam. Our rule: No spam, scams or repeated advertising.",
    ]
    assert "you can appeal once" in lines[2]


def test_a_decision_of_reports_is_for_a_moderator_to_confirm() -> None:
    told = statements.of_decision(POST, "A fox", decision(by="reports")).en
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
        return statements.of_restore(POST, "A fox", appealed=appealed, published=published, suspended=suspended).en

    assert told(appealed=True) == f"We have accepted your appeal. Your post “A fox” {then}."
    assert told(appealed=False) == f"A moderator has looked at it again. Your post “A fox” {then}."


def test_an_appeal_that_is_lost_is_answered_with_the_rule() -> None:
    assert statements.of_upheld_appeal(COMMENT, "A fox", "hate").en == (
        "A moderator has read your appeal about your comment “A fox”. Our decision stands.\n"
        "Reason: hate. Our rule: No attacks on people for what they are."
    )


@pytest.mark.parametrize(("subject", "noun"), [(POST, "post"), (COMMENT, "comment")])
def test_whoever_reported_is_told_what_came_of_it(subject: Subject, noun: str) -> None:
    thanks = "Thank you for your report."
    upheld = f"{thanks} The {noun} was against our rules, and we have taken it down."
    overruled = f"{thanks} We have looked at the {noun}: it is not against our rules, and stays."
    assert [statements.of_report(subject, upheld=each).en for each in (True, False)] == [upheld, overruled]


def test_a_suspension_tells_the_administrators_reason() -> None:
    assert statements.of_suspension("Spam, again.").en.splitlines()[1] == "Reason: Spam, again."


def test_an_author_is_told_who_sees_a_rated_post() -> None:
    assert statements.of_rating(POST, "A fox", "mature").en.startswith(
        "A moderator has rated your post “A fox” as mature: people who asked for such posts see it."
    )
    assert "as general: everybody sees it." in statements.of_rating(POST, "A fox", "general").en


def test_each_statement_says_the_same_in_arabic() -> None:
    """The caption, the rule and the administrator's reason are in both; no English is left but the ids and names."""
    spam = statements.RULES["spam"].ar
    for hidden in (decision("hidden"), decision("removed"), decision(by="reports")):
        told = statements.of_decision(POST, "ثعلب", hidden).ar
        assert "منشورك «ثعلب»" in told
        assert spam in told
        assert not re.search("[A-Za-z]", told.replace("StudioX", ""))
    assert "تعليقك «ثعلب»" in statements.of_upheld_appeal(COMMENT, "ثعلب", "spam").ar
    assert statements.of_decision(POST, "", decision("hidden")).ar.startswith("أخفينا منشورك p1. قرر")
    assert statements.of_decision(POST, "", decision("removed")).ar.startswith("أزلنا منشورك p1. قرر")
    assert "أبلغ عنه" in statements.of_decision(POST, "", decision(by="reports")).ar
    assert statements.of_suspension("سبب ما").ar.splitlines()[1] == "السبب: سبب ما"
    for subject, noun in ((POST, "المنشور"), (COMMENT, "التعليق")):
        upheld, overruled = (statements.of_report(subject, upheld=each).ar for each in (True, False))
        assert noun in upheld
        assert noun in overruled
        assert upheld != overruled
    assert statements.of_rating(POST, "ثعلب", "mature").ar != statements.of_rating(POST, "ثعلب", "general").ar


@pytest.mark.parametrize(
    ("appealed", "published", "suspended", "words"),
    [
        (True, True, False, "قبلنا اعتراضك. منشورك «ثعلب» عاد ظاهرًا."),
        (
            False,
            True,
            True,
            f"{LOOKED} منشورك «ثعلب» غير مخالف لقواعدنا، وسيعود عند انتهاء إيقاف حسابك.",
        ),
        (
            False,
            False,
            True,
            f"{LOOKED} منشورك «ثعلب» لم يكن مخالفًا لقواعدنا، ويمكنك نشره من جديد.",
        ),
    ],
)
def test_a_restore_in_arabic(appealed: bool, published: bool, suspended: bool, words: str) -> None:
    told = statements.of_restore(POST, "ثعلب", appealed=appealed, published=published, suspended=suspended)
    assert told.ar == words
