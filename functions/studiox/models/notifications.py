"""What a user is told: `users/{uid}/notifications/{id}`, written in the commit of what happened, read by its owner.

The only file that names the collection, and `mail`, from which the Trigger Email extension sends to those whose
preferences ask for it. An owner may set `readAt` by the rules, and nothing else. Both expire by themselves.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from studiox.kit import config, ids
from studiox.kit.clock import datetime, timedelta
from studiox.kit.transaction import Docs

from .users import user_path

Type = Literal[
    "job_completed",
    "job_failed",
    "payment_failed",
    "payment_in_review",
    "payment_action_required",
    "trial_ending",
    "tokens_low",
    "post_commented",
]

KEEP = timedelta(days=90)
KEEP_MAIL = timedelta(days=30)
LOW_BALANCE = 20
"""A debit that takes the balance below this many tokens is told, once until the balance was above it again."""

EMAIL_ALL = "emailNotifications"


class Letter(NamedTuple):
    """What is sent by e-mail: the preference that asks for it (or EMAIL_ALL does), and the plain text."""

    preference: str
    subject: str
    text: str


LETTERS: dict[Type, Letter] = {
    "job_completed": Letter(
        "emailJobs", "Your generation is ready", "Your generation is ready. See it in your library."
    ),
    "job_failed": Letter("emailJobs", "Your generation failed", "Your generation failed; your tokens were refunded."),
    "payment_failed": Letter("emailPayments", "A payment failed", "A payment failed. Check your billing details."),
    "payment_in_review": Letter(
        "emailPayments",
        "We are looking at your payment",
        "Your payment arrived, and we could not match it to your order. We are looking at it; you need do nothing.",
    ),
    "payment_action_required": Letter(
        "emailPayments", "Confirm your payment", "Your bank asks you to confirm a payment."
    ),
    "trial_ending": Letter("emailPayments", "Your trial ends soon", "Your trial ends soon; your plan then starts."),
    "tokens_low": Letter("emailTokens", "Few tokens are left", f"You have fewer than {LOW_BALANCE} tokens left."),
    "post_commented": Letter("emailComments", "A comment on your post", "Somebody commented on a post of yours."),
}


def notification_path(uid: str, type_: Type, cause: str) -> str:
    """One for each cause: what happens again is not told again."""
    return f"users/{uid}/notifications/{ids.derived(type_, cause)}"


def add(docs: Docs, uid: str, type_: Type, cause: str, now: datetime, **about: str | int) -> None:
    """Tell `uid` of `cause` (an id). `about` holds ids and public names: never a prompt or somebody's address."""
    path = notification_path(uid, type_, cause)
    docs.create(path, {"type": type_, **about, "createdAt": now, "readAt": None, "expiresAt": now + KEEP})
    _mail(docs, uid, type_, cause, now)


def amend(docs: Docs, uid: str, type_: Type, cause: str, **about: str) -> None:
    """What was told names somebody who is gone."""
    path = notification_path(uid, type_, cause)
    if docs.get(path) is not None:
        docs.update(path, about)


def withdraw(docs: Docs, uid: str, type_: Type, cause: str) -> None:
    """What was told about is gone."""
    docs.delete(notification_path(uid, type_, cause))


def tell_low_balance(docs: Docs, uid: str, cause: str, before: int, after: int, now: datetime) -> None:
    """After a debit, whose entry is `cause`: only the one that crosses the line tells."""
    if before >= LOW_BALANCE > after:
        add(docs, uid, "tokens_low", cause, now, balance=after)


def _mail(docs: Docs, uid: str, type_: Type, cause: str, now: datetime) -> None:
    """A letter for the Trigger Email extension (https://extensions.dev/extensions/firebase/firestore-send-email).

    `uid` is ours: by it the letters go when the account is deleted.
    """
    letter = LETTERS[type_]
    user = docs.get(user_path(uid)) or {}
    preferences = user.get("preferences") or {}
    if not user.get("email") or preferences.get(letter.preference, preferences.get(EMAIL_ALL)) is not True:
        return
    message = {"subject": f"StudioX: {letter.subject}", "text": f"{letter.text}\n\n{config.SITE_URL.value}\n"}
    made = {"to": [user["email"]], "message": message, "uid": uid, "createdAt": now, "expiresAt": now + KEEP_MAIL}
    docs.create(f"mail/{ids.derived('mail', uid, type_, cause)}", made)
