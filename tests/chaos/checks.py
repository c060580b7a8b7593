"""What must hold when the faults are over and nothing is due: the simulation's checks at rest, and a few more."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from studiox.kit import ids
from studiox.models.users import pseudonym
from tests.chaos.town import Town, address_of
from tests.simulation.answers import Exchange
from tests.simulation.rest import at_rest
from tests.simulation.truth import Known, Truth
from tests.support import invariants

Documents = Mapping[str, Mapping[str, Any]]
TERMINAL = ("completed", "failed", "cancelled")
LATE = "job_past_its_deadline"


def violations(town: Town) -> list[str]:
    """Every violation, as a sentence."""
    everything = town.database.all()
    found = [*_books(town, everything), *unended(town, everything)]
    found += map(str, at_rest(everything, _truth(town), town.history))
    return [*found, *told_in_vain(town.history, everything), *exceptions(town)]


def of(everything: Documents, collection: str) -> dict[str, Mapping[str, Any]]:
    """{id: data} of a collection at the top."""
    return {
        path.partition("/")[2]: data
        for path, data in everything.items()
        if path.startswith(f"{collection}/") and path.count("/") == 1
    }


def _truth(town: Town) -> Truth:
    """What the vendors know."""
    people = {uid: Known(pseudonym(uid), address_of(uid)) for uid in town.people}
    stored = {
        name: datetime.datetime.fromisoformat(each["resource"]["timeCreated"]).timestamp()
        for name, each in town.gcs.objects.items()
    }
    return Truth(
        now=town.time.now(),
        people=people,
        stripe=town.chronicle.truth(town.stripe.api.requests),
        objects=stored,
        charges=town.poyo.taken,
        auth=people.keys() - town.auth.gone,
    )


def _books(town: Town, everything: Documents) -> Iterator[str]:
    """Balance and ledger of each user; and the product's own audit, which ran over all of them, agrees.

    An audit in the middle of the run may find a job late: time leaps, and the dispatcher comes afterwards. Whether the
    job ended all the same is what `unended` looks at.
    """
    for uid in of(everything, "users"):
        try:
            invariants.check(uid, town.database)
        except AssertionError as error:
            yield str(error).splitlines()[0]
    for alert_id, alert in of(everything, "ledgerAlerts").items():
        if alert["kind"] != LATE:
            yield f"auditLedger: {alert_id}: {alert}"


def unended(town: Town, everything: Documents) -> Iterator[str]:
    """Weeks have passed: no job is open or due. The provider has no task of a job that there never was."""
    jobs, users = of(everything, "jobs"), of(everything, "users")
    gone = {
        ids.derived(each.function, each.caller, each.data["requestId"])
        for each in town.history
        if each.function == "createStudioJob" and each.caller not in users
    }
    for job_id in town.poyo.taken.keys() - jobs.keys() - gone:
        yield f"the provider took an order of no job: {job_id}"
    for job_id, job in jobs.items():
        if job["status"] not in TERMINAL:
            yield f"job {job_id} has not ended: {job['status']}"
        elif {"nextPollAt", "nextAttemptAt", "deadlineAt"} & job.keys():
            yield f"job {job_id} is {job['status']} and still due"


def told_in_vain(history: list[Exchange], everything: Documents) -> Iterator[str]:
    """What a successful answer has promised to those who are still there, where the simulation does not look."""
    users = of(everything, "users")
    for each in history:
        if each.answer is None or not each.answer.ok or (each.caller not in users and not each.is_admin):
            continue
        data, told, wrong = each.data, each.answer.result, ""
        match each.function:
            case "addTokens":
                entry = everything.get(f"users/{data['uid']}/ledger/adjustment:{data['requestId']}", {})
                wrong = "" if entry.get("amount") == data["amount"] else f"the entry is {entry}"
            case "cancelStudioJob" | "setJobStatus" | "getJobStatus" if told["status"] in TERMINAL:
                job = everything.get(f"jobs/{told['jobId']}")  # an administrator's may be of a deleted account
                wrong = f"the job is {job['status']}" if job and job["status"] != told["status"] else ""
            case "deleteCreation":
                wrong = "it is there" if f"creations/{data['creationId']}" in everything else ""
            case "confirmCheckout" if told["status"] == "paid" and "tokens" in told:
                credit = f"users/{each.caller}/ledger/purchase:{data['sessionId']}"
                wrong = "" if credit in everything else "nothing was credited"
        if wrong:
            yield f"{each.function} {dict(data)} answered {dict(told)}, but {wrong}"
    yield from _liked(history, everything)


def _liked(history: list[Exchange], everything: Documents) -> Iterator[str]:
    """Whoever was told that a like is set or gone, and asked for nothing else meanwhile, finds it so."""
    likes = {(each["postId"], each["uid"]) for each in of(everything, "likes").values()}
    wishes: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for each in history:
        if each.function == "likePost":
            wishes[(each.caller, each.data["postId"])].append(each)
    for (uid, post), asked in wishes.items():
        last = max(asked, key=lambda each: each.began)
        others = [
            each
            for each in asked
            if each.data["liked"] != last.data["liked"] and (each.is_unknown or each.ended > last.began)
        ]
        there = f"posts/{post}" in everything and f"users/{uid}" in everything
        if others or not last.answer or not last.answer.ok or not there:
            continue
        if ((post, uid) in likes) != last.data["liked"]:
            yield f"{uid} was told that liked is {last.data['liked']} of {post}"


def exceptions(town: Town) -> Iterator[str]:
    """No exception that is not a refusal or an outage."""
    for log in town.logs:
        for line in log.read_text().splitlines():
            if ('"severity": "ERROR"' in line and '"stack_trace"' in line) or line.startswith("Traceback"):
                yield f"{log.name}: {line[-600:]}"
