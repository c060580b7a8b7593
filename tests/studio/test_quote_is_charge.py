"""Quote = charge: of random accounts and orders, the quote is what the order then does."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

import main
from studiox.api.callables import CONTRACTS
from studiox.api.callers import VerifiedUser
from studiox.catalog import defaults
from studiox.kit import documents, rate_limits
from studiox.kit.documents import Docs, encode
from studiox.kit.errors import InvalidRequest, StudioxError
from studiox.kit.transaction import Reads
from studiox.kit.windows import Window
from studiox.models import ledger_store, sessions
from studiox.models.catalog import Input, Model
from studiox.models.ledger import Buckets
from studiox.models.provider_health import PROVIDER_HEALTH, FailureStreak, ProviderHealth
from studiox.models.users import DaySpend, DayWaste, User, user_path
from studiox.studio import quotes, service
from studiox.studio.orders import NewJob
from tests.studio.studio import Studio
from tests.support import Answer, call
from tests.support.documents import docs_with
from tests.support.people import user_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
UID = "u1"
LIMIT = CONTRACTS["createStudioJob"].limit
SESSIONS = {"mine": UID, "foreign": "u2"}
PURE = 10_000
ON_THE_ENGINE = 60


class World(NamedTuple):
    user: User
    verified: bool
    window: Window | None
    health: ProviderHealth
    new: NewJob

    def stored(self) -> dict[str, Any]:
        """The documents by path, as `docs_with` takes them."""
        found: dict[str, Any] = {user_path(UID): self.user, PROVIDER_HEALTH: self.health}
        charge = rate_limits.charge("createStudioJob", UID, LIMIT)
        found |= {} if self.window is None else {charge.path: self.window}
        for name, owner in SESSIONS.items():
            found[sessions.session_path(name)] = sessions.Session(
                session_id=name, uid=owner, type="image", model="z-image", params={}, jobs=[], created_at=NOW
            )
        return found


def value_of(spec: Input, chance: random.Random) -> Any:
    match spec.kind:
        case "text":
            return "x" * chance.choice([1, 40, 999, 1000, 1001, 2500])
        case "flag":
            return chance.random() < 0.5
        case "integer":
            return chance.randint(spec.min or 0, spec.max or 0)
        case "files":
            return [f"users/{UID}/uploads/{number}.png" for number in range(chance.randint(1, spec.max or 1))]
        case "choice":
            listed = {"styles": defaults.STYLES, "colors": defaults.COLORS, "sizes": list(defaults.SIZES)}
            return chance.choice(listed[spec.catalogue] if spec.catalogue else spec.values)


def takes_files(model: Model) -> bool:
    return any(spec.kind == "files" for spec in model.inputs.values())


def order(chance: random.Random, providers: tuple[str, ...], *, files: bool) -> NewJob:
    models = [each for each in defaults.MODELS if each.provider in providers and (files or not takes_files(each))]
    type_ = chance.choice(sorted({each.type for each in models}))
    model = chance.choice([each for each in models if each.type == type_])
    given = {
        name: value_of(spec, chance)
        for name, spec in model.inputs.items()
        if spec.required or chance.random() < 0.4
    }  # fmt: skip
    plain = {"prompt", "negativePrompt", "style", "color", "size", "aspectRatio", "durationSeconds", "inputPaths"}
    given = {name if name in plain else f"options.{name}": value for name, value in given.items()}
    session = chance.choice([None, None, None, None, "mine", "foreign", "absent"])
    return NewJob("request-1", model.type, model.id, given, session)


def world(chance: random.Random, now: datetime, providers: tuple[str, ...], *, files: bool) -> World:
    def rare() -> bool:
        return chance.random() < 0.08

    def amount() -> int:
        return chance.choice([0, 0, 1, 5, 40, chance.randint(0, 400)])

    purchased = -chance.randint(1, 60) if rare() else amount()
    buckets = Buckets(monthly=amount(), bonus=amount(), purchased=purchased)
    plan = chance.choice(["free", "free", "pro", "enterprise"])
    user = documents.typed(
        user_path(UID),
        encode(user_of(now=now))
        | {"buckets": {"monthly": buckets.monthly, "bonus": buckets.bonus, "purchased": purchased}}
        | {"balance": buckets.total, "ledgerSeq": 1, "plan": plan, "welcome": "granted", "suspended": rare()}
        | {"activeJobs": chance.choice([0, 0, 1, 2, 3, 9, 10]), "generationCount": chance.choice([0, 0, 2, 3, 4])}
        | {"generationResetAt": now + timedelta(days=chance.choice([-1, 3]))}
        | ({"sessionsRevokedAt": now + timedelta(days=1)} if rare() else {})
        | ({"preferences": {"dailySpendLimit": 40}, "spent": encode(spent_by(now, chance))} if rare() else {}),
    )
    wasted = DayWaste(date=now.date().isoformat(), cost_micro_usd=chance.choice([1_999_999, 2_000_000, 10_000_000]))
    if rare():
        user = documents.typed(user_path(UID), encode(user) | {"wasted": encode(wasted)})
    counted = chance.choice([0, 12, 29, 30])
    window = Window(opened_at=now, count=counted, expires_at=now + timedelta(minutes=1)) if rare() else None
    streak = FailureStreak(
        failures=10,
        failed_at=now,
        openings=1,
        open_until=now + timedelta(seconds=chance.choice([-5, 20])),
        trial_by="another",
        trial_until=now + timedelta(seconds=chance.choice([-5, 10])),
    )
    name = chance.choice(providers)
    health = ProviderHealth(
        rows={name: streak} if rare() else None,
        spent={name: now + timedelta(hours=1)} if rare() else None,
        free_spent={name: now + timedelta(hours=1)} if rare() else None,
    )
    return World(user, not rare(), window, health, order(chance, providers, files=files))


def spent_by(now: datetime, chance: random.Random) -> DaySpend:
    return DaySpend(now.date().isoformat(), chance.choice([0, 38, 39, 40, 90]))


class Outcome(NamedTuple):
    price: int
    taken: Buckets
    balance: int
    balance_after: int
    refusal: dict[str, Any] | None


def account_of(docs: Docs) -> User:
    found = docs.get(user_path(UID))
    assert found is not None
    return found


def caller_of(each: World) -> tuple[VerifiedUser, rate_limits.RateLimitCharge]:
    charge = rate_limits.charge("createStudioJob", UID, LIMIT)
    return VerifiedUser(uid=UID, email_verified=each.verified, rate_limit=charge, signed_in_at=NOW), charge


def quoted(each: World) -> Outcome | None:
    """None for malformed inputs."""
    caller, charge = caller_of(each)
    docs = docs_with(each.stored())
    try:
        refused = quotes.refused_at_once(caller, charge)
        found = quotes.quoted(docs, caller, each.new, account_of, caller.admission(Reads()), refused, NOW)
    except InvalidRequest:
        return None
    refusal = None if found.refusal is None else found.refusal.as_details()
    return Outcome(found.price, found.taken, found.balance, found.balance_after, refusal)


def ordered(each: World, price: int) -> Outcome:
    """What the order's decision writes, read from its documents; `price` is that of a refused order."""
    caller, charge = caller_of(each)
    docs = docs_with(each.stored())
    before = each.user.balance
    try:
        if (refused := quotes.refused_at_once(caller, charge)) is not None:
            raise refused
        caller.admission(Reads()).admit(docs, NOW, False)
        priced = quotes.priced(docs, UID, each.new)
        terms = quotes.terms(docs, account_of(docs), UID, each.new, priced, health=None, sender="s1", now=NOW)
        placed = service.place(docs, terms, "j1", "s1", NOW)
    except StudioxError as refusal:
        return Outcome(price, Buckets(), before, before, refusal.as_details())
    entry = docs.get(ledger_store.entry_path(UID, "deduction:j1"))
    after = account_of(docs)
    assert entry is not None
    assert -entry.buckets == placed.state.paid_from
    assert each.user.buckets + entry.buckets == after.buckets
    return Outcome(placed.job.price, -entry.buckets, before, after.balance, None)


