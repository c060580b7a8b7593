"""Notifications, `users/{uid}/notifications/{id}`, and the e-mails for users whose preferences ask for them.

Both are written in the commit of the event that they report, and have a time to live. Security rules let a user read
their notifications and set `readAt`, and nothing else.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypedDict, Unpack

from studiox.kit import config, ids
from studiox.kit.clock import datetime, timedelta
from studiox.kit.documents import Collection, Path, Stored
from studiox.kit.transaction import Docs

from . import ledger
from .auto_top_up import TopUpProblem
from .jobs import JobType
from .ledger import LedgerEntry
from .moderation import ReportReason
from .users import LOW_BALANCE, DaySpend, Preferences, User, user_path

Type = Literal[
    "job_completed",
    "job_failed",
    "payment_failed",
    "payment_in_review",
    "payment_action_required",
    "top_up_done",
    "top_up_failed",
    "trial_ending",
    "tokens_low",
    "spend_limit_reached",
    "post_commented",
    "content_hidden",
    "content_removed",
    "content_restored",
    "content_rated",
    "appeal_upheld",
    "report_decided",
    "account_suspended",
    "account_reinstated",
]

KEEP = timedelta(days=90)
KEEP_MAIL = timedelta(days=30)


class Notification(Stored, frozen=True, kw_only=True):
    """Which of the optional fields are present follows from `type`."""

    type: Type
    created_at: datetime
    read_at: datetime | None
    """Set by the user's client."""
    expires_at: datetime
    """Firestore deletes it afterwards."""
    job_id: str | None = None
    job_type: JobType | None = None
    creation_id: str | None = None
    """What the job made."""
    title: str | None = None
    """The title of what the job made, which begins as its prompt does; of a comment, the post's caption."""
    thumbnail_path: str | None = None
    """Of what it is about, from when that has a thumbnail."""
    payment_id: str | None = None
    subscription_id: str | None = None
    balance: int | None = None
    """Tokens after the debit."""
    post_id: str | None = None
    comment_id: str | None = None
    author_name: str | None = None
    """The comment's author."""
    reason: ReportReason | None = None
    """Why the post or comment was hidden or removed; of a decided report, why it was reported."""
    outcome: Literal["upheld", "overruled"] | None = None
    """Of a decided report."""
    problem: TopUpProblem | None = None
    """Why a top-up failed."""
    url: str | None = None
    """Where the user can pay instead of a top-up."""
    text: str | None = None
    """What happened, and what the user can do: in English, as the e-mail says it."""


class About(TypedDict, total=False):
    """A notification's optional fields. Of these only `text` is part of the e-mail: it holds nothing private."""

    job_id: str
    job_type: JobType
    creation_id: str
    title: str | None
    thumbnail_path: str | None
    payment_id: str
    subscription_id: str
    balance: int
    post_id: str
    comment_id: str | None
    author_name: str
    reason: ReportReason
    outcome: Literal["upheld", "overruled"]
    problem: TopUpProblem
    url: str | None
    text: str | None


class MailMessage(Stored, frozen=True, kw_only=True):
    subject: str
    text: str


class Mail(Stored, frozen=True, kw_only=True):
    """`mail/{id}`, in the format of the Trigger Email extension, which sends it and adds fields of its own
    (https://extensions.dev/extensions/firebase/firestore-send-email)."""

    to: list[str]
    message: MailMessage
    uid: str
    """Not used by the extension: account deletion finds the user's e-mails by it."""
    created_at: datetime
    expires_at: datetime


NOTIFICATIONS = Collection("notifications", Notification)
MAIL = Collection("mail", Mail)


class Letter(NamedTuple):
    """An e-mail's template, and the field of `Preferences` that asks for it."""

    preference: str
    subject: str
    text: str


