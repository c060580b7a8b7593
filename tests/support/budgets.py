"""Round trips to Firestore that each function may take: one table, which the tests and `make bench` read.

`cold` is the first call of an instance that remembers nothing; `warm` is a later one. A call that takes its next share
of a rate limit commits once more (docs/decisions/0004-rate-limits.md), which is a row of its own where a test meets it.
"""

from __future__ import annotations

from typing import NamedTuple

READ, COMMIT, QUERY, COUNT = "BatchGetDocuments", "Commit", "RunQuery", "RunAggregationQuery"


class Budget(NamedTuple):
    """`calls`: those on the wire, in their order; None where only their number is bounded, because they differ."""

    most: int
    calls: tuple[str, ...] | None
    why: str


def exactly(*calls: str, why: str) -> Budget:
    return Budget(len(calls), calls, why)


def at_most(most: int, why: str) -> Budget:
    return Budget(most, None, why)


BUDGETS: dict[str, dict[str, Budget]] = {
    "createStudioJob": {
        "cold": exactly(READ, COMMIT, COMMIT, why="all documents in one read; one commit before the submit, one after"),
        "warm": exactly(COMMIT, COMMIT, why="the commit verifies what this instance remembers: nothing is read"),
        "with sources": exactly(READ, COMMIT, COMMIT, why="the creations that it is made from are read"),
        "checked": exactly(READ, COMMIT, COMMIT, why="all documents are read before the content is judged"),
        "replay": at_most(2, "the commit finds that the job exists, and the job is read"),
        "refusal": at_most(2, "a refusal rests on what was read now, not on what this instance remembers"),
        "recovery": exactly(COMMIT, COMMIT, READ, COMMIT, why="a success after a failure deletes the provider's row"),
    },
    "quoteStudioJob": {
        "cold": exactly(READ, why="all documents that the order would decide on, and the models' times"),
        "warm": exactly(READ, why="the times are kept for a minute"),
    },
    "cancelStudioJob": {
        "cold": exactly(READ, READ, COMMIT, why="whose job; the job, the caller and the limit; one commit"),
    },
    "getJobStatus": {
        "settled": exactly(READ, why="a job that has ended does not change: nothing is polled"),
    },
    "getUserBalance": {
        "warm": exactly(READ, why="the user; the share of the limit that the instance holds lasts for a tenth of it"),
        "next share": at_most(3, "the user, and the next share of the limit, which is read first where it changed"),
    },
    "getProfile": {
        "warm": exactly(READ, why="the user"),
    },
    "onUserCreated": {
        "cold": exactly(READ, COMMIT, why="whether the user exists; the user, the bonus and its entry in one commit"),
        "replay": exactly(READ, why="the user exists: nothing is written"),
    },
    "likePost": {
        "cold": exactly(READ, COMMIT, why="the post, the like and the caller in one read; all changes in one commit"),
        "refusal": at_most(2, "an instance that knows nothing reads the limit with the other documents"),
    },
    "reportPost": {
        "cold": at_most(2, "the post, the report and the reporter in one read; all changes in one commit"),
    },
    "getStudioOptions": {
        "cold": exactly(*[QUERY] * 5, READ, why="one query for each collection of the catalogue; the models' times"),
        "warm": exactly(why="the catalogue and the times are kept for a minute"),
    },
    "getOverview": {
        "a month": at_most(450, "of 31 days: the counters in one read, sums by provider and currency, the new people"),
    },
    "getUserCreations": {
        "warm": exactly(QUERY, why="one page"),
    },
    "saveCollection": {
        "warm": exactly(
            COMMIT, why="the commit verifies that nothing was made by this request, and how many there are"
        ),
    },
    "changeCollection": {
        "warm": exactly(READ, COMMIT, why="the collection and all creations in one read; all changes in one commit"),
    },
    "listCollections": {
        "warm": exactly(QUERY, READ, why="one page; all covers in one read"),
    },
    "getCreation": {
        "warm": exactly(READ, why="the creation and the caller"),
    },
    "createCheckoutSession": {
        "cold": exactly(READ, READ, COMMIT, why="the caller; all documents; one commit after Stripe"),
    },
    "confirmCheckout": {
        "open": exactly(READ, COMMIT, why="the caller is admitted before Stripe is asked; the call is charged"),
    },
    "stripeWebhook": {
        "cold": at_most(2, "all that the event concerns in one read; what it changes in one commit"),
        "replay": exactly(READ, why="the event is settled: nothing is written"),
    },
    "dispatchStudioJobs": {
        "idle": exactly(COUNT, COUNT, QUERY, why="no job is unfinished, none was ordered, no deletion is due"),
        "first idle": at_most(7, "an instance that knows nothing sums the day's spend first"),
    },
    "resetMonthlyTokens": {
        "idle": exactly(QUERY, why="nobody is due: a run that is not divided has no document and counts nothing"),
    },
    "auditLedger": {
        "idle": exactly(
            *[READ, READ, COMMIT, QUERY, QUERY, READ, COMMIT],
            why="the last run; the run is noted when it begins and when it ends; no user and no job has changed",
        ),
    },
    "sweepMedia": {
        "idle": exactly(QUERY, QUERY, why="no accounts, no creations; Cloud Storage lists no objects, in two requests"),
    },
    "health": {
        "cold": exactly(READ, why="one document that need not exist"),
        "warm": exactly(why="the answer is remembered for some seconds"),
    },
}
"""{function: {case: budget}}"""


def calls(function: str, case: str) -> list[str]:
    """What `rpcs.calls` must be."""
    found = BUDGETS[function][case].calls
    assert found is not None, f"{function}, {case}: only their number is bounded"
    return list(found)


def most(function: str, case: str) -> int:
    """How many round trips there may be."""
    return BUDGETS[function][case].most
