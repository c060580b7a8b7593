"""Plain HTTP functions with a Bearer ID token: generate a picture synchronously, and read the caller's tokens."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from studiox.api.callables import Id, Reader, Request, RequestId, Response, Text, VerifiedUser
from studiox.api.http_functions import route
from studiox.auth import service as auth_service
from studiox.content_check import service as content_check
from studiox.integrations.providers import specs
from studiox.kit.clock import datetime
from studiox.kit.errors import AccountSuspended, EmailNotVerified, Forbidden, NotFound, RequestIdReused
from studiox.kit.rate_limits import Limit
from studiox.models import ledger_store
from studiox.models.ledger import EntryType, InsufficientTokens
from studiox.tokens.daily_spend import SpendLimitReached

from . import generation_requests, lifecycle

TRANSACTIONS = 100

Name = Annotated[str, Meta(min_length=1, max_length=100), Text]


class CreateGenerationRequest(Request, frozen=True):
    model: Name
    style: Name
    color: Name
    size: Name
    prompt: Annotated[str, Meta(min_length=1, max_length=10_000), Text]
    request_id: RequestId | None = None
    user_id: Id | None = None


class GenerationRequest(Response):
    generation_request_id: str
    deducted_credits: int
    image_url: str


@route(
    "POST",
    limit=Limit(30, per=60, in_commit=True),
    secrets=specs.SECRETS,
    refuses=(
        AccountSuspended,
        EmailNotVerified,
        Forbidden,
        InsufficientTokens,
        SpendLimitReached,
        NotFound,
        RequestIdReused,
        content_check.ContentRejected,
        lifecycle.TooManyJobs,
        generation_requests.GenerationFailed,
    ),
    timeout_sec=120,
)
def createGenerationRequest(caller: VerifiedUser, request: CreateGenerationRequest) -> GenerationRequest:
    """Generate a picture and return its URL in the response. The model must be one that answers synchronously."""
    generation_requests.check_user(caller, request.user_id)
    given = {"style": request.style, "color": request.color, "size": request.size, "prompt": request.prompt}
    job_id, price, url = generation_requests.generate(caller, request.model, given, request.request_id)
    return GenerationRequest(generation_request_id=job_id, deducted_credits=price, image_url=url)


class GetUserCredits(Request, frozen=True):
    user_id: Id | None = None


class CreditTransaction(Response):
    """A ledger entry. `credits` is negative for a debit. The sum of all entries of an account is its balance."""

    id: str
    type: EntryType
    credits: int
    timestamp: datetime
    generation_request_id: str | UnsetType = UNSET


class UserCredits(Response):
    current_credits: int
    transactions: list[CreditTransaction]


@route("GET", limit=Limit(120, per=60), refuses=(Forbidden,))
def getUserCredits(caller: Reader, request: GetUserCredits) -> UserCredits:
    """Return the caller's balance and the latest 100 ledger entries, newest first."""
    generation_requests.check_user(caller, request.user_id)
    user = auth_service.account(caller)
    entries, _ = ledger_store.list_entries(caller.uid, type=None, size=TRANSACTIONS, cursor=None)
    listed = [
        CreditTransaction(
            id=entry.id,
            type=entry.type,
            credits=entry.amount,
            timestamp=entry.created_at,
            generation_request_id=entry.ref.id if entry.ref.kind == "job" else UNSET,
        )
        for entry in entries
    ]
    return UserCredits(current_credits=user.balance, transactions=listed)
