"""What must hold when the faults are over and nothing is due, over the stored documents and what the callers saw."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from studiox.kit import ids
from tests.chaos.town import Asked, Town
from tests.simulation.checks import Checks
from tests.support import invariants

Documents = Mapping[str, Mapping[str, Any]]
TERMINAL = ("completed", "failed", "cancelled")
PAID_PLANS = {"price_studiox_pro": "pro", "price_studiox_enterprise": "enterprise"}


def violations(town: Town) -> list[str]:
    """Every violation, as a sentence."""
    everything = town.database.all()
    found = [*_books(town, everything), *_jobs(town, everything), *_media(town, everything)]
    found += [*_payments(town, everything), *_subscriptions(town, everything)]
    found += [*map(str, Checks(everything).found), *_answers(town.history, everything, town), *_exceptions(town)]
    return found


def _documents(everything: Documents, collection: str) -> dict[str, Mapping[str, Any]]:
    depth = collection.count("/") + 1
    return {
        path.removeprefix(f"{collection}/"): data
        for path, data in everything.items()
        if path.startswith(f"{collection}/") and path.count("/") == depth
    }


def _books(town: Town, everything: Documents) -> Iterator[str]:
    """Balance and ledger of each user; and our own audit, which ran over all of them, agrees."""
    for uid in _documents(everything, "users"):
        try:
            invariants.check(uid, town.database)
        except AssertionError as error:
            yield str(error).splitlines()[0]
    for alert_id, alert in _documents(everything, "ledgerAlerts").items():
        yield f"auditLedger: {alert_id}: {alert}"


def _jobs(town: Town, everything: Documents) -> Iterator[str]:
    """Every job has ended and none is due, and the provider took each order at most once."""
    jobs = _documents(everything, "jobs")
    for job_id, job in jobs.items():
        if job["status"] not in TERMINAL:
            yield f"job {job_id} has not ended: {job['status']}"
        elif {"nextPollAt", "nextAttemptAt", "deadlineAt"} & job.keys():
            yield f"job {job_id} is {job['status']} and still due"
    for key, times in town.poyo.taken.items():
        if times > 1:
            yield f"the provider took the order of job {key} {times} times"
        if key not in jobs:
            yield f"the provider took an order of no job: {key}"


def _media(town: Town, everything: Documents) -> Iterator[str]:
    """A completed job has its creation until that is deleted; Storage has exactly the media of the documents."""
    wanted: set[str] = set()
    for job_id, job in _documents(everything, "jobs").items():
        creation = everything.get(f"creations/{job_id}")
        if (creation is not None) != (job.get("creationId") is not None):
            yield f"job {job_id} is {job['status']}, names {job.get('creationId')}, and its creation is {creation}"
        if creation is not None and creation["media"] != job["media"]:
            yield f"creation {job_id} has other media than its job"
        wanted |= _paths(job["media"])
    for post in _documents(everything, "posts").values():
        wanted |= _paths(post["media"])
    there = set(town.gcs.objects)
    if wanted - there:
        yield f"media that documents name are missing: {sorted(wanted - there)[:5]}"
    if there - wanted:
        yield f"{len(there - wanted)} media are of no document: {sorted(there - wanted)[:5]}"


def _paths(media: list[dict[str, Any]]) -> set[str]:
    return {item[name] for item in media for name in ("path", "imagePath") if name in item}


def _payments(town: Town, everything: Documents) -> Iterator[str]:
    """Every paid object of Stripe is credited once, or parked."""
    parked = set(_documents(everything, "unmatchedPayments"))
    entries = Counter(path.rsplit("/", 1)[1] for path in everything if "/ledger/" in path)
    shown = {path.rsplit("/", 1)[1]: data for path, data in everything.items() if "/payments/" in path}
    orders = {order["sessionId"]: order_id for order_id, order in _documents(everything, "orders").items()}
    for each in town.stripe.account.objects.values():
        name = each["id"]
        if each["object"] == "checkout.session" and each["mode"] == "payment" and each["payment_status"] == "paid":
            if entries[f"purchase:{name}"] != 1 and not parked & {name, orders.get(name)}:
                yield f"session {name} was paid, and credited {entries[f'purchase:{name}']} times"
        elif each["object"] == "invoice" and each["status"] == "paid" and each["amount_paid"]:
            subscription = each["parent"]["subscription_details"]["subscription"]
            if shown.get(name, {}).get("status") in (None, "pending", "failed") and subscription not in parked:
                yield f"invoice {name} was paid, and its buyer's history has {shown.get(name)}"


def _subscriptions(town: Town, everything: Documents) -> Iterator[str]:
    """A user's plan is that of the live subscription at Stripe."""
    plans: dict[str, list[str]] = defaultdict(list)
    for each in town.stripe.account.all("subscription"):
        if each["status"] in ("active", "trialing"):
            plans[each["metadata"]["uid"]].append(PAID_PLANS[each["items"]["data"][0]["price"]["id"]])
    for uid, user in _documents(everything, "users").items():
        if plans[uid] != ([user["plan"]] if user["plan"] != "free" else []):
            yield f"{uid} has the plan {user['plan']}, and pays for {plans[uid]}"