def test_j18_ten_thousand_orders_do_what_their_quotes_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    chance = random.Random(18)
    seen: Counter[str] = Counter()
    for _ in range(PURE):
        each = world(chance, NOW, ("poyo", "piapi", "mock", "openai"), files=True)
        quote = quoted(each)
        if quote is None:
            # Who the caller is, and how often they order, is refused before what they ask for.
            earlier = {"EmailNotVerified", "Unauthenticated", "AccountSuspended", "RateLimited", "InvalidRequest"}
            assert (ordered(each, 0).refusal or {})["reason"] in earlier
            seen["InvalidRequest"] += 1
            continue
        assert ordered(each, quote.price) == quote, each
        seen["placed" if quote.refusal is None else quote.refusal["reason"]] += 1
        seen["from several buckets"] += [quote.taken.monthly, quote.taken.bonus, quote.taken.purchased].count(0) < 2
    common = {"placed", "from several buckets", "InsufficientTokens", "TooManyJobs", "AccountSuspended", "RateLimited"}
    common |= {"ProviderUnavailable", "EmailNotVerified", "Unauthenticated", "NotFound", "AllowanceExceeded"}
    common |= {"SpendLimitReached"}
    assert {name: seen[name] for name in common if seen[name] < 10} == {}, seen


@pytest.mark.parametrize("seed", range(3))
def test_j18_a_quote_is_what_the_deployed_order_then_does(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("REQUIRE_VERIFIED_EMAIL", "true")
    chance = random.Random(seed)
    studio.clock.stop(studio.clock.now())
    for number in range(ON_THE_ENGINE // 3):
        each = world(chance, studio.clock.now(), ("poyo", "mock"), files=False)
        uid = f"u{seed}x{number}"
        studio.database.put(f"users/{uid}", encode(each.user))
        studio.database.put("providerHealth/all", encode(each.health))
        for path, session in ((name, owner) for name, owner in SESSIONS.items()):
            found = encode(each.stored()[sessions.session_path(path)])
            studio.database.put(f"sessions/{path}", {**found, "uid": uid if session == UID else session})
        if each.window is not None:
            path = rate_limits.charge("createStudioJob", uid, LIMIT).path
            studio.database.put(path, encode(each.window))
        studio.restart()
        request = wire(each.new)
        before = studio.database.hash("rateLimits")
        quote = call(main.quoteStudioJob, request, uid=uid, verified=each.verified)
        assert studio.database.hash("rateLimits") == before
        answer = call(
            main.createStudioJob, {**request, "requestId": f"request-{number:09d}"}, uid=uid, verified=each.verified
        )
        if not quote.ok:
            assert quote.reason == "InvalidRequest", quote
            assert not answer.ok
            continue
        same(studio, uid, each, quote.result, answer)


def same(studio: Studio, uid: str, each: World, quote: dict[str, Any], answer: Answer) -> None:
    took = [
        entry
        for path, entry in studio.database.under(f"users/{uid}/ledger").items()
        if path.startswith("deduction:")
    ]  # fmt: skip
    if "refusal" in quote:
        assert {"reason": quote["refusal"]["reason"]} | quote["refusal"]["details"] == answer.details
        assert (took, sum(quote["takes"].values())) == ([], 0)
        assert quote["balanceAfter"] == quote["balance"] == each.user.balance
        return
    assert answer.ok, (answer, quote)
    (entry,) = took
    assert {name: -tokens for name, tokens in entry["buckets"].items()} == quote["takes"]
    assert (-entry["amount"], entry["balanceAfter"]) == (quote["price"], quote["balanceAfter"])
    assert answer.result["price"] == quote["price"]


def wire(new: NewJob) -> dict[str, Any]:
    """The request of an order, as a client sends it."""
    options = {name.removeprefix("options."): value for name, value in new.given.items() if name.startswith("options.")}
    named = {name: value for name, value in new.given.items() if not name.startswith("options.")}
    more = {"options": options} if options else {}
    return {"type": new.type, "model": new.model, **named, **more} | (
        {} if new.session_id is None else {"sessionId": new.session_id}
    )
