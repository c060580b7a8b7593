"""Opening a checkout and the customer portal. What a checkout sells is written down before anybody can pay for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from studiox.api.callables import User
from studiox.auth import service as accounts
from studiox.catalog import sales, sales_store
from studiox.integrations import stripe
from studiox.kit import audit, clock, config, firestore, ids
from studiox.kit.clock import datetime
from studiox.kit.errors import InvalidRequest, RequestIdReused
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads, transact
from studiox.models.users import user_path

from . import orders, store, subscriptions
from .plans import AlreadySubscribed, Wanted, session_params, site_url, wanted

Data = Mapping[str, Any]
T = TypeVar("T")

MAX_CUSTOMERS = 4
"""So many of a user's customers may have been deleted in Stripe within the day that it remembers our keys."""


def open_checkout(
    caller: User, request_id: str, pack_id: str | None, plan_id: str | None, price_id: str | None
) -> tuple[str, str]:
    """The session's id and address. Stripe is asked first and all is written in one commit afterwards.

    A call that dies between the two leaves nothing: nobody was told the address, and the same request finds the
    same session by its idempotency key. `AlreadySubscribed`, `PaymentsUnavailable`.
    """
    order_id = ids.derived("createCheckoutSession", caller.uid, request_id)
    fingerprint = _digest([pack_id, plan_id, price_id])
    seen = _read(caller, order_id, pack_id)
    if (order := seen[store.order_path(order_id)].data) is not None:
        return _first_answer(order, fingerprint)
    docs = Docs(lambda path: seen[path].data)
    asked = wanted(pack_id, plan_id, price_id, sales_store.all_plans(docs))
    pack = sales_store.find_pack(docs, asked.pack_id) if asked.pack_id else None
    if asked.pack_id and pack is None:
        raise InvalidRequest(fields={"packId": "not in the catalogue"})
    plan = sales_store.plan_of(docs, asked.plan_id) if asked.plan_id else None
    now = clock.now()
    _check(docs, caller, asked, now)  # before Stripe is asked for anything
    account = docs.get(store.account_path(caller.uid)) or {}
    earlier = (account.get("planCheckout") or {}).get("sessionId", "") if asked.plan_id else ""
    _close(earlier, account)
    user = docs.get(user_path(caller.uid))
    email = None if user is None else user.email

    def ask(customer_id: str) -> tuple[str, str] | None:
        params = session_params(
            order_id=order_id, uid=caller.uid, customer_id=customer_id, site=config.SITE_URL.value, pack=pack, plan=plan
        )
        # What is sold is part of the key: after a change of the catalogue it is another session.
        return stripe.create_session(params, f"{order_id}:{_digest(params)[:16]}")

    (session_id, url), customer = _with_customer(caller.uid, account, email, ask)
    order = _new_order(order_id, caller.uid, session_id, url, fingerprint, pack, plan, now)
    session_id, url, replaced = _write(caller, asked, order, customer, seen, now)
    if replaced not in (earlier, session_id):
        _close(replaced, account)
    return session_id, url


def _close(session_id: str, account: Data) -> None:
    """A plan's earlier checkout must not be paid as well. `AlreadySubscribed` if it was, a moment ago."""
    bought = stripe.expire_session(session_id) if session_id else ""
    # One that we know of has ended since, or `_check` would have refused.
    if bought and bought != (account.get("current") or {}).get("id"):
        raise AlreadySubscribed


def _read(caller: User, order_id: str, pack_id: str | None) -> dict[str, Document]:
    """All that the checkout rests on, in one round trip; an account that was never provisioned is made first."""
    paths = [store.order_path(order_id), store.account_path(caller.uid), *caller.paths(), *sales_store.stale()]
    if pack_id is not None:
        paths += sales_store.stale((sales_store.pack_key(pack_id),))
    seen = firestore.read_documents(paths)
    if seen[user_path(caller.uid)].data is None:
        accounts.provision(accounts.as_new(caller), "createCheckoutSession")
        seen |= firestore.read_documents([user_path(caller.uid)])
    return seen


def _check(docs: Docs, caller: User, asked: Wanted, now: datetime) -> None:
    """`AccountSuspended`, `RateLimited`, `AlreadySubscribed`."""
    caller.admit(docs, now)
    current = (docs.get(store.account_path(caller.uid)) or {}).get("current")
    if asked.plan_id and current is not None and subscriptions.is_live(current["status"]):
        raise AlreadySubscribed


