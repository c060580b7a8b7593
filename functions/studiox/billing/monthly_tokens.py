"""The monthly tokens of a subscription: what its paid invoices bring, and what a lower plan takes back. Pure.

docs/decisions/0010-plan-changes.md says why. In short: a cycle's invoice sets the bucket to the plan's tokens; an
upgrade brings the difference in proportion to what was paid of the difference in price; a lower plan takes back
what of the difference is unspent. What Stripe credits for tokens that were spent is owed, and comes off later grants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from studiox.integrations.stripe_objects import Charge, Invoice
from studiox.kit.clock import datetime

from . import invoice_memory
from .invoice_memory import Record
from .orders import disputed_amount, merged_disputes, taken_target, to_restore, with_restored

REASONS = {
    "plan_grant": "Monthly tokens",
    "plan_expiry": "Monthly tokens expired",
    "clawback": "Payment given back",
    "restore": "Payment stands",
}
LOWERED = "Unused tokens of the higher plan"
SET_OFF = "Used already, before the plan was lowered"
FULL = ("subscription_create", "subscription_cycle")


class Grant(msgspec.Struct, frozen=True, rename="camel"):
    """The monthly tokens of the period that is paid for."""

    period_end: datetime
    tokens: int
    """That are paid for in this period by now: granted, less what was credited."""
    invoices: tuple[str, ...]
    plan: str = ""
    """The plan that they are of; empty in documents of before."""
    paid: int = 0
    """The money that they cost, less what was credited."""
    ahead: int = 0
    """Taken back before Stripe credited anything for it."""
    over: bool = False
    """What was left of them has expired."""


class Term(NamedTuple):
    """What a price of Stripe's buys for a month."""

    plan: str
    tokens: int
    amount: int


NOTHING = Term("", 0, 0)


class Move(NamedTuple):
    """Monthly tokens that move. `tokens` is signed."""

    kind: Literal["plan_grant", "plan_expiry", "clawback", "restore"]
    id: str
    tokens: int
    ref: str
    reason: str


class Reversal(NamedTuple):
    """Money that went back for one invoice."""

    invoice_id: str
    charge: Charge


