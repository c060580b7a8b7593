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
    """What happened, and what the user can do, as the e-mail says it: in the user's language then, or in English."""


class About(TypedDict, total=False):
    """A notification's optional fields but `text`, which alone is part of the e-mail: it holds nothing private."""

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


class Words(NamedTuple):
    """A text in the languages that letters are written in."""

    en: str
    ar: str

    def in_language(self, language: str | None) -> str:
        """In English where there is no other, or the person has not said their language."""
        return self.ar if language == "ar" else self.en


NO_WORDS = Words("", "")


class Letter(NamedTuple):
    """An e-mail's template, and the field of `Preferences` that asks for it. Its text may be the notification's."""

    preference: str
    subject: Words
    text: Words = NO_WORDS


LETTERS: dict[Type, Letter] = {
    "job_completed": Letter(
        "email_jobs",
        Words("Your generation is ready", "ما طلبته جاهز"),
        Words("Your generation is ready. See it in your library.", "ما طلبته جاهز. تجده في مكتبتك."),
    ),
    "job_failed": Letter(
        "email_jobs",
        Words("Your generation failed", "فشل إنشاء ما طلبته"),
        Words("Your generation failed; your tokens were refunded.", "فشل إنشاء ما طلبته، وأُعيدت إليك رموزك."),
    ),
    "payment_failed": Letter(
        "email_payments",
        Words("A payment failed", "فشلت عملية دفع"),
        Words("A payment failed. Check your billing details.", "فشلت عملية دفع. راجع بيانات الدفع لديك."),
    ),
    "payment_in_review": Letter(
        "email_payments",
        Words("We are reviewing your payment", "نراجع دفعتك"),
        Words(
            "We received your payment, but could not match it to your order. We are reviewing it; you don't need to do"
            " anything.",
            "وصلتنا دفعتك، لكننا لم نتمكن من مطابقتها مع طلبك. نحن نراجعها، ولا يلزمك فعل شيء.",
        ),
    ),
    "payment_action_required": Letter(
        "email_payments",
        Words("Confirm your payment", "أكّد دفعتك"),
        Words("Your bank asks you to confirm a payment.", "يطلب مصرفك أن تؤكد عملية دفع."),
    ),
    "top_up_done": Letter(
        "email_payments",
        Words("We topped up your tokens", "عبّأنا رصيدك من الرموز"),
        Words(
            "Your balance got low, so we bought the pack that you chose.",
            "انخفض رصيدك، فاشترينا الباقة التي اخترتها.",
        ),
    ),
    "top_up_failed": Letter("email_payments", Words("Your tokens were not topped up", "لم يُعبّأ رصيدك من الرموز")),
    "trial_ending": Letter(
        "email_payments",
        Words("Your trial ends soon", "تنتهي فترتك التجريبية قريبًا"),
        Words("Your trial ends soon; your plan then starts.", "تنتهي فترتك التجريبية قريبًا، ثم تبدأ خطتك."),
    ),
    "tokens_low": Letter("email_tokens", Words("You are running low on tokens", "رموزك على وشك النفاد")),
    "spend_limit_reached": Letter("email_tokens", Words("You have reached your daily limit", "بلغت حدّك اليومي")),
    "post_commented": Letter(
        "email_comments",
        Words("New comment on your post", "تعليق جديد على منشورك"),
        Words("Someone commented on one of your posts.", "علّق أحدهم على أحد منشوراتك."),
    ),
    "content_hidden": Letter(
        "email_moderation", Words("We have hidden something that you published", "أخفينا شيئًا نشرته")
    ),
    "content_removed": Letter(
        "email_moderation", Words("We have removed something that you published", "أزلنا شيئًا نشرته")
    ),
    "content_restored": Letter("email_moderation", Words("What you published is back", "عاد ما نشرته")),
    "content_rated": Letter(
        "email_moderation", Words("We have rated something that you published", "صنّفنا شيئًا نشرته")
    ),
    "appeal_upheld": Letter("email_moderation", Words("Our decision stands", "قرارنا باقٍ")),
    "report_decided": Letter("email_moderation", Words("We have decided about your report", "اتخذنا قرارًا بشأن بلاغك")),
    "account_suspended": Letter("email_moderation", Words("Your account is suspended", "حسابك موقوف")),
    "account_reinstated": Letter(
        "email_moderation", Words("Your account is no longer suspended", "لم يعد حسابك موقوفًا")
    ),
}


def notifications(uid: str) -> Collection[Notification]:
    return Collection(f"{user_path(uid)}/{NOTIFICATIONS}", Notification)


def notification_path(uid: str, type_: Type, cause: str) -> Path[Notification]:
    """The id is derived from type and cause, so each cause notifies once."""
    return notifications(uid).document(ids.derived(type_, cause))


def add(
    docs: Docs, uid: str, type_: Type, cause: str, now: datetime, words: Words | None = None, **about: Unpack[About]
) -> None:
    """Notify the user of `cause`, an id, by e-mail too if their preferences ask for it, in their language."""
    user = docs.get(user_path(uid))
    text = words and words.in_language(user.preferences.language if user is not None else None)
    added = Notification(type=type_, created_at=now, read_at=None, expires_at=now + KEEP, text=text, **about)
    docs.create(notification_path(uid, type_, cause), added)
    if user is not None and user.email and _wants(user.preferences, LETTERS[type_].preference):
        _mail(docs, user.email, user.preferences.language, uid, type_, cause, now, text)


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
        left = entry.balance_after
        words = Words(
            f"You have {left} tokens left, fewer than {threshold}.",
            f"عدد رموزك المتبقية {left}، وهو أقل من {threshold}.",
        )
        add(docs, uid, "tokens_low", entry.id, entry.created_at, words, balance=left)


def tell_spend_limit(docs: Docs, uid: str, spent: DaySpend, now: datetime) -> None:
    """Notify the user, once a day, that the day's debits have reached their limit."""
    words = Words(
        f"You have spent {spent.tokens} tokens today, which is the daily limit that you set. You can order again after"
        " midnight UTC, or change the limit in your account.",
        f"عدد الرموز التي أنفقتها اليوم {spent.tokens}، وهو الحد اليومي الذي وضعته. يمكنك أن تطلب من جديد بعد منتصف"
        " الليل بتوقيت UTC، أو أن تغيّر الحد في حسابك.",
    )
    add(docs, uid, "spend_limit_reached", spent.date, now, words)


def _wants(preferences: Preferences, name: str) -> bool:
    own: bool | None = getattr(preferences, name)
    return (preferences.email_notifications if own is None else own) is True


def _mail(
    docs: Docs, to: str, language: str | None, uid: str, type_: Type, cause: str, now: datetime, text: str | None
) -> None:
    letter = LETTERS[type_]
    subject, text = letter.subject.in_language(language), text or letter.text.in_language(language)
    mail = Mail(
        to=[to],
        message=MailMessage(subject=f"StudioX: {subject}", text=f"{text}\n\n{config.SITE_URL.value}\n"),
        uid=uid,
        created_at=now,
        expires_at=now + KEEP_MAIL,
    )
    docs.create(MAIL.document(ids.derived("mail", uid, type_, cause)), mail)