def _write(
    caller: User, asked: Wanted, order: Data, changed: Data, seen: Mapping[str, Document], now: datetime
) -> tuple[str, str, str]:
    """The order, and the account that it belongs to, in one commit; also the session that it takes the place of.

    A race for the same request has one winner.
    """
    path, account_path = store.order_path(order["orderId"]), store.account_path(caller.uid)

    def decide(docs: Docs) -> tuple[str, str, str]:
        existing = docs.get(path)
        if existing is not None:
            return (*_first_answer(existing, order["fingerprint"]), "")
        _check(docs, caller, asked, now)
        account = docs.get(account_path) or {}
        before = (account.get("planCheckout") or {}).get("sessionId", "") if asked.plan_id else ""
        opened = {"planCheckout": {"orderId": order["orderId"], "sessionId": order["sessionId"]}}
        # Whoever was first made the customer; with the same key Stripe gave everybody the same one.
        merged = {**account, **changed, **(opened if asked.plan_id else {})}
        docs.put(account_path, merged)
        docs.create(path, order)
        audit.record(docs, actor=caller.uid, action="createCheckoutSession", target=path, at=now, item=order["itemId"])
        return order["sessionId"], order["url"], before

    return transact(user_path(caller.uid), decide, Reads(already_read=seen))


def _first_answer(order: Data, fingerprint: str) -> tuple[str, str]:
    if order["fingerprint"] != fingerprint:
        raise RequestIdReused
    return order["sessionId"], order["url"]


def _new_order(
    order_id: str,
    uid: str,
    session_id: str,
    url: str,
    fingerprint: str,
    pack: sales.Pack | None,
    plan: sales.Plan | None,
    now: datetime,
) -> dict[str, Any]:
    """What was sold at what price: the webhook credits this, whatever the catalogue says by then (S17)."""
    sold = pack or plan
    assert sold is not None
    held = orders.Held(
        order_id=order_id,
        uid=uid,
        session_id=session_id,
        tokens=pack.tokens if pack else 0,
        amount=sold.amount,
        currency=sold.currency,
    )
    about = {"kind": "pack" if pack else "plan", "itemId": sold.id, "url": url, "fingerprint": fingerprint}
    return {**store.fields(held), **about, "createdAt": now, "updatedAt": now}


def _digest(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def _with_customer(
    uid: str, account: Data, email: str | None, ask: Callable[[str], T | None]
) -> tuple[T, dict[str, Any]]:
    """What Stripe answers to `ask` for the user's customer, and the fields of the account that name this one.

    The customer is made if there is none, and anew if somebody deleted it (`ask` answers None). However many calls
    make it at once, it is one: they all ask with the same key.
    """
    generation, known = account.get("generation", 0), account.get("customerId")
    for _ in range(MAX_CUSTOMERS):
        customer_id = known or stripe.create_customer(uid, email, f"customer:{uid}:{generation}")
        if (answer := ask(customer_id)) is not None:
            return answer, {"uid": uid, "customerId": customer_id, "generation": generation}
        generation, known = generation + 1, None
    raise stripe.PaymentsUnavailable


def open_portal(caller: User) -> str:
    """The address of the customer portal; the customer is made if there is none."""
    account_path = store.account_path(caller.uid)
    paths = [account_path, *caller.paths()]
    seen = firestore.read_documents(paths)
    if seen[user_path(caller.uid)].data is None:
        accounts.provision(accounts.as_new(caller), "createPortalSession")
        seen |= firestore.read_documents([user_path(caller.uid)])
    account, user = seen[account_path].data or {}, seen[user_path(caller.uid)].as_(user_path(caller.uid))
    now = clock.now()
    caller.admit(Docs(lambda path: seen[path].data), now)  # before Stripe is asked for anything
    home = site_url(config.SITE_URL.value, "/?portal=closed")
    url, customer = _with_customer(
        caller.uid,
        account,
        None if user is None else user.email,
        lambda customer_id: stripe.create_portal(customer_id, home, f"portal:{ids.new()}"),
    )

    def decide(docs: Docs) -> None:
        caller.admit(docs, now)
        current = docs.get(account_path) or {}
        docs.put(account_path, {**current, **customer})
        audit.record(docs, actor=caller.uid, action="createPortalSession", target=account_path, at=now)

    transact(
        user_path(caller.uid),
        decide,
        Reads(already_read={path: seen[path] for path in paths if path != user_path(caller.uid)}),
    )
    return url
