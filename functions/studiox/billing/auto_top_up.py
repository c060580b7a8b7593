"""Auto top-up: what the user sets, and the payment of a top-up that a debit has called for.

The order is written before Stripe is asked, and its id is the idempotency key. So a payment is made once, whichever
tasks and instances run, and whether or not Stripe's answers arrive (docs/decisions/0041-auto-top-up.md).
"""

from __future__ import annotations

import functools
from typing import NamedTuple

from msgspec.structs import replace

from studiox.api.callables import User
from studiox.auth import service as auth_service
from studiox.catalog import sales_store
from studiox.integrations import stripe_off_session
from studiox.integrations.stripe import PaymentsUnavailable
from studiox.integrations.stripe_types import Subject
from studiox.kit import batch, clock, config, firestore, log
from studiox.kit.audit import System
from studiox.kit.clock import datetime
from studiox.kit.errors import InvalidRequest, Wrong
from studiox.kit.transaction import Docs, Reads
from studiox.models.auto_top_up import AutoTopUp, TopUpProblem
from studiox.models.catalog import TOKEN_PACKS
from studiox.models.orders import OffSession, Order, order_path
from studiox.models.subscriptions import account_path
from studiox.models.users import change_user, user_path

from . import settlement, store, top_up_effects, top_up_rules
from .context import SettlementContext, by_stripe
from .top_up_rules import AutoTopUpUnavailable, WantedTopUp

MAX_DUE = 200


def set_auto_top_up(caller: User, wanted: WantedTopUp) -> AutoTopUp | None:
    """Turn auto top-up on, with these settings, or off; None if it was never on.

    `InvalidRequest`, `AutoTopUpUnavailable`.

    Turned off, no debit calls for a top-up from then on, and the card is forgotten. If Stripe cannot be reached, the
    card stays in the settings; another call forgets it.
    """
    if wanted.enabled and _is_taxed():
        raise AutoTopUpUnavailable
    setting = auth_service.with_account(caller, lambda account: _set(caller, wanted, account))
    if setting is None or setting.enabled or setting.card is None:
        return setting
    try:
        stripe_off_session.forget_card(setting.card.payment_method_id)
    except PaymentsUnavailable:
        log.warning("card_not_forgotten")
        return setting
    return _without_card(caller, setting)


def _is_taxed() -> bool:
    """Whether Stripe counts tax, which a payment without a checkout cannot carry."""
    return bool(config.STRIPE_TAX.value != "off")


def _set(caller: User, wanted: WantedTopUp, account: auth_service.AccountOf) -> AutoTopUp | None:
    now = clock.now()
    path = user_path(caller.uid)

    def decide(docs: Docs) -> AutoTopUp | None:
        known = account(docs).auto_top_up
        pack_id = wanted.pack_id or (known.pack_id if known else None)
        if wanted.enabled and pack_id is None:
            raise InvalidRequest(fields={"packId": Wrong("needed to turn it on", {"rule": "missing"})})
        pack = sales_store.find_pack(docs, pack_id) if wanted.enabled and pack_id else None
        setting = top_up_rules.agreed(known, wanted, pack)
        if setting != known:
            change_user(docs, caller.uid, now, auto_top_up=setting)
        return setting

    reads = sales_store.stale((TOKEN_PACKS.document(wanted.pack_id),)) if wanted.enabled and wanted.pack_id else []
    return caller.commit(
        path, decide, Reads(fresh=reads, cached=[path]), target=path, details=lambda _: {"enabled": wanted.enabled}
    )


def _without_card(caller: User, known: AutoTopUp) -> AutoTopUp:
    """The settings after their card was forgotten at Stripe, unless they were changed since."""
    path, now = user_path(caller.uid), clock.now()
    after = replace(known, card=None)

    def decide(docs: Docs) -> None:
        user = docs.get(path)
        if user is not None and user.auto_top_up is not None and user.auto_top_up.card == known.card:
            change_user(docs, caller.uid, now, auto_top_up=replace(user.auto_top_up, card=None))

    caller.commit(path, decide, Reads(fresh=[path]), target=None)
    return after


