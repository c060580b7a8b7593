"""The debit alone, served as production serves functions. `createStudioJob`, which does more, is measured separately.

The product's own code moves the tokens (`tokens.service.debit_job` in `transact`). The function writes the same
documents as the peer in debit.js: the user, the ledger entry, the job.
"""

from __future__ import annotations

from typing import Any

from firebase_functions import https_fn

from studiox.kit import clock, firestore, ids
from studiox.kit.clock import datetime
from studiox.kit.documents import Path, Stored
from studiox.kit.errors import StudioxError
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.users import user_path
from studiox.tokens.service import debit_job

firestore.app()
PRICE = 1


class BenchedJob(Stored, frozen=True, kw_only=True):
    """The peer's job."""

    job_id: str
    uid: str
    prompt: str
    status: str
    price: int
    balance_after: int
    created_at: datetime


@https_fn.on_call()
def debit(request: https_fn.CallableRequest[Any]) -> Any:
    """Debit one token for a job, once per request id."""
    if request.auth is None or request.auth.uid is None:
        raise https_fn.HttpsError(https_fn.FunctionsErrorCode.UNAUTHENTICATED, "Sign in first.")
    uid, prompt = request.auth.uid, str(request.data["prompt"])
    job_id, now = ids.derived("debit", uid, str(request.data["requestId"])), clock.now()
    user, path = user_path(uid), Path(f"jobs/{job_id}", BenchedJob)

    def decide(docs: Docs) -> int:
        job = docs.get(path)
        if job is not None:
            return job.balance_after
        balance = debit_job(docs, uid, job_id, PRICE, "bench", now).balance_after
        job = BenchedJob(
            job_id=job_id,
            uid=uid,
            prompt=prompt,
            status="pending",
            price=PRICE,
            balance_after=balance,
            created_at=now,
        )
        docs.create(path, job)
        return balance

    try:
        return {"jobId": job_id, "balance": transact(user, decide, Reads(cached=[user], assumed_absent=[path]))}
    except StudioxError as refusal:
        code = https_fn.FunctionsErrorCode(refusal.code)
        raise https_fn.HttpsError(code, refusal.text, refusal.as_details()) from refusal
