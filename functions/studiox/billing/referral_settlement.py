"""What both people of a referral get for the invited person's first purchase, and what is taken back with it.

The commit that changes a payment marks the payer's referral as due. The referral is settled right after it, in a commit
of its own, and by the hourly reconciliation if that fails or the process dies. So no payment waits for its referral.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from studiox.auth.sign_up import person_address
from studiox.integrations import stripe
from studiox.integrations.stripe_types import BadShape
from studiox.kit import clock, config, firestore, log, malformed, query
from studiox.kit.audit import System
from studiox.kit.clock import datetime
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import Contention, Unavailable
from studiox.kit.firestore import Document
from studiox.kit.transaction import Docs, Reads
from studiox.models import ledger_store
from studiox.models.ledger import Buckets, Cause, EntryType
from studiox.models.orders import order_path
from studiox.models.payments import Payment, payment_path, payments_of
from studiox.models.referrals import (
    REFERRALS,
    Referral,
    ReferralPayer,
    Refused,
    Reward,
    code_path,
    payer_path,
    referral_path,
)
from studiox.models.subscriptions import account_path
from studiox.models.users import user_path

from . import referral_rules as rules
from .context import StaleRead, until_read_fresh

MAX_PAYMENTS = 100
REASONS: Mapping[EntryType, str] = {
    "reward": "Invitation",
    "clawback": "The invitation's purchase was given back",
    "restore": "The invitation's purchase stands",
}
TRANSIENT = (stripe.PaymentsUnavailable, Contention, Unavailable, BadShape)


def first_purchase(uid: str) -> Payment | None:
    """The oldest of the user's first payments that is a purchase. `Unavailable`."""
    found = query.documents(payments_of(uid), order="createdAt", limit=MAX_PAYMENTS)
    return next((each.data for each in found if rules.is_purchase(each.data)), None)


def due(now: datetime, limit: int) -> list[str]:
    """The uids of up to `limit` people whose referral must be settled. `Unavailable`."""
    return [each.id for each in query.documents(REFERRALS, order="dueAt", most=now, limit=limit)]


def settle_after_payment(uid: str, already_read: Mapping[str, Document], function: str) -> None:
    """Settle the payer's referral, if there is one, after a commit that may have marked it. Never raises."""
    path = user_path(uid)
    user = firestore.docs_of(already_read).get(path) if path in already_read else None
    if path not in already_read or (user is not None and user.referred):
        settle_or_report(uid, function)


def settle_or_report(uid: str, function: str) -> bool:
    """Whether the referral was settled. If it was not, the next reconciliation tries again."""
    try:
        settle(uid, function)
    except TRANSIENT as error:
        log.warning("referral_postponed", error=type(error).__name__)
    except MalformedDocument as error:
        malformed.report(error)
    except Exception:  # noqa: BLE001 - a payment must not fail because of its referral
        log.bug("bug", function="settle_referral")
    else:
        return True
    return False


def settle(uid: str, function: str) -> None:
    """Bring what both have in line with the purchase: give, take back or restore. Repeatable, at any concurrency."""
    until_read_fresh(lambda: _settle_once(uid, function))


class _Facts(NamedTuple):
    """What a settlement has read besides the documents of its commit."""

    payment: Payment | None
    stands: bool
    card: str = ""
    """The fingerprint of the card that has paid."""
    is_inviters: bool = False
    """Whether the inviter pays with it too, or is the same customer of Stripe's."""


def _settle_once(uid: str, function: str) -> None:
    known = firestore.get(referral_path(uid))
    if known is None or known.due_at is None:
        return
    code = firestore.get(code_path(known.code))
    inviter_uid = "" if code is None else code.uid
    facts = _facts(known, uid, inviter_uid)
    now, tokens = clock.now(), max(0, config.REFERRAL_TOKENS.value)
    path = referral_path(uid)

    def decide(docs: Docs) -> None:
        if docs.get(path) != known:
            raise StaleRead
        after = replace(known, due_at=None, purchase_id=facts.payment.id if facts.payment else None)
        if facts.payment is not None and docs.exists(user_path(uid)) and known.refused is None:
            if not known.is_open:
                after = _moved(docs, after, inviter_uid, facts.stands, now)
            elif facts.stands:
                after = _decided(docs, after, inviter_uid, facts, tokens, now)
        docs.put(path, after)

    documents: list[str] = [path, user_path(uid)]
    documents += [code_path(known.code), user_path(inviter_uid)] if inviter_uid else []
    # By the user's path the deletion of the account finds the entry.
    System(function).commit(path, decide, Reads(fresh=documents), target=user_path(uid))


