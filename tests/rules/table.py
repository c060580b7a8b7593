"""Who may do what to which document, as a table: a row for each kind of document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

OWNER, OTHER, GUEST, ADMIN, NOBODY_SIGNED_IN = "owner", "other", "guest", "admin", "anon"
IDENTITIES = (OWNER, OTHER, GUEST, ADMIN, NOBODY_SIGNED_IN)
"""The owner, another user, one signed in anonymously, one with the claim `admin`, one not signed in."""

OWN = frozenset({OWNER})
SIGNED_IN = frozenset({OWNER, OTHER, GUEST, ADMIN})
ALL = frozenset(IDENTITIES)
NONE: frozenset[str] = frozenset()

OPERATIONS = (
    "get",
    "get_absent",
    "list",  # a hundred at most
    "list_own",  # where uid is the caller's
    "list_owners",  # where uid is the owner's
    "list_all",  # without a limit
    "list_more",  # 101
    "list_behind",  # a hundred behind 100,000
    "listed_more",  # the same by the API's own method for lists
    "count",  # a hundred at most
    "count_owners",
    "count_all",
    "group",  # the collection group
    "create",
    "update",
    "mark",  # an update of `readAt` alone, by a time
    "delete",
)


class Row(NamedTuple):
    """A document and who may do what with it; an operation that is not named is nobody's."""

    path: str
    data: Mapping[str, Any]
    grants: Mapping[str, frozenset[str]] = {}

    @property
    def collection(self) -> str:
        """The names of its collections: `posts/comments`."""
        return "/".join(self.path.split("/")[::2])


_MINE = {"uid": OWNER, "createdAt": NOW}

# The path says whose it is: a filter changes nothing.
_BY_PATH = dict.fromkeys(("get", "get_absent", "list", "list_own", "list_owners", "count", "count_owners"), OWN)
# The document says whose it is: a list must ask for the caller's own.
_BY_UID = {"get": OWN, "list_own": SIGNED_IN, "list_owners": OWN, "count_owners": OWN}
_PUBLIC = dict.fromkeys(_BY_PATH, ALL)

CATALOGUE = ("plans", "tokenPacks", "models", "styles", "colors", "sizes", "features", "socialTasks")
INTERNAL = (
    "stripeEvents",
    "auditLogs",
    "rateLimits",
    "mail",
    "weeklyReports",
    "dailyCounters",
    "ledgerAlerts",
    "lyricGenerationErrors",
    "closedAccounts",
    "socialClaims",
    "ledgerAudits",
    "ledgerCheckpoints",
    "welcomes",
    "referralCodes",
    "referrals",
    "referralPayers",
    "health",
    "cleanups",
    "commentRequests",
    "reports",
    "moderation",
    "blocks",
    "commentReports",
    "commentModeration",
    "hiddenComments",
    "appeals",
    "moderationYears",
    "orders",
    "subscriptions",
    "billing",
    "unmatchedPayments",
    "reconciliations",
    "providerLosses",
    "settings",
    "adminRequests",
    "scheduleRuns",
    "mediaAlerts",
    "providerHealth",
    "modelTimes",
    "a_collection_of_tomorrow",
)

ROWS = (
    Row(f"users/{OWNER}", {"email": "a@b.c", "balance": 200}, {"get": OWN}),
    Row(f"users/{OWNER}/ledger/e1", {"seq": 1, "amount": 200, **_MINE}, _BY_PATH),
    Row(f"users/{OWNER}/payments/p1", {"amount": 999, **_MINE}, _BY_PATH),
    Row(f"users/{OWNER}/subscriptionEvents/e1", _MINE),
    Row(f"users/{OWNER}/collections/c1", {"name": "a", "count": 1, **_MINE}, _BY_PATH),
    Row(f"users/{OWNER}/collectionRequests/r1", _MINE),
    Row(f"users/{OWNER}/notifications/n1", {"kind": "job", "readAt": None, **_MINE}, {**_BY_PATH, "mark": OWN}),
    Row(f"users/{OWNER}/usage/2026-03", {"days": {}, **_MINE}),
    Row(f"users/{OWNER}/secrets/s1", _MINE),
    Row("jobs/j1", {"status": "completed", **_MINE}, _BY_UID),
    Row("jobs/j1/private/state", {"taskId": "t1", **_MINE}),
    Row("jobs/j1/private/a/deeper/b", _MINE),
    Row("creations/j1", {"title": "a", **_MINE}, _BY_UID),
    Row("sessions/s1", {"model": "Model A", **_MINE}, _BY_UID),
    Row("posts/shown", {"hidden": False, **_MINE}, {"get": ALL}),
    Row("posts/hidden", {"hidden": True, **_MINE}),
    Row("posts/mature", {"hidden": "mature", "rating": "mature", **_MINE}),
    Row("posts/shown/comments/c1", {"text": "a", **_MINE}, _PUBLIC),
    Row("posts/hidden/comments/c1", {"text": "a", **_MINE}),
    Row("posts/mature/comments/c1", {"text": "a", **_MINE}),
    Row("posts/gone/comments/c1", {"text": "a", **_MINE}),
    Row("scheduleRuns/r1/shards/0", {"cursor": ["u1", "u1"], **_MINE}),
    Row("posts/shown/private/state", {"reports": 1, **_MINE}),
    Row(f"likes/shown_{OWNER}", {"postId": "shown", **_MINE}, _BY_UID),
    *(Row(f"{name}/e1", {"label": "a", **_MINE}, _PUBLIC) for name in CATALOGUE),
    *(Row(f"{name}/e1", _MINE) for name in INTERNAL),
)

COLLECTIONS = frozenset(name for row in ROWS for name in row.collection.split("/"))
"""Every collection there is, whatever it lies under."""
