"""The monthly tokens of a subscription: what its paid invoices grant, and what a lower plan takes back. Pure.

docs/decisions/0010-plan-changes.md gives the reasons. In short: the invoice of a cycle sets the bucket to the plan's
tokens. An upgrade grants the difference in proportion to what was paid of the difference in price. A downgrade takes
back the unspent part of the difference. Tokens that Stripe credits after they were spent are owed; later grants pay
them off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from msgspec.structs import replace

from studiox.integrations.stripe_types import Charge, Invoice
from studiox.models.subscriptions import Grant, InvoiceRecord
from studiox.models.users import PlanId

from . import invoice_memory
from .orders import disputed_amount, merged_disputes, taken_target, to_restore, with_restored

MoveKind = Literal["plan_grant", "plan_expiry", "clawback", "restore"]

REASONS: Mapping[MoveKind, str] = {
    "plan_grant": "Monthly tokens",
    "plan_expiry": "Monthly tokens expired",
    "clawback": "Payment given back",
    "restore": "Payment stands",
}
LOWERED = "Unused tokens of the higher plan"
SET_OFF = "Used already, before the plan was lowered"
WHOLE_PERIOD = ("subscription_create", "subscription_cycle")
"""Stripe's billing reasons of invoices that charge for a whole period."""


NONE_UNEXPLAINED: Mapping[str, str] = {}


class PriceTerms(NamedTuple):
    """What one of Stripe's prices buys for a month."""

    plan: PlanId | Literal[""]
    tokens: int
    amount: int
    """In the currency's minor unit."""


NO_TERMS = PriceTerms("", 0, 0)


class SubscriptionMove(NamedTuple):
    """Monthly tokens that move because of a subscription."""

    kind: MoveKind
    id: str
    """The ledger entry's id, derived from the cause."""
    tokens: int
    """Signed."""
    ref: str
    """Id of the invoice or the subscription."""
    reason: str
    """For the user's ledger."""


class Reversal(NamedTuple):
    """The refunds and disputes of one invoice's charge."""

    invoice_id: str
    charge: Charge


def in_proportion(tokens: int, paid: int, full: int) -> int:
    """The part of the tokens that `paid` of the price `full` buys, rounded down; all of them at the full price."""
    if paid >= full:
        return tokens
    return tokens * max(0, paid) // full if full > 0 else 0


def _reversed_net(record: InvoiceRecord) -> int:
    """What was refunded or disputed of an invoice's total, without tax on top."""
    back = record.reversed + disputed_amount(record.disputes)
    net, tax = record.total or 0, record.tax or 0
    return back * net // (net + tax) if tax > 0 else back


