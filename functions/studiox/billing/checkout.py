"""Opens checkout sessions and the customer portal. The order is written before anyone can pay for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.catalog import sales_store
from studiox.integrations import stripe
from studiox.kit import clock, config, firestore, ids
from studiox.kit.errors import NOT_OFFERED, InvalidRequest, RequestIdReused
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads
from studiox.models.catalog import TOKEN_PACKS
from studiox.models.orders import Order, order_path
from studiox.models.subscriptions import BillingAccount, PlanCheckout, account_path
from studiox.models.users import user_path

from . import orders, subscriptions
from .plans import (
    AlreadySubscribed,
    CheckoutItem,
    CheckoutTerms,
    checkout_terms,
    locale_of,
    requested_item,
    session_params,
    site_url,
)

T = TypeVar("T")

MAX_CUSTOMERS = 4
"""Attempts to create a customer. Stripe remembers an idempotency key for a day, even if its customer was deleted."""


def open_checkout(
    caller: User, request_id: str, pack_id: str | None, plan_id: str | None, price_id: str | None
) -> tuple[str, str]:
    """The session's id and address. `AlreadySubscribed`, `PaymentsUnavailable`.

    Stripe is asked first; then everything is written in one commit. If the process dies in between, no one has the
    address yet, and a retry of the request finds the same session by its idempotency key.
    """
    order_id = ids.derived("createCheckoutSession", caller.uid, request_id)
    fingerprint = _digest([pack_id, plan_id, price_id])
    already_read = _read(caller, order_id, pack_id)
    docs = firestore.docs_of(already_read)
    if (existing := docs.get(order_path(order_id))) is not None:
        return _first_answer(existing, fingerprint)
    item = requested_item(pack_id, plan_id, price_id, sales_store.all_plans(docs))
    pack = sales_store.find_pack(docs, item.pack_id) if item.pack_id else None
    if item.pack_id and pack is None:
        raise InvalidRequest(fields={"packId": NOT_OFFERED})
    plan = sales_store.plan_of(docs, item.plan_id) if item.plan_id else None
    now = clock.now()
    caller.admit_beforehand(docs)
    account = docs.get(account_path(caller.uid))
    _check(account, item)
    earlier = _plan_session(account) if item.plan_id else ""
    _close(earlier, account)

    terms, locale = current_terms(), _locale(docs, caller.uid)

    def create(customer_id: str) -> tuple[str, str] | None:
        params = session_params(
            order_id=order_id,
            uid=caller.uid,
            customer_id=customer_id,
            site=config.SITE_URL.value,
            pack=pack,
            plan=plan,
            terms=terms,
            locale=locale,
            save_card=_wants_card(docs, caller.uid),
        )
        # The key contains what is sold: after a change of the catalogue it is another session.
        return stripe.create_session(params, f"{order_id}:{_digest(params)[:16]}")

    (session_id, url), customer = _with_customer(caller.uid, account, _email(docs, caller.uid), locale, create)
    order = orders.new_order(
        order_id=order_id,
        uid=caller.uid,
        session_id=session_id,
        url=url,
        fingerprint=fingerprint,
        pack=pack,
        plan=plan,
        terms=terms,
        now=now,
    )
    session_id, url, replaced = _write(caller, item, order, customer, already_read)
    if replaced not in (earlier, session_id):
        _close(replaced, account)
    return session_id, url


def current_terms() -> CheckoutTerms:
    """What checkouts add to their prices now, by the deployment's parameters."""
    return checkout_terms(
        config.STRIPE_TAX.value, codes=config.PROMOTION_CODES.value, invoices=config.PACK_INVOICES.value
    )


def _plan_session(account: BillingAccount | None) -> str:
    """Id of the user's latest checkout session for a plan, "" if there is none."""
    return account.plan_checkout.session_id if account and account.plan_checkout else ""


def _email(docs: Docs, uid: str) -> str | None:
    user = docs.get(user_path(uid))
    return user.email if user else None


def _locale(docs: Docs, uid: str) -> str:
    user = docs.get(user_path(uid))
    return locale_of(user.preferences.language if user else None)


def _wants_card(docs: Docs, uid: str) -> bool:
    """Whether the user has turned on auto top-up, which lacks a card."""
    user = docs.get(user_path(uid))
    return user is not None and user.auto_top_up is not None and user.auto_top_up.wants_card


def _close(session_id: str, account: BillingAccount | None) -> None:
    """Expire a plan's earlier checkout, so that it cannot be paid too. `AlreadySubscribed` if it was just paid."""
    bought = stripe.expire_session(session_id) if session_id else ""
    # If it is the account's own subscription, that has ended: otherwise `_check` would have refused.
    if bought and bought != (account.current.id if account and account.current else None):
        raise AlreadySubscribed


