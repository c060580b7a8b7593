"""Exporting one's account, as a callable."""

from __future__ import annotations

from ..clock import datetime
from ..endpoint import AccountHolder, Nothing, Response, endpoint
from ..errors import Unavailable
from ..limits import Limit
from . import service


class AccountExported(Response):
    url: str
    expires_at: datetime


@endpoint(limit=Limit(5, per=3600), refuses=(Unavailable,), timeout_sec=120)
def exportAccount(caller: AccountHolder, request: Nothing) -> AccountExported:
    """All that is kept about the caller as a JSON file, with a ledger whose running sum proves the balance."""
    url, expires_at = service.export(caller)
    return AccountExported(url=url, expires_at=expires_at)
