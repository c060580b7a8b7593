"""What a person owns: every collection that holds a person's data, how it is exported, and what deleting the account
does to it. `export.py` and `erasure.py` work from this table alone.

A test compares it with every collection that the security rules, `models/` and the served data know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from studiox.kit.audit import AUDIT_LOGS
from studiox.kit.documents import Collection
from studiox.models import deletions, moderation, notifications, posts
from studiox.models.admin_requests import ADMIN_REQUESTS
from studiox.models.blocks import BLOCKS
from studiox.models.collections import COLLECTION_REQUESTS, COLLECTIONS
from studiox.models.creations import CREATIONS
from studiox.models.jobs import JOBS, LYRIC_ERRORS, PROVIDER_LOSSES, STATES
from studiox.models.ledger_audits import LEDGER_ALERTS, LEDGER_CHECKPOINTS
from studiox.models.ledger_store import LEDGER
from studiox.models.orders import ORDERS
from studiox.models.payments import PAYMENTS, UNMATCHED_PAYMENTS
from studiox.models.referrals import REFERRAL_CODES, REFERRALS
from studiox.models.rewards import SOCIAL_CLAIMS
from studiox.models.sessions import SESSIONS
from studiox.models.subscriptions import BILLING_ACCOUNTS, PLAN_EVENTS, SUBSCRIPTIONS
from studiox.models.usage_months import USAGE
from studiox.models.users import USERS, user_path
from studiox.models.welcomes import WELCOMES

AtDeletion = Literal["deleted", "moved", "renamed", "deleted_last", "closed", "by_domain"]
"""What deleteAccount does with a user's documents.

- `deleted`: deleted, a page at a time.
- `moved`: moved below the closed account, with the pseudonym in place of the uid.
- `renamed`: kept, with the pseudonym in place of the uid.
- `deleted_last`: deleted in the commit that closes the account.
- `closed`: replaced by the closed account in that commit.
- `by_domain`: handled by the domain that owns the collection; the row's note says how.
"""

ID = "document id"
"""As an `owner`: the document's id is the uid."""
PATH = "path"
"""As an `owner`: the collection is below `users/{uid}`."""


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """A collection with documents of a person."""

    collection: Collection[Any]
    below: str = ""
    """The parent collection, of a subcollection."""
    owner: str = "uid"
    """The field that holds the uid; or ID, or PATH."""
    path_field: str = ""
    """A further field, which holds the user's path where a document is about the user."""
    exported_as: str | None
    """The document's or the list's name in the export; None if it is not exported: the note says why."""
    at_deletion: AtDeletion
    note: str = ""

    @property
    def name(self) -> str:
        """The names of the collections on the path: `users/ledger`."""
        return f"{self.below}/{self.collection}" if self.below else self.collection

    def of(self, uid: str) -> tuple[Collection[Any], dict[str, str]]:
        """Where the user's documents are: the collection, and the field values that they have there."""
        if self.owner == PATH:
            return Collection(f"{user_path(uid)}/{self.collection}", self.collection.struct), {}
        return self.collection, {self.owner: uid}


def _below_user(collection: Collection[Any], exported_as: str | None, at_deletion: AtDeletion, note: str = "") -> Owned:
    return Owned(
        collection=collection, below="users", owner=PATH, exported_as=exported_as, at_deletion=at_deletion, note=note
    )