LETTERS: dict[Type, Letter] = {
    "job_completed": Letter(
        "email_jobs", "Your generation is ready", "Your generation is ready. See it in your library."
    ),
    "job_failed": Letter("email_jobs", "Your generation failed", "Your generation failed; your tokens were refunded."),
    "payment_failed": Letter("email_payments", "A payment failed", "A payment failed. Check your billing details."),
    "payment_in_review": Letter(
        "email_payments",
        "We are reviewing your payment",
        "We received your payment, but could not match it to your order. We are reviewing it; you don't need to do"
        " anything.",
    ),
    "payment_action_required": Letter(
        "email_payments", "Confirm your payment", "Your bank asks you to confirm a payment."
    ),
    "top_up_done": Letter(
        "email_payments", "We topped up your tokens", "Your balance got low, so we bought the pack that you chose."
    ),
    "top_up_failed": Letter("email_payments", "Your tokens were not topped up", ""),
    "trial_ending": Letter("email_payments", "Your trial ends soon", "Your trial ends soon; your plan then starts."),
    # Their text is the notification's.
    "tokens_low": Letter("email_tokens", "You are running low on tokens", ""),
    "spend_limit_reached": Letter("email_tokens", "You have reached your daily limit", ""),
    "post_commented": Letter("email_comments", "New comment on your post", "Someone commented on one of your posts."),
    "content_hidden": Letter("email_moderation", "We have hidden something that you published", ""),
    "content_removed": Letter("email_moderation", "We have removed something that you published", ""),
    "content_restored": Letter("email_moderation", "What you published is back", ""),
    "content_rated": Letter("email_moderation", "We have rated something that you published", ""),
    "appeal_upheld": Letter("email_moderation", "Our decision stands", ""),
    "report_decided": Letter("email_moderation", "We have decided about your report", ""),
    "account_suspended": Letter("email_moderation", "Your account is suspended", ""),
    "account_reinstated": Letter("email_moderation", "Your account is no longer suspended", ""),
}


def notifications(uid: str) -> Collection[Notification]:
    return Collection(f"{user_path(uid)}/{NOTIFICATIONS}", Notification)


def notification_path(uid: str, type_: Type, cause: str) -> Path[Notification]:
    """The id is derived from type and cause, so each cause notifies once."""
    return notifications(uid).document(ids.derived(type_, cause))


def add(docs: Docs, uid: str, type_: Type, cause: str, now: datetime, **about: Unpack[About]) -> None:
    """Notify the user of `cause`, an id, by e-mail too if their preferences ask for it."""
    added = Notification(type=type_, created_at=now, read_at=None, expires_at=now + KEEP, **about)
    docs.create(notification_path(uid, type_, cause), added)
    _mail(docs, uid, type_, cause, now, about.get("text"))


def amend(docs: Docs, uid: str, type_: Type, cause: str, **about: Unpack[About]) -> None:
    """Change fields of the notification, if it still exists."""
    path = notification_path(uid, type_, cause)
    if docs.exists(path):
        docs.update(path, **about)


def withdraw(docs: Docs, uid: str, type_: Type, cause: str) -> None:
    """Delete the notification, if it still exists."""
    docs.delete(notification_path(uid, type_, cause))


def tell_low_balance(docs: Docs, uid: str, user: User, entry: LedgerEntry) -> None:
    """Notify the user if this debit takes the balance below what they have chosen. `user`: as before the debit."""
    chosen = user.preferences.low_balance_at
    threshold = LOW_BALANCE if chosen is None else chosen
    if ledger.falls_below(threshold, user.balance, entry.balance_after):
        text = f"You have {entry.balance_after} tokens left, fewer than {threshold}."
        add(docs, uid, "tokens_low", entry.id, entry.created_at, balance=entry.balance_after, text=text)


def tell_spend_limit(docs: Docs, uid: str, spent: DaySpend, now: datetime) -> None:
    """Notify the user, once a day, that the day's debits have reached their limit."""
    text = (
        f"You have spent {spent.tokens} tokens today, which is the daily limit that you set. You can order again after"
        " midnight UTC, or change the limit in your account."
    )
    add(docs, uid, "spend_limit_reached", spent.date, now, text=text)


def _wants(preferences: Preferences, name: str) -> bool:
    own: bool | None = getattr(preferences, name)
    return (preferences.email_notifications if own is None else own) is True


def _mail(docs: Docs, uid: str, type_: Type, cause: str, now: datetime, text: str | None) -> None:
    letter = LETTERS[type_]
    user = docs.get(user_path(uid))
    if user is None or not user.email or not _wants(user.preferences, letter.preference):
        return
    text = f"{text or letter.text}\n\n{config.SITE_URL.value}\n"
    mail = Mail(
        to=[user.email],
        message=MailMessage(subject=f"StudioX: {letter.subject}", text=text),
        uid=uid,
        created_at=now,
        expires_at=now + KEEP_MAIL,
    )
    docs.create(MAIL.document(ids.derived("mail", uid, type_, cause)), mail)
