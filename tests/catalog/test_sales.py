"""The bundled packs and plans: what they cost and grant."""

from __future__ import annotations

from studiox.catalog.sales import BUNDLED, PACKS, PLAN_KEYS, PLANS


def test_what_is_sold() -> None:
    """A changed price is a changed row here."""
    assert [(each.id, each.tokens, each.amount) for each in PACKS] == [
        ("starter", 500, 500),
        ("creator", 1200, 1000),
        ("studio", 6500, 5000),
    ]
    assert [
        (each.id, each.monthly_tokens, each.amount, each.allowances.songs_per_month, each.max_concurrent_jobs)
        for each in PLANS
    ] == [("free", 50, 0, 3, 3), ("pro", 1000, 900, None, 10), ("enterprise", 10_000, 7900, None, 50)]
    assert {each.currency for each in (*PACKS, *PLANS)} == {"usd"}


def test_a_plan_lists_what_it_grants() -> None:
    for plan in PLANS:
        listed = " ".join(plan.features)
        assert f"{plan.monthly_tokens:,}" in listed
        assert f"{plan.max_concurrent_jobs} jobs at once" in listed
        songs = plan.allowances.songs_per_month
        assert ("Unlimited songs" if songs is None else f"{songs} songs a month") in listed


def test_a_token_of_a_larger_pack_is_cheaper() -> None:
    prices = [each.amount / each.tokens for each in PACKS]
    assert prices == sorted(prices, reverse=True)
    assert len(set(prices)) == len(prices)


def test_each_is_bundled_as_its_document() -> None:
    assert BUNDLED.keys() == {f"tokenPacks/{each.id}" for each in PACKS} | {f"plans/{each.id}" for each in PLANS}
    assert tuple(BUNDLED[key]["id"] for key in PLAN_KEYS) == ("free", "pro", "enterprise")
    assert BUNDLED["plans/pro"]["monthlyTokens"] == 1000