class _Placed(NamedTuple):
    """An order that has not ended, and whether its payment may be sent."""

    order: Order
    terms: OffSession
    may_send: bool


def pay(uid: str, order_id: str, action: str) -> None:
    """Order and pay the top-up that a debit has called for, or learn what came of it. Repeatable.

    `PaymentsUnavailable`, `Unavailable`, `Contention`: it is not known. The task is repeated, the hourly
    reconciliation looks again, and Stripe's event settles it, whichever comes first.
    """
    placed = _place(uid, order_id, action)
    if placed is None:
        return
    order, terms, may_send = placed
    intent_id = terms.intent_id
    if not intent_id and may_send:
        intent_id = stripe_off_session.pay(top_up_rules.payment_params(order, terms), order_id)
        if not intent_id:
            _fail(order, "declined", action)
            return
    if not intent_id:
        intent_id = stripe_off_session.find_intent(terms.customer_id, order_id, order.created_at)
    if intent_id:
        context = SettlementContext(by_stripe(action))
        settlement.settle_event(Subject("order", order_id, order_id, uid, intent_id), context)
    elif clock.now() - order.created_at > top_up_rules.GIVE_UP:
        _fail(order, "unavailable", action)


def _place(uid: str, order_id: str, action: str) -> _Placed | None:
    """The order, made if the top-up may be ordered; None if there is nothing to do any more."""
    now = clock.now()
    path, user, account = order_path(order_id), user_path(uid), account_path(uid)

    def decide(docs: Docs) -> _Placed | None:
        order = docs.get(path) or _ordered(docs, uid, order_id, now)
        if order is None or order.off_session is None or order.status not in ("open", "pending"):
            return None
        return _Placed(order, order.off_session, top_up_rules.may_send(order, docs.get(user), now))

    reads = Reads(fresh=[path, user, account])
    return System(action).commit(user, decide, reads, target=path, details=lambda made: {"made": made is not None})


def _ordered(docs: Docs, uid: str, order_id: str, now: datetime) -> Order | None:
    """The order, created in this commit with its part of the month's ceiling; None if the top-up is not ordered."""
    owner, account = docs.get(user_path(uid)), docs.get(account_path(uid))
    setting = owner.auto_top_up if owner else None
    if owner is None or setting is None or setting.order_id != order_id:
        return None
    pack = sales_store.find_pack(docs, setting.pack_id)
    problem = top_up_rules.obstacle(owner, setting, pack, taxed=_is_taxed(), now=now)
    if problem or setting.card is None or account is None:
        top_up_effects.stop(docs, uid, setting, problem or "dropped", now)
        return None
    order = top_up_rules.new_order(order_id, uid, setting, setting.card, account.customer_id, now)
    docs.create(order_path(order_id), order)
    change_user(docs, uid, now, auto_top_up=top_up_rules.with_order(setting, now))
    return order


def _fail(known: Order, problem: TopUpProblem, action: str) -> None:
    """End an order whose payment was never made, and never will be."""
    path, now = order_path(known.order_id), clock.now()

    def decide(docs: Docs) -> None:
        order = docs.get(path)
        if order is None or order.status != "open" or order.off_session != known.off_session:
            return  # it was settled since
        after = docs.update(path, status="failed", quantity=1, failures=1, updated_at=now)
        top_up_effects.end(docs, order, after, problem, now)

    System(action).commit(user_path(known.uid), decide, Reads(fresh=[path, user_path(known.uid)]), target=path)


def resume(until: datetime, action: str) -> int:
    """Pay the top-ups that debits before `until` have called for and that have not ended. The number of failures."""
    failures = 0
    for uid, order_id in store.due_top_ups(until, MAX_DUE):
        work = functools.partial(pay, uid, order_id, action)
        failures += isinstance(batch.alone(action, work, orderId=order_id), batch.Trouble)
    return failures


def forget_cards(uid: str) -> None:
    """For the deletion of an account that has used auto top-up: forget its saved cards. Repeatable.

    `PaymentsUnavailable`.
    """
    user, account = firestore.get_pair(user_path(uid), account_path(uid))
    if user is not None and user.auto_top_up is not None and account is not None:
        stripe_off_session.forget_cards(account.customer_id)
