"""How Stripe is called: the client, its errors, and its lists. For the modules that make the calls alone.

Each call has a timeout and two retries, which its idempotency key makes safe. Failures become `PaymentsUnavailable`.
The SDK is imported at the first call.
"""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from studiox.kit import config, log
from studiox.kit.errors import StudioxError
from studiox.kit.process import memoized

from . import stripe_objects as objects

if TYPE_CHECKING:
    from stripe import StripeClient

T = TypeVar("T")

API_VERSION = "2026-10-28.endive"
TIMEOUT_S = 10.0
RETRIES = 2
PAGE = 100


class PaymentsUnavailable(StudioxError):
    """Stripe does not answer, or rejects our request. Nothing was charged."""

    code = "unavailable"
    text = "Payments aren't available right now. Try again later."


def _client() -> StripeClient:
    return _client_of(config.secret(config.STRIPE_SECRET_KEY).strip(), config.STRIPE_API_BASE.value.rstrip("/"))


@memoized(2)
def _client_of(key: str, base: str) -> StripeClient:
    import stripe

    address = urllib.parse.urlsplit(base)
    if address.scheme != "https" and not (config.in_emulator() and address.hostname in ("127.0.0.1", "localhost")):
        raise config.MissingSecret("STRIPE_API_BASE must be https")  # the key would be sent unencrypted
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": base},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
    )


@contextlib.contextmanager
def translated_errors(what: str) -> Iterator[StripeClient]:
    """Around every call: raises Stripe's errors as `PaymentsUnavailable`. Their messages are not logged."""
    client = _client()
    import stripe

    try:
        yield client
    except stripe.InvalidRequestError as error:
        log.alert("stripe_refused_request", call=what, code=error.code or "", param=error.param or "")
        raise PaymentsUnavailable from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.alert("stripe_refuses_our_key", call=what)
        raise PaymentsUnavailable from error
    except stripe.StripeError as error:
        log.warning("stripe_unavailable", call=what, error=type(error).__name__)
        raise PaymentsUnavailable from error


def find(ask: Callable[[], T], *params: str) -> T | None:
    """The answer to `ask`; None if the object is missing, or the object that one of these parameters names."""
    import stripe

    try:
        return ask()
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing" and (not params or error.param in params):
            return None
        raise


def pages(what: str, path: str, params: Mapping[str, Any]) -> Iterator[list[Mapping[str, Any]]]:
    """As plain data: the SDK's own objects of a page take many times the CPU of its request."""
    after: dict[str, str] = {}
    while True:
        with translated_errors(what) as client:
            listed: Any = client.raw_request("get", path, **params, **after, limit=PAGE).data
        page = listed["data"]
        yield page
        if not listed["has_more"] or not page:
            return
        after = {"starting_after": objects.identifier(page[-1])}
