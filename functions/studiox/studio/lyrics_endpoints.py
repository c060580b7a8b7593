"""The callable that writes lyrics."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from studiox.api.callables import Request, RequestId, Response, Text, VerifiedUser, endpoint
from studiox.content_check import service as content_check
from studiox.integrations.providers import specs
from studiox.kit.errors import AccountSuspended, EmailNotVerified, NotFound, RequestIdReused
from studiox.kit.rate_limits import Limit
from studiox.models.ledger import InsufficientTokens
from studiox.tokens.daily_spend import SpendLimitReached

from . import lifecycle, lyric_orders

ShortText = Annotated[str, Meta(min_length=1, max_length=100), Text]


class GenerateLyrics(Request, frozen=True):
    theme: Annotated[str, Meta(min_length=1, max_length=1_000), Text]
    mood: ShortText
    preset_type: ShortText
    request_id: RequestId
    language: Annotated[str, Meta(min_length=1, max_length=50), Text] | None = None

    @property
    def wish(self) -> lyric_orders.Wish:
        return lyric_orders.Wish(self.theme, self.mood, self.preset_type, self.language)


class Lyrics(Response):
    lyrics: str
    title: str
    price: int
    balance: int


@endpoint(
    limit=Limit(30, per=60, in_commit=True),
    secrets=specs.SECRETS,
    refuses=(
        AccountSuspended,
        EmailNotVerified,
        InsufficientTokens,
        SpendLimitReached,
        NotFound,
        RequestIdReused,
        content_check.ContentRejected,
        lifecycle.TooManyJobs,
        lifecycle.ProviderRejected,
        lifecycle.ProviderUnavailable,
    ),
    timeout_sec=120,
)
def generateLyrics(caller: VerifiedUser, request: GenerateLyrics) -> Lyrics:
    """Write lyrics and return them in the response. A failure is refunded and recorded with the request."""
    lyrics, title, price, balance = lyric_orders.write(caller, request.request_id, request.wish)
    return Lyrics(lyrics=lyrics, title=title, price=price, balance=balance)