def _answers(history: list[Asked], everything: Documents, town: Town) -> Iterator[str]:
    """What callers were told is true."""
    requests: dict[tuple[str, str, str], list[Asked]] = defaultdict(list)
    for each in history:
        if each.answer is not None and each.answer.code == "internal":
            yield f"{each.function} answered internal"
        if "requestId" in each.data:
            requests[(each.uid, each.function, each.data["requestId"])].append(each)
        if each.answer is not None and each.answer.ok:
            yield from _told(each, each.answer.result, everything, town)
    for (uid, function, request_id), tries in requests.items():
        results = {json.dumps(_first(each), sort_keys=True) for each in tries if each.answer and each.answer.ok}
        if len(results) > 1:
            yield f"{function} of {uid} answered one request in several ways: {sorted(results)}"
        if not results and all(each.is_known and not each.answer.details.get("jobId") for each in tries):  # type: ignore[union-attr]
            left = _effect(uid, function, request_id, tries[0].data)
            if left in everything:
                yield f"{function} of {uid} was refused, and left {left}"
    yield from _liked(history, everything)


def _first(each: Asked) -> Any:
    """The answer, but for what may be newer in a repeated one."""
    assert each.answer is not None
    return {name: value for name, value in each.answer.result.items() if name != "status"}


def _effect(uid: str, function: str, request_id: str, data: Mapping[str, Any]) -> str:
    """The document that this request makes."""
    match function:
        case "createStudioJob":
            return f"jobs/{ids.derived(function, uid, request_id)}"
        case "useTokens":
            return f"users/{uid}/ledger/feature:{request_id}"
        case "addTokens":
            return f"users/{data['uid']}/ledger/adjustment:{request_id}"
    return ""


def _told(each: Asked, told: Mapping[str, Any], everything: Documents, town: Town) -> Iterator[str]:
    """What a successful answer promises."""
    data, wrong = each.data, ""
    match each.function:
        case "createStudioJob":
            job = everything.get(f"jobs/{told['jobId']}", {})
            wrong = "" if (job.get("uid"), job.get("price")) == (each.uid, told["price"]) else f"the job is {job}"
        case "useTokens" | "addTokens":
            entry = everything.get(_effect(each.uid, each.function, data["requestId"], data), {})
            amount = -told["spent"] if each.function == "useTokens" else data["amount"]
            wrong = "" if entry.get("amount") == amount else f"the entry is {entry}"
        case "cancelStudioJob" | "setJobStatus" | "getJobStatus" if told["status"] in TERMINAL:
            status = everything[f"jobs/{told['jobId']}"]["status"]
            wrong = "" if status == told["status"] else f"the job is {status}"
        case "deleteCreation":
            wrong = "it is there" if f"creations/{data['creationId']}" in everything else ""
        case "commentPost":
            comment = f"posts/{data['postId']}/comments/{told['commentId']}"
            wrong = "" if comment in everything or f"posts/{data['postId']}" not in everything else "there is none"
        case "createCheckoutSession":
            wrong = "" if told["sessionId"] in town.stripe.account.objects else "Stripe has no such session"
        case "confirmCheckout" if told["status"] == "paid" and "tokens" in told:
            credit = f"users/{each.uid}/ledger/purchase:{data['sessionId']}"
            wrong = "" if credit in everything else "nothing was credited"
    if wrong:
        yield f"{each.function} {dict(data)} answered {dict(told)}, but {wrong}"


def _liked(history: list[Asked], everything: Documents) -> Iterator[str]:
    """Whoever was told that a like is set or gone, and asked for nothing else meanwhile, finds it so."""
    likes = {(each["postId"], each["uid"]) for each in _documents(everything, "likes").values()}
    wishes: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for each in history:
        if each.function == "likePost":
            wishes[(each.uid, each.data["postId"])].append(each)
    for (uid, post), asked in wishes.items():
        last = max(asked, key=lambda each: each.number)
        others = [
            each
            for each in asked
            if each.data["liked"] != last.data["liked"] and (not each.is_known or each.ended > last.number)
        ]
        if others or not last.answer or not last.answer.ok or f"posts/{post}" not in everything:
            continue
        if ((post, uid) in likes) != last.data["liked"]:
            yield f"{uid} was told that liked is {last.data['liked']} of {post}"


def _exceptions(town: Town) -> Iterator[str]:
    """No exception that is not a refusal or an outage."""
    for log in town.logs:
        for line in log.read_text().splitlines():
            if ('"severity": "ERROR"' in line and '"stack_trace"' in line) or line.startswith("Traceback"):
                yield f"{log.name}: {line[-600:]}"