def _facts(known: Referral, uid: str, inviter_uid: str) -> _Facts:
    """The purchase as it is now, and, before it is rewarded, whose card has paid. `PaymentsUnavailable`."""
    payment = firestore.get(payment_path(uid, known.purchase_id)) if known.purchase_id else first_purchase(uid)
    if payment is None or not known.is_open or not rules.stands(payment):
        return _Facts(payment, payment is not None and rules.stands(payment))
    card = _card_of(payment)
    return _Facts(payment, stands=True, card=card, is_inviters=bool(inviter_uid) and _pays_too(inviter_uid, uid, card))


def _pays_too(inviter_uid: str, uid: str, card: str) -> bool:
    theirs, own = firestore.get_pair(account_path(inviter_uid), account_path(uid))
    if theirs is None:
        return False
    is_same_customer = own is not None and own.customer_id == theirs.customer_id
    return is_same_customer or card in stripe.cards_of(theirs.customer_id)


def _card_of(payment: Payment) -> str:
    if payment.kind == "subscription":
        invoice = stripe.invoice(payment.id)
        paid = stripe.intent(invoice.intent_id) if invoice is not None and invoice.intent_id else None
        return paid.charge.card if paid is not None and paid.charge is not None else ""
    order = firestore.get(order_path(payment.id))
    return stripe.card_of(order.charge_id) if order is not None and order.charge_id else ""


def _decided(docs: Docs, referral: Referral, inviter_uid: str, facts: _Facts, tokens: int, now: datetime) -> Referral:
    """The referral with both rewards, or with the reason why there are none."""
    user = docs.get(user_path(referral.uid))
    code, inviter = docs.get(code_path(referral.code)), docs.get(user_path(inviter_uid)) if inviter_uid else None
    email = "" if user is None else user.email or ""
    payers = [payer_path("person", person_address(email))] if email else []
    payers += [payer_path("card", facts.card)] if facts.card else []
    if refused := _refused(docs, facts, payers, rules.is_same_person(user, inviter)):
        return replace(referral, refused=refused)
    for path in payers:
        docs.create(path, ReferralPayer(at=now))
    reward = Reward(tokens=tokens)
    _post(docs, referral.uid, referral, "reward", f"reward:referral:{referral.reward_id}", Buckets(bonus=tokens), now)
    if code is None or not tokens or not rules.may_be_rewarded(code, inviter, now):
        return replace(referral, invited=reward)
    _post(docs, inviter_uid, referral, "reward", f"reward:referral:{referral.reward_id}", Buckets(bonus=tokens), now)
    docs.put(code_path(referral.code), rules.with_reward(code, tokens, now))
    return replace(referral, invited=reward, inviter=reward)


def _refused(docs: Docs, facts: _Facts, payers: Sequence[str], same_person: bool) -> Refused | None:
    if same_person:
        return "same_person"
    if facts.is_inviters:
        return "same_card"
    return "counted_before" if any(docs.exists(each) for each in payers) else None


def _moved(docs: Docs, referral: Referral, inviter_uid: str, is_due: bool, now: datetime) -> Referral:
    """The referral after both rewards were taken back or restored, if its purchase asks for it."""
    invited = _move(docs, referral, referral.uid, referral.invited, is_due, now)
    inviter = _move(docs, referral, inviter_uid, referral.inviter, is_due, now)
    code = docs.get(code_path(referral.code))
    if code is not None and referral.inviter is not None and inviter != referral.inviter:
        tokens = referral.inviter.tokens
        docs.put(code_path(referral.code), rules.with_move(code, tokens if is_due else -tokens))
    return replace(referral, invited=invited, inviter=inviter)


def _move(
    docs: Docs, referral: Referral, uid: str, reward: Reward | None, is_due: bool, now: datetime
) -> Reward | None:
    """The reward after its move. That of an account which is gone stays as it is."""
    user = docs.get(user_path(uid)) if uid else None
    move = None if user is None or reward is None else rules.next_move(reward, user.buckets, is_due=is_due)
    if move is None:
        return reward
    type_: EntryType = "restore" if is_due else "clawback"
    _post(docs, uid, referral, type_, f"{type_}:referral:{referral.reward_id}:{move.reward.moves}", move.change, now)
    return move.reward


def _post(
    docs: Docs, uid: str, referral: Referral, type_: EntryType, entry_id: str, change: Buckets, now: datetime
) -> None:
    cause = Cause(id=entry_id, type=type_, kind="referral", ref=referral.reward_id, reason=REASONS[type_])
    if change.total:
        ledger_store.post(docs, uid, cause, change, now)
