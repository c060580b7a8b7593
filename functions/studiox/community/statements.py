"""What people are told of moderation: what was decided, for which reason, by which rule, how to appeal. Pure."""

from __future__ import annotations

from studiox.kit.texts import shortened
from studiox.models.moderation import DecidedBy, Decision, ReportReason, Subject
from studiox.models.ratings import Rating

RULES: dict[ReportReason, str] = {
    "spam": "No spam, scams or repeated advertising.",
    "sexual": "No sexual content.",
    "violence": "No threats, and nothing that praises violence or shows it in detail.",
    "hate": "No attacks on people for what they are.",
    "copyright": "Publish only what you have the right to publish.",
    "other": "Obey the law, and treat others with respect.",
}
"""The community's rules, by the reason of a report."""
SHOWN = 80
"""Characters of a caption or comment that tell its author which one is meant."""


def _about(subject: Subject, text: str) -> str:
    """Which post or comment: its first words, or the post's id."""
    noun = "post" if subject.comment_id is None else "comment"
    shown = shortened(" ".join(text.split()), SHOWN)
    return f"your {noun} “{shown}”" if shown else f"your {noun} {subject.post_id}"


def of_decision(subject: Subject, text: str, decision: Decision) -> str:
    """For the author of what was hidden or removed. `text` is its caption or comment."""
    by: dict[DecidedBy, str] = {
        "reports": "Several people reported it, and it stays hidden until a moderator has decided.",
        "admin": "A moderator decided this.",
    }
    return (
        f"We have {decision.action} {_about(subject, text)}. {by[decision.by]}\n"
        f"Reason: {decision.reason}. Our rule: {RULES[decision.reason]}\n"
        "If you think that this is a mistake, you can appeal once: open this notification in StudioX and tell us why. "
        "A moderator then looks at it again."
    )


def of_restore(subject: Subject, text: str, *, appealed: bool, published: bool, suspended: bool) -> str:
    """For the author of what is shown again. `published`: otherwise they may publish it again."""
    first = "We have accepted your appeal." if appealed else "A moderator has looked at it again."
    then = "is visible again" if published else "was not against our rules: you can publish it again"
    if published and suspended:
        then = "is not against our rules: it comes back when your suspension ends"
    about = _about(subject, text)
    return f"{first} {about[:1].upper()}{about[1:]} {then}."


def of_rating(subject: Subject, text: str, rating: Rating) -> str:
    """For the author of a post that a moderator has rated."""
    seen_by = {"mature": "people who asked for such posts see it", "general": "everybody sees it"}[rating]
    return (
        f"A moderator has rated {_about(subject, text)} as {rating}: {seen_by}. Contact support if this is a mistake."
    )


def of_upheld_appeal(subject: Subject, text: str, reason: ReportReason) -> str:
    about = _about(subject, text)
    return (
        f"A moderator has read your appeal about {about}. Our decision stands.\n"
        f"Reason: {reason}. Our rule: {RULES[reason]}"
    )


def of_report(subject: Subject, *, upheld: bool) -> str:
    """For somebody who reported a post or comment."""
    noun = "post" if subject.comment_id is None else "comment"
    if upheld:
        return f"Thank you for your report. The {noun} was against our rules, and we have taken it down."
    return f"Thank you for your report. We have looked at the {noun}: it is not against our rules, and stays."


def of_suspension(reason: str) -> str:
    """`reason` is the administrator's, in their words."""
    return (
        "We have suspended your account, and your posts are hidden while the suspension lasts.\n"
        f"Reason: {reason}\n"
        "You can still read, export your data, cancel a subscription and delete your account. If you think that this "
        "is a mistake, contact support and tell us why."
    )


REINSTATED = "Your account is no longer suspended. The posts that were hidden because of it come back soon."