def in_proportion(tokens: int, paid: int, full: int) -> int:
    """As many of the tokens as were paid for, rounded down; all where the whole price was paid."""
    return tokens if paid >= full else max(0, tokens * paid // full)


def credited_tokens(credit: int, source: Term, target: Term, grant: Grant | None) -> int:
    """How many tokens a credit stands for, rounded up: by the plans' prices, or by what the period cost (discounts)."""
    tokens, full = source.tokens - target.tokens, source.amount - target.amount
    by_price = -(-tokens * credit // full) if full > 0 else max(0, tokens)
    if grant is None or grant.paid <= 0:
        return max(0, by_price)
    by_share = grant.tokens if credit >= grant.paid else -(-grant.tokens * credit // grant.paid)
    return max(0, by_price, by_share)


class Month:
    """The monthly bucket while one look at a subscription is worked through."""

    def __init__(
        self,
        subscription_id: str,
        grant: Grant | None,
        invoices: Mapping[str, Record],
        terms: Mapping[str, Term],
        monthly: int,
        owed: int,
    ) -> None:
        self.monthly = monthly
        self.owed = owed
        self.grant = grant
        self.invoices = {name: dict(each) for name, each in invoices.items()}
        self.moves: list[Move] = []
        self._sub = subscription_id
        self._terms = terms
        self._raised = False
        self._taken: dict[str, int] = {}

    def take_in(self, invoices: list[Invoice], *, entitled: bool) -> None:
        """Each paid invoice once, in the order in which they were made. Only who is entitled is granted anything."""
        for invoice in invoices:
            self.invoices[invoice.id] = invoice_memory.noted(self.invoices.get(invoice.id), invoice)
        paid = [each for each in invoices if each.status == "paid" and any(line.price_id for line in each.lines)]
        newest = max((each.period_end for each in paid), default=None)
        for invoice in paid:
            if self.invoices[invoice.id]["counted"]:
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

    def _best(self, invoice: Invoice, *, charged: bool, present: bool = True) -> Term | None:
        """The best plan that the invoice charges, or gives back, for this period or for an earlier one."""
        found = [
            self._terms[line.price_id]
            for line in invoice.lines
            if line.price_id in self._terms
            and (line.amount >= 0) == charged
            and (line.period_end == invoice.period_end) == present
        ]
        return max(found, key=lambda term: term.tokens, default=None)

    def _charge(self, invoice: Invoice, paid: int) -> None:
        to, back = self._best(invoice, charged=True), self._best(invoice, charged=False)
        if to is None:
            return
        if self.grant is None or self.grant.period_end != invoice.period_end:
            self.expire(f"expiry:{invoice.id}")
            self.grant = Grant(invoice.period_end, 0, (), back.plan if back else "")
            if back is None:
                self._grant(invoice, to, to.tokens, paid)
                return
        if invoice.reason in FULL:
            tokens = to.tokens  # of a period that an upgrade was paid for first
        else:
            source = back or self._term_of(self.grant)
            tokens = in_proportion(max(0, to.tokens - source.tokens), paid, to.amount - source.amount)
        best = max(to.tokens, self._term_of(self.grant).tokens)
        self._grant(invoice, to, min(tokens, max(0, best - self.grant.tokens), self._affordable(to, paid)), paid)

    def _affordable(self, to: Term, paid: int) -> int:
        """Where money of this period went back: no more than what is left of it would buy of the plan itself."""
        assert self.grant is not None
        known = [self.invoices[name] for name in self.grant.invoices if name in self.invoices]
        back = sum(int(each["reversed"]) + disputed_amount(each["disputes"]) for each in known)
        if not back:
            return to.tokens
        left = self.grant.tokens - sum(int(each["taken"]) for each in known)
        return max(0, in_proportion(to.tokens, self.grant.paid + paid - back, to.amount) - left)

    def _term_of(self, grant: Grant) -> Term:
        """What the grant's plan brings and costs; documents of before tell it by its tokens only."""
        named = [term for term in self._terms.values() if term.plan == grant.plan]
        alike = [term for term in self._terms.values() if term.tokens == grant.tokens]
        return next(iter(named or alike), NOTHING._replace(tokens=grant.tokens))

    def _grant(self, invoice: Invoice, to: Term, tokens: int, paid: int) -> None:
        assert self.grant is not None
        self._raised = True
        higher = to.tokens >= self._term_of(self.grant).tokens
        self.grant = msgspec.structs.replace(
            self.grant,
            tokens=self.grant.tokens + tokens,
            invoices=(*self.grant.invoices, invoice.id),
            plan=to.plan if higher else self.grant.plan,
            paid=self.grant.paid + paid,
        )
        self.invoices[invoice.id].update(counted=True, granted=tokens)
        self._move("plan_grant", f"grant:{invoice.id}", tokens, invoice.id)
        self._set_off(invoice.id)

    def _credit(self, invoice: Invoice, credit: int, *, present: bool) -> None:
        """Stripe has put money to the customer's balance: for a lower plan, or for the end of one."""
        source = self._best(invoice, charged=False, present=present) or NOTHING
        target = self._best(invoice, charged=True, present=present) or NOTHING
        ends = [line.period_end for line in invoice.lines if (line.period_end == invoice.period_end) == present]
        own = self.grant if self.grant is not None and self.grant.period_end in ends else None
        tokens = credited_tokens(credit, source, target, own)
        self.invoices[invoice.id]["counted"] = True
        before = min(tokens, own.ahead) if own is not None else 0
        self.owed += tokens - before
        if own is not None:
            left = max(0, own.tokens - tokens)
            self.grant = msgspec.structs.replace(own, paid=max(0, own.paid - credit), ahead=own.ahead - before)
            self._attribute(tokens)
            self._lower(target, f"clawback:{invoice.id}", invoice.id)
            self.grant = msgspec.structs.replace(self.grant, tokens=min(left, self.grant.tokens))
        self._set_off(invoice.id)

    def follow(self, plan: Term, cause: str) -> None:
        """The plan is lower than the one that was paid for: also where nothing is credited, or not yet.

        Not in the look that has brought a payment: it may have come after the subscription was looked at.
        """
        if self._raised or self.grant is None or self.grant.over:
            return
        if plan.tokens < self._term_of(self.grant).tokens:
            self._lower(plan, f"clawback:{cause}", self._sub)

    def _lower(self, to: Term, entry: str, ref: str) -> None:
        """Take what of the difference is unspent."""
        assert self.grant is not None
        difference = max(0, self.grant.tokens - to.tokens)
        take = 0 if self.grant.over else min(difference, max(0, self.monthly - to.tokens))
        due = min(take, self.owed)
        self.owed -= due
        tokens = min(self.grant.tokens, to.tokens)
        self.grant = msgspec.structs.replace(
            self.grant, tokens=tokens, plan=to.plan, ahead=self.grant.ahead + take - due
        )
        self._attribute(take - due)
        self._take_back(entry, take, ref, LOWERED)

    def _set_off(self, invoice_id: str) -> None:
        """What is owed comes off what is there."""
        take = min(self.owed, self.monthly) if self.grant is not None and not self.grant.over else 0
        self.owed -= take
        self._take_back(f"clawback:{invoice_id}", take, invoice_id, SET_OFF)

    def _take_back(self, entry: str, tokens: int, ref: str, reason: str) -> None:
        """The entry is named by its cause and how much it has taken by then."""
        self._taken[entry] = self._taken.get(entry, 0) + tokens
        self._move("clawback", f"{entry}:{self._taken[entry]}", -tokens, ref, reason)

    def _attribute(self, tokens: int) -> None:
        """To the period's invoices, latest first: what a lower plan has taken a refund does not take again."""
        assert self.grant is not None
        for name in reversed(self.grant.invoices):
            record = self.invoices.get(name)
            if record is not None:
                part = min(tokens, record["granted"] - record.get("lowered", 0))
                tokens -= part
                record["lowered"] = record.get("lowered", 0) + part

    def expire(self, entry_id: str) -> None:
        """What is left of the month's tokens is gone."""
        if self.grant is not None and not self.grant.over:
            left = min(self.monthly, self.grant.tokens)
            due = min(left, self.owed)
            self.owed -= due
            self.grant = msgspec.structs.replace(self.grant, over=True, ahead=self.grant.ahead + left - due)
        self._move("plan_expiry", entry_id, -self.monthly, self._sub)

    def reverse(self, reversal: Reversal) -> None:
        """A refunded or disputed invoice takes back what is left of its grant, until it is so no more."""
        known = self.invoices.get(reversal.invoice_id)
        charge = reversal.charge
        if known is None:
            return
        disputes = merged_disputes(known["disputes"], charge.disputes)
        known.update(reversed=charge.refunded, disputes=disputes)
        money = max(charge.amount, known.get("total", 0))  # a part may have been paid by the customer's balance
        target = taken_target(known["granted"], known["reversed"] + disputed_amount(disputes), money)
        counts = self.grant is not None and not self.grant.over and reversal.invoice_id in self.grant.invoices
        if target > known["target"]:
            left = max(0, known["granted"] - known.get("lowered", 0) - known["taken"]) if counts else 0
            take = min(target - known["target"], self.monthly, left)
            known.update(taken=known["taken"] + take, everTaken=known["everTaken"] + take, target=target)
            self._move("clawback", f"clawback:{charge.id}:{known['everTaken']}", -take, reversal.invoice_id)
        elif target < known["target"]:
            back = max(0, known["taken"] - target) if counts else 0
            returned = known.get("everReturned", 0) + back
            cause = to_restore(disputes) or f"{charge.id}:{returned}"
            known.update(taken=known["taken"] - back, everReturned=returned, target=target)
            known.update(disputes=with_restored(disputes))
            self._move("restore", f"restore:{cause}", back, reversal.invoice_id)

    def _move(self, kind: Any, entry_id: str, tokens: int, ref: str, reason: str = "") -> None:
        if tokens:
            self.monthly += tokens
            self.moves.append(Move(kind, entry_id, tokens, ref, reason or REASONS[kind]))
