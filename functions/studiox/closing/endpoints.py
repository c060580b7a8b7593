"""Deleting one's account, as a callable."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from .. import config
from ..endpoint import RecentAccountHolder, Request, Response, endpoint
from ..limits import Limit
from . import service


class DeleteAccount(Request, frozen=True):
    confirm: Annotated[str, Meta(min_length=1, max_length=320)]


class AccountDeleted(Response):
    deleted: bool


@endpoint(limit=Limit(10, per=60, in_commit=True), secrets=[config.STRIPE_SECRET_KEY], timeout_sec=120)
def deleteAccount(caller: RecentAccountHolder, request: DeleteAccount) -> AccountDeleted:
    """Delete the caller's account for good; `confirm` is its e-mail address. A large one is gone a little later."""
    service.delete_account(caller, request.confirm)
    return AccountDeleted(deleted=True)
