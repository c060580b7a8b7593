"""What people are told of moderation: what was decided, for which reason, by which rule, how to appeal. Pure."""

from __future__ import annotations

from studiox.kit.texts import shortened
from studiox.models.moderation import Action, DecidedBy, Decision, ReportReason, Subject
from studiox.models.notifications import Words
from studiox.models.ratings import Rating

RULES: dict[ReportReason, Words] = {
    "spam": Words("No spam, scams or repeated advertising.", "لا رسائل مزعجة ولا احتيال ولا إعلانات متكررة."),
    "sexual": Words("No sexual content.", "لا محتوى جنسيًا."),
    "violence": Words(
        "No threats, and nothing that praises violence or shows it in detail.",
        "لا تهديدات، ولا شيء يمجّد العنف أو يعرضه بالتفصيل.",
    ),
    "hate": Words("No attacks on people for what they are.", "لا إساءة إلى الناس بسبب ما هم عليه."),
    "copyright": Words("Publish only what you have the right to publish.", "لا تنشر إلا ما يحق لك نشره."),
    "other": Words("Obey the law, and treat others with respect.", "التزم بالقانون، وعامل الآخرين باحترام."),
}
"""The community's rules, by the reason of a report."""
REASONS: dict[ReportReason, str] = {
    "spam": "محتوى مزعج",
    "sexual": "محتوى جنسي",
    "violence": "عنف",
    "hate": "كراهية",
    "copyright": "حقوق النشر",
    "other": "سبب آخر",
}
"""The reasons' names in Arabic. In English they are called as they are."""
SHOWN = 80
"""Characters of a caption or comment that tell its author which one is meant."""


def _about(subject: Subject, text: str) -> Words:
    """Which post or comment: its first words, or the post's id."""
    noun, arabic = ("post", "منشورك") if subject.comment_id is None else ("comment", "تعليقك")
    shown = shortened(" ".join(text.split()), SHOWN)
    if not shown:
        return Words(f"your {noun} {subject.post_id}", f"{arabic} {subject.post_id}")
    return Words(f"your {noun} “{shown}”", f"{arabic} «{shown}»")


def _reason(reason: ReportReason) -> Words:
    rule = RULES[reason]
    return Words(f"Reason: {reason}. Our rule: {rule.en}", f"السبب: {REASONS[reason]}. قاعدتنا: {rule.ar}")


def of_decision(subject: Subject, text: str, decision: Decision) -> Words:
    """For the author of what was hidden or removed. `text` is its caption or comment."""
    by: dict[DecidedBy, Words] = {
        "reports": Words(
            "Several people reported it, and it stays hidden until a moderator has decided.",
            "أبلغ عنه عدة أشخاص، ويبقى مخفيًا حتى يقرر أحد المشرفين.",
        ),
        "admin": Words("A moderator decided this.", "قرر ذلك أحد المشرفين."),
    }
    done: dict[Action, str] = {"hidden": "أخفينا", "removed": "أزلنا"}
    about, who, why = _about(subject, text), by[decision.by], _reason(decision.reason)
    return Words(
        f"We have {decision.action} {about.en}. {who.en}\n{why.en}\n"
        "If you think that this is a mistake, you can appeal once: open this notification in StudioX and tell us why. "
        "A moderator then looks at it again.",
        f"{done[decision.action]} {about.ar}. {who.ar}\n{why.ar}\n"
        "إن كنت ترى أن هذا خطأ فيمكنك الاعتراض مرة واحدة: افتح هذا الإشعار في StudioX وأخبرنا بالسبب، "
        "فينظر فيه أحد المشرفين من جديد.",
    )


def of_restore(subject: Subject, text: str, *, appealed: bool, published: bool, suspended: bool) -> Words:
    """For the author of what is shown again. `published`: otherwise they may publish it again."""
    first = Words("A moderator has looked at it again.", "نظر فيه أحد المشرفين من جديد.")
    if appealed:
        first = Words("We have accepted your appeal.", "قبلنا اعتراضك.")
    then = Words("was not against our rules: you can publish it again", "لم يكن مخالفًا لقواعدنا، ويمكنك نشره من جديد")
    if published:
        then = Words("is visible again", "عاد ظاهرًا")
    if published and suspended:
        then = Words(
            "is not against our rules: it comes back when your suspension ends",
            "غير مخالف لقواعدنا، وسيعود عند انتهاء إيقاف حسابك",
        )
    about = _about(subject, text)
    return Words(f"{first.en} {about.en[:1].upper()}{about.en[1:]} {then.en}.", f"{first.ar} {about.ar} {then.ar}.")


def of_rating(subject: Subject, text: str, rating: Rating) -> Words:
    """For the author of a post that a moderator has rated."""
    seen_by: dict[Rating, Words] = {
        "mature": Words("as mature: people who asked for such posts see it", "محتوى للبالغين: يراه من طلب رؤية مثله"),
        "general": Words("as general: everybody sees it", "محتوى عامًّا: يراه الجميع"),
    }
    about, seen = _about(subject, text), seen_by[rating]
    return Words(
        f"A moderator has rated {about.en} {seen.en}. Contact support if this is a mistake.",
        f"صنّف أحد المشرفين {about.ar} {seen.ar}. راسل الدعم إن كان هذا خطأ.",
    )


def of_upheld_appeal(subject: Subject, text: str, reason: ReportReason) -> Words:
    about, why = _about(subject, text), _reason(reason)
    return Words(
        f"A moderator has read your appeal about {about.en}. Our decision stands.\n{why.en}",
        f"قرأ أحد المشرفين اعتراضك بشأن {about.ar}. قرارنا باقٍ.\n{why.ar}",
    )


def of_report(subject: Subject, *, upheld: bool) -> Words:
    """For somebody who reported a post or comment."""
    noun, arabic = ("post", "المنشور") if subject.comment_id is None else ("comment", "التعليق")
    if upheld:
        return Words(
            f"Thank you for your report. The {noun} was against our rules, and we have taken it down.",
            f"شكرًا على بلاغك. كان {arabic} مخالفًا لقواعدنا، وقد أزلناه.",
        )
    return Words(
        f"Thank you for your report. We have looked at the {noun}: it is not against our rules, and stays.",
        f"شكرًا على بلاغك. نظرنا في {arabic}، وهو غير مخالف لقواعدنا، فيبقى.",
    )


def of_suspension(reason: str) -> Words:
    """`reason` is the administrator's, in their words."""
    return Words(
        "We have suspended your account, and your posts are hidden while the suspension lasts.\n"
        f"Reason: {reason}\n"
        "You can still read, export your data, cancel a subscription and delete your account. If you think that this "
        "is a mistake, contact support and tell us why.",
        "أوقفنا حسابك، وتُخفى منشوراتك ما دام الإيقاف قائمًا.\n"
        f"السبب: {reason}\n"
        "ما زال بإمكانك القراءة وتصدير بياناتك وإلغاء اشتراكك وحذف حسابك. إن كنت ترى أن هذا خطأ فراسل الدعم وأخبرنا "
        "بالسبب.",
    )


REINSTATED = Words(
    "Your account is no longer suspended. The posts that were hidden because of it come back soon.",
    "لم يعد حسابك موقوفًا. ستعود قريبًا المنشورات التي أُخفيت بسبب ذلك.",
)