def _read(caller: User, order_id: str, pack_id: str | None) -> dict[str, Document]:
    """The documents of a checkout, in one round trip. Creates the user's document if it is missing."""
    paths: list[str] = [order_path(order_id), account_path(caller.uid), *caller.paths(), *sales_store.stale()]
    if pack_id is not None:
        paths += sales_store.stale((TOKEN_PACKS.document(pack_id),))
    already_read = firestore.read_documents(paths)
    if already_read[user_path(caller.uid)].data is None:
        auth_service.provision(auth_service.as_new(caller), caller.function)
        already_read |= firestore.read_documents([user_path(caller.uid)])
    return already_read


def _check(account: BillingAccount | None, item: CheckoutItem) -> None:
    """`AlreadySubscribed`."""
    if item.plan_id and account and account.current and subscriptions.is_live(account.current.status):
        raise AlreadySubscribed


def _write(
    caller: User,
    item: CheckoutItem,
    order: Order,
    customer: BillingAccount,
    already_read: Mapping[str, Document],
) -> tuple[str, str, str]:
    """Write the order and the account in one commit: the session's id and address, and the session that it replaces.

    Of racing calls for the same request one writes; the others return its answer.
    """
    path = order_path(order.order_id)

    def decide(docs: Docs) -> tuple[str, str, str]:
        existing = docs.get(path)
        if existing is not None:
            return (*_first_answer(existing, order.fingerprint), "")
        known = docs.get(account_path(caller.uid))
        _check(known, item)
        account = _with_new_customer(known, customer)
        replaced = _plan_session(account) if item.plan_id else ""
        if item.plan_id:
            opened = PlanCheckout(order_id=order.order_id, session_id=order.session_id)
            account = msgspec.structs.replace(account, plan_checkout=opened)
        docs.put(account_path(caller.uid), account)
        docs.create(path, order)
        return order.session_id, order.url, replaced

    reads = Reads(already_read=already_read)
    return caller.commit(
        user_path(caller.uid), decide, reads, target=path, details=lambda _made: {"item": order.item_id}
    )


def _first_answer(order: Order, fingerprint: str) -> tuple[str, str]:
    if order.fingerprint != fingerprint:
        raise RequestIdReused
    return order.session_id, order.url


def _digest(parts: object) -> str:
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()


def _with_customer(
    uid: str, account: BillingAccount | None, email: str | None, locale: str, ask: Callable[[str], T | None]
) -> tuple[T, BillingAccount]:
    """Stripe's answer to `ask` for the user's customer, and the account fields that name this customer.

    The customer's invoices follow the user's language if Stripe speaks it.

    Creates the customer if there is none, and again if it was deleted in Stripe (`ask` returns None). Racing calls
    use the same idempotency key and so get the same customer. `PaymentsUnavailable`.
    """
    generation = (account.generation if account else None) or 0
    known = account.customer_id if account else None
    told = account.locale if account else None
    for _ in range(MAX_CUSTOMERS):
        customer_id = known or stripe.create_customer(uid, email, f"customer:{uid}:{generation}")
        if (answer := ask(customer_id)) is not None:
            if locale not in ("auto", told):
                stripe.set_locale(customer_id, locale)
                told = locale
            return answer, BillingAccount(uid=uid, customer_id=customer_id, generation=generation, locale=told)
        generation, known, told = generation + 1, None, None
    raise stripe.PaymentsUnavailable


def _with_new_customer(account: BillingAccount | None, customer: BillingAccount) -> BillingAccount:
    """The account with the customer that Stripe was asked for."""
    if account is None:
        return customer
    return msgspec.structs.replace(
        account,
        uid=customer.uid,
        customer_id=customer.customer_id,
        generation=customer.generation,
        locale=customer.locale,
    )


def open_portal(caller: User) -> str:
    """The address of the customer portal. Creates the customer if there is none. `PaymentsUnavailable`."""
    path = account_path(caller.uid)
    paths: list[str] = [path, *caller.paths()]
    already_read = firestore.read_documents(paths)
    if already_read[user_path(caller.uid)].data is None:
        auth_service.provision(auth_service.as_new(caller), caller.function)
        already_read |= firestore.read_documents([user_path(caller.uid)])
    seen = firestore.docs_of(already_read)
    caller.admit_beforehand(seen)
    home = site_url(config.SITE_URL.value, "/?portal=closed")
    locale = _locale(seen, caller.uid)
    url, customer = _with_customer(
        caller.uid,
        seen.get(path),
        _email(seen, caller.uid),
        locale,
        lambda customer_id: stripe.create_portal(customer_id, home, locale, f"portal:{ids.new()}"),
    )

    def decide(docs: Docs) -> None:
        docs.put(path, _with_new_customer(docs.get(path), customer))

    caller.commit(user_path(caller.uid), decide, Reads(already_read=already_read), target=path, always=True)
    return url