def credited_tokens(credit: int, source: PriceTerms, target: PriceTerms, grant: Grant | None) -> int:
    """How many tokens a credit for a change from `source` to `target` stands for, rounded up.

    The larger of two values: by the plans' prices, and by what the period's tokens cost (there may be discounts).
    """
    tokens, full = source.tokens - target.tokens, source.amount - target.amount
    by_price = -(-tokens * credit // full) if full > 0 else tokens
    by_share = 0
    if grant is not None and grant.paid > 0:
        by_share = -(-grant.tokens * min(credit, grant.paid) // grant.paid)
    return max(by_price, by_share)


class MonthlyBucket:
    """The user's monthly bucket while one settlement of a subscription is computed."""

    def __init__(
        self,
        subscription_id: str,
        grant: Grant | None,
        invoices: Mapping[str, InvoiceRecord],
        terms: Mapping[str, PriceTerms],
        monthly: int,
        owed: int,
    ) -> None:
        self.monthly = monthly
        self.owed = owed
        self.grant = grant
        self.invoices = dict(invoices)
        self.moves: list[SubscriptionMove] = []
        self._subscription_id = subscription_id
        self._terms = terms
        self._granted_now = False
        self._taken: dict[str, int] = {}

    def apply_invoices(
        self, invoices: list[Invoice], *, entitled: bool, unexplained: Mapping[str, str] = NONE_UNEXPLAINED
    ) -> None:
        """Count each paid invoice once, oldest first, except those whose sum is unexplained.

        Tokens are granted only if the user is entitled to the plan.
        """
        for invoice in invoices:
            known, problem = self.invoices.get(invoice.id), unexplained.get(invoice.id)
            self.invoices[invoice.id] = invoice_memory.noted(known, invoice, problem)
        counts = [each for each in invoices if each.status == "paid" and each.id not in unexplained]
        paid = [each for each in counts if any(line.price_id for line in each.lines)]
        newest = max((each.period_end for each in paid), default=None)
        for invoice in paid:
            if self.invoices[invoice.id].counted:
                continue
            past = sum(line.amount for line in invoice.lines if line.period_end != invoice.period_end)
            present = invoice.total - past
            if past < 0:
                self._credit(invoice, -past, present=False)
            if present < 0:
                self._credit(invoice, -present, present=True)
            elif entitled and invoice.period_end == newest and self._is_current(invoice):
                self._charge(invoice, present)

    def _is_current(self, invoice: Invoice) -> bool:
        return self.grant is None or invoice.period_end >= self.grant.period_end

    def _best(self, invoice: Invoice, *, charged: bool, present: bool = True) -> PriceTerms | None:
        """The best plan among the invoice's lines that charge (or credit) for this period (or for an earlier one)."""
        found = [
            self._terms[line.price_id]
            for line in invoice.lines
            if line.price_id in self._terms
            and (line.amount >= 0) == charged
            and (line.period_end == invoice.period_end) == present
        ]
        return max(found, key=lambda terms: terms.tokens, default=None)

    def _charge(self, invoice: Invoice, paid: int) -> None:
        """Grant what the invoice pays for: a period's tokens, or the difference to a higher plan."""
        to, back = self._best(invoice, charged=True), self._best(invoice, charged=False)
        if to is None:
            return
        if self.grant is None or self.grant.period_end != invoice.period_end:
            self.expire(f"expiry:{invoice.id}")
            self.grant = Grant(period_end=invoice.period_end, tokens=0, invoices=(), plan=back.plan if back else "")
            if back is None:
                self._grant(invoice, to, to.tokens, paid)
                return
        if invoice.reason in WHOLE_PERIOD:
            tokens = to.tokens  # an upgrade of this period was paid for first
        else:
            source = back or self._terms_of(self.grant)
            tokens = in_proportion(max(0, to.tokens - source.tokens), paid, to.amount - source.amount)
        best = max(to.tokens, self._terms_of(self.grant).tokens)
        self._grant(invoice, to, min(tokens, max(0, best - self.grant.tokens), self._affordable(to, paid)), paid)

    def _affordable(self, to: PriceTerms, paid: int) -> int:
        """The most that an invoice may grant after a refund in this period: what the remaining money buys."""
        assert self.grant is not None
        known = [self.invoices[name] for name in self.grant.invoices if name in self.invoices]
        back = sum(_reversed_net(each) for each in known)
        if not back:
            return to.tokens
        left = self.grant.tokens - sum(each.taken for each in known)
        return max(0, in_proportion(to.tokens, self.grant.paid + paid - back, to.amount) - left)

    def _terms_of(self, grant: Grant) -> PriceTerms:
        """What the grant's plan brings and costs. Old grants do not name the plan; their tokens identify it."""
        named = [terms for terms in self._terms.values() if terms.plan == grant.plan]
        alike = [terms for terms in self._terms.values() if terms.tokens == grant.tokens]
        return next(iter(named or alike), NO_TERMS._replace(tokens=grant.tokens))

    def _grant(self, invoice: Invoice, to: PriceTerms, tokens: int, paid: int) -> None:
        assert self.grant is not None
        self._granted_now = True
        higher = to.tokens >= self._terms_of(self.grant).tokens
        self.grant = replace(
            self.grant,
            tokens=self.grant.tokens + tokens,
            invoices=(*self.grant.invoices, invoice.id),
            plan=to.plan if higher else self.grant.plan,
            paid=self.grant.paid + paid,
        )
        self._note(invoice.id, counted=True, granted=tokens)
        self._move("plan_grant", f"grant:{invoice.id}", tokens, invoice.id)
        self._set_off(invoice.id)

    def _credit(self, invoice: Invoice, credit: int, *, present: bool) -> None:
        """Stripe has credited money to the customer's balance, for a lower plan or a cancellation."""
        source = self._best(invoice, charged=False, present=present) or NO_TERMS
        target = self._best(invoice, charged=True, present=present) or NO_TERMS
        ends = [line.period_end for line in invoice.lines if (line.period_end == invoice.period_end) == present]
        own = self.grant if self.grant is not None and self.grant.period_end in ends else None
        tokens = credited_tokens(credit, source, target, own)
        self._note(invoice.id, counted=True)
        before = min(tokens, own.ahead) if own is not None else 0
        self.owed += tokens - before
        if own is not None:
            left = max(0, own.tokens - tokens)
            self.grant = replace(own, paid=max(0, own.paid - credit), ahead=own.ahead - before)
            self._attribute(tokens)
            self._lower(target, f"clawback:{invoice.id}", invoice.id)
            self.grant = replace(self.grant, tokens=min(left, self.grant.tokens))
        self._set_off(invoice.id)

    def apply_plan(self, plan: PriceTerms, cause: str) -> None:
        """Take back tokens if the plan is lower than the one that was paid for, even if Stripe credits nothing.

        Does nothing in a settlement that granted tokens: the payment may be newer than the fetched subscription.
        """
        if self._granted_now or self.grant is None or self.grant.over:
            return
        if plan.tokens < self._terms_of(self.grant).tokens:
            self._lower(plan, f"clawback:{cause}", self._subscription_id)

    def _lower(self, to: PriceTerms, entry: str, ref: str) -> None:
        """Take back the unspent part of the difference to the lower plan."""
        assert self.grant is not None
        difference = max(0, self.grant.tokens - to.tokens)
        take = 0 if self.grant.over else min(difference, max(0, self.monthly - to.tokens))
        due = min(take, self.owed)
        self.owed -= due
        tokens = min(self.grant.tokens, to.tokens)
        self.grant = replace(self.grant, tokens=tokens, plan=to.plan, ahead=self.grant.ahead + take - due)
        self._attribute(take - due)
        self._take_back(entry, take, ref, LOWERED)

    def _set_off(self, invoice_id: str) -> None:
        """Pay off owed tokens from the bucket."""
        take = min(self.owed, self.monthly) if self.grant is not None and not self.grant.over else 0
        self.owed -= take
        self._take_back(f"clawback:{invoice_id}", take, invoice_id, SET_OFF)

    def _take_back(self, entry: str, tokens: int, ref: str, reason: str) -> None:
        """The entry's id contains its cause and how much the cause has taken so far."""
        self._taken[entry] = self._taken.get(entry, 0) + tokens
        self._move("clawback", f"{entry}:{self._taken[entry]}", -tokens, ref, reason)

    def _attribute(self, tokens: int) -> None:
        """Attribute tokens taken by a lower plan to the period's invoices, latest first.

        A later refund of such an invoice does not take them again.
        """
        assert self.grant is not None
        for name in reversed(self.grant.invoices):
            record = self.invoices.get(name)
            if record is not None:
                lowered = record.lowered or 0
                part = min(tokens, record.granted - lowered)
                tokens -= part
                self._note(name, lowered=lowered + part)

    def expire(self, entry_id: str) -> None:
        """Expire the rest of the bucket."""
        if self.grant is not None and not self.grant.over:
            left = min(self.monthly, self.grant.tokens)
            due = min(left, self.owed)
            self.owed -= due
            self.grant = replace(self.grant, over=True, ahead=self.grant.ahead + left - due)
        self._move("plan_expiry", entry_id, -self.monthly, self._subscription_id)

    def reverse(self, reversal: Reversal) -> None:
        """Take back the unspent tokens of a refunded or disputed invoice, or give back what exceeds the reversal."""
        known = self.invoices.get(reversal.invoice_id)
        charge = reversal.charge
        if known is None:
            return
        disputes = merged_disputes(known.disputes, charge.disputes)
        known = replace(known, reversed=charge.refunded, disputes=disputes)
        # The customer's balance may have paid a part.
        money = max(charge.amount, (known.total or 0) + (known.tax or 0))
        target = taken_target(known.granted, known.reversed + disputed_amount(disputes), money)
        counts = self.grant is not None and not self.grant.over and reversal.invoice_id in self.grant.invoices
        self.invoices[reversal.invoice_id] = replace(known, target=target)
        if target < known.target:
            back = max(0, known.taken - target) if counts else 0
            returned = (known.ever_returned or 0) + back
            cause = to_restore(disputes) or f"{charge.id}:{returned}"
            self._note(
                reversal.invoice_id,
                taken=known.taken - back,
                ever_returned=returned,
                disputes=with_restored(disputes),
            )
            self._move("restore", f"restore:{cause}", back, reversal.invoice_id)
        else:
            left = max(0, known.granted - (known.lowered or 0) - known.taken) if counts else 0
            take = min(target - known.target, self.monthly, left)
            ever_taken = known.ever_taken + take
            self._note(reversal.invoice_id, taken=known.taken + take, ever_taken=ever_taken)
            self._move("clawback", f"clawback:{charge.id}:{ever_taken}", -take, reversal.invoice_id)

    def _note(self, invoice_id: str, **changes: object) -> None:
        self.invoices[invoice_id] = replace(self.invoices[invoice_id], **changes)

    def _move(self, kind: MoveKind, entry_id: str, tokens: int, ref: str, reason: str = "") -> None:
        if tokens:
            self.monthly += tokens
            self.moves.append(SubscriptionMove(kind, entry_id, tokens, ref, reason or REASONS[kind]))