# In the order of the export's sections.
OWNED: tuple[Owned, ...] = (
    Owned(
        collection=USERS,
        owner=ID,
        exported_as="profile",
        at_deletion="closed",
        note="The closed account keeps balance, plan and dates. Marks that make a call count once are not exported.",
    ),
    Owned(collection=BILLING_ACCOUNTS, owner=ID, exported_as="billing", at_deletion="deleted_last"),
    _below_user(LEDGER, "ledger", "moved", "Exported in order, with a running sum that proves the balance."),
    _below_user(PAYMENTS, "payments", "moved"),
    _below_user(PLAN_EVENTS, "subscriptionEvents", "deleted"),
    _below_user(notifications.NOTIFICATIONS, "notifications", "deleted"),
    Owned(
        collection=JOBS,
        exported_as="jobs",
        at_deletion="by_domain",
        note="The studio deletes them and keeps what they cost today in the day's spend.",
    ),
    Owned(collection=CREATIONS, exported_as="creations", at_deletion="deleted"),
    _below_user(COLLECTIONS, "collections", "deleted"),
    Owned(collection=SESSIONS, exported_as="sessions", at_deletion="deleted"),
    Owned(
        collection=posts.POSTS,
        exported_as="posts",
        at_deletion="by_domain",
        note="The community deletes each post with its files, likes and comments.",
    ),
    Owned(
        collection=posts.LIKES,
        exported_as="likes",
        at_deletion="by_domain",
        note="The community deletes them and corrects the posts' counts.",
    ),
    Owned(
        collection=moderation.REPORTS,
        exported_as="reports",
        at_deletion="by_domain",
        note="The community deletes them. A post's sum of reports stays.",
    ),
    Owned(
        collection=BLOCKS,
        exported_as="blocks",
        at_deletion="deleted",
        note="Whom the user has blocked. The community takes the user from the lists of others.",
    ),
    Owned(collection=moderation.COMMENT_REPORTS, exported_as="commentReports", at_deletion="deleted"),
    Owned(
        collection=moderation.APPEALS,
        exported_as="appeals",
        at_deletion="deleted",
        note="Open ones end with the account.",
    ),
    Owned(
        collection=posts.HIDDEN_COMMENTS,
        exported_as="hiddenComments",
        at_deletion="deleted",
        note="Comments that moderation has hidden.",
    ),
    Owned(collection=SOCIAL_CLAIMS, exported_as="socialClaims", at_deletion="deleted"),
    Owned(collection=LYRIC_ERRORS, exported_as="lyricGenerationErrors", at_deletion="deleted"),
    Owned(
        collection=REFERRAL_CODES,
        exported_as="referralCodes",
        at_deletion="deleted",
        note="Whoever has redeemed the code gets their tokens all the same.",
    ),
    Owned(
        collection=REFERRALS,
        exported_as="referrals",
        at_deletion="deleted",
        note="The code that the user has redeemed. What its owner got for it stays.",
    ),
    Owned(collection=ORDERS, exported_as="orders", at_deletion="renamed", note="Accounting."),
    Owned(collection=SUBSCRIPTIONS, exported_as="subscriptions", at_deletion="renamed", note="Accounting."),
    Owned(collection=notifications.MAIL, exported_as="mail", at_deletion="deleted"),
    Owned(
        collection=AUDIT_LOGS,
        owner="actor",
        path_field="target",
        exported_as="activity",
        at_deletion="renamed",
        note="Who did what stays on record.",
    ),
    Owned(
        collection=posts.COMMENTS,
        below="posts",
        exported_as="comments",
        at_deletion="by_domain",
        note="Exported by path. The community makes them anonymous; the text stays.",
    ),
    # Not exported.
    Owned(
        collection=STATES,
        below="jobs",
        exported_as=None,
        at_deletion="by_domain",
        note="The provider's task and costs. Deleted with the job.",
    ),
    Owned(
        collection=posts.STATES,
        below="posts",
        exported_as=None,
        at_deletion="by_domain",
        note="Moderators' information. Deleted with the post.",
    ),
    Owned(
        collection=posts.COMMENT_REQUESTS,
        exported_as=None,
        at_deletion="by_domain",
        note="Idempotency records without content. The community deletes them.",
    ),
    _below_user(COLLECTION_REQUESTS, None, "deleted", "Idempotency records; `collections` has their effect."),
    Owned(
        collection=moderation.MODERATION,
        exported_as=None,
        at_deletion="by_domain",
        note="Sums of other people's reports of the user's posts. The community deletes them with the posts.",
    ),
    _below_user(USAGE, None, "deleted", "Sums of the jobs and the ledger, which are exported."),
    Owned(
        collection=PROVIDER_LOSSES,
        exported_as=None,
        at_deletion="deleted",
        note="What providers charged us beyond a job's price.",
    ),
    Owned(
        collection=ADMIN_REQUESTS,
        exported_as=None,
        at_deletion="deleted",
        note="Idempotency records of administrators' calls; the audit log has their effect.",
    ),
    Owned(
        collection=UNMATCHED_PAYMENTS,
        exported_as=None,
        at_deletion="renamed",
        note="Accounting. `payments` lists the same payments.",
    ),
    Owned(
        collection=LEDGER_ALERTS,
        exported_as=None,
        at_deletion="renamed",
        note="Findings of the ledger's audit: our errors, not the user's data.",
    ),
    Owned(
        collection=LEDGER_CHECKPOINTS,
        owner=ID,
        exported_as=None,
        at_deletion="deleted_last",
        note="A sum of the ledger, which is exported whole.",
    ),
    Owned(
        collection=WELCOMES,
        exported_as=None,
        at_deletion="renamed",
        note="Named by a keyed hash of the e-mail address. Kept so that a person gets the welcome bonus once.",
    ),
    Owned(
        collection=deletions.CLEAN_UPS,
        exported_as=None,
        at_deletion="by_domain",
        note="Pending deletions. The account's own record is deleted when it is finished, others are renamed.",
    ),
)

IMPERSONAL: dict[str, str] = {
    "referralPayers": "Keyed hashes of addresses and cards that a referral was rewarded for, so that each counts once.",
    "closedAccounts": "Closed accounts and their ledgers, under pseudonyms.",
    "rateLimits": "Counters named by a hash of function and uid. They are closed with the account and expire.",
    "stripeEvents": "Stripe's event ids, types and outcomes; they expire.",
    "mediaAlerts": "Names of missing files by creation id, without the owner.",
    "scheduleRuns": "Parts and figures of schedules' runs; they expire.",
    "shards": "How far an open part of a run has come. The uid that it resumes from goes when the part ends.",
    "ledgerAudits": "What the last audit of the ledgers covered, and when.",
    "reconciliations": "The position of the reconciliation with Stripe.",
    "weeklyReports": "Totals.",
    "dailyCounters": "Totals. An account's jobs are subtracted when they are deleted.",
    "commentModeration": "Sums of reports and decisions by comment, without uids.",
    "moderationYears": "Counts of reports, decisions and appeals.",
    "providerHealth": "Failures and spend of providers.",
    "modelTimes": "How long the models' jobs take.",
    "settings": "Limits that administrators set.",
    "health": "The document that the health check reads.",
    **dict.fromkeys(
        ("plans", "tokenPacks", "models", "styles", "colors", "sizes", "features", "socialTasks"), "The catalogue."
    ),
}
"""The other collections, and what they hold instead of a person's data."""


def rows(at_deletion: AtDeletion) -> Iterator[Owned]:
    return (row for row in OWNED if row.at_deletion == at_deletion)


def exported() -> Iterator[tuple[str, Owned]]:
    """(name, row) of the export's parts, in their order."""
    return ((row.exported_as, row) for row in OWNED if row.exported_as is not None)
