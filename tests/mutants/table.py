"""Which tests cover which pure rule, and why some mutants of it are no faults."""

from __future__ import annotations

_PLANS = ("tests/billing/test_plan_money.py", "tests/billing/test_subscriptions.py")
_JOBS = tuple(f"tests/studio/test_{each}.py" for each in ("pacing", "orders", "order_faults", "callbacks", "songs"))

COVERED_BY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "models/ledger": (("tests/tokens/test_ledger.py",), ("tests/tokens/test_ledger_audit.py",)),
    "tokens/monthly": (("tests/tokens/test_monthly.py",), ()),
    "tokens/allowance": (("tests/tokens/test_allowance.py",), ("tests/tokens/test_usage.py",)),
    "tokens/streaks": (("tests/tokens/test_streaks.py",), ()),
    "tokens/invariants": (("tests/tokens/test_ledger_audit.py",), ()),
    "studio/lifecycle": (("tests/studio/test_job_rules.py", "tests/studio/test_jobs.py"), _JOBS),
    "studio/breaker": (("tests/studio/test_breaker.py",), ()),
    "studio/spend": (("tests/studio/test_jobs.py", "tests/studio/test_spend.py"), ("tests/studio/test_free_spend.py",)),
    "billing/orders": (
        ("tests/billing/test_orders.py",),
        ("tests/billing/test_packs.py", "tests/billing/test_returns.py"),
    ),
    "billing/plans": (("tests/billing/test_checkout_rules.py",), ("tests/billing/test_checkout.py", *_PLANS)),
    "billing/subscriptions": (("tests/billing/test_plan_rules.py", "tests/billing/test_plan_changes.py"), _PLANS),
    "billing/monthly_tokens": (("tests/billing/test_plan_rules.py", "tests/billing/test_plan_changes.py"), _PLANS),
    "catalog/margins": (("tests/catalog/test_rules.py", "tests/catalog/test_models.py"), ()),
    "kit/rate_limits": (("tests/kit/test_rate_limits.py",), ("tests/api/test_limits_of_refusals.py",)),
}
"""{module under functions/studiox: (files with the rule's own tests, files that are tried on what these miss)}"""

SLOW = ("tests/tokens/test_monthly.py::test_j23_one_two_and_five_parallel_runs_over_ten_years_are_equal",)
"""Left out: each of them would take longer than all mutants of its module."""

EQUAL: dict[str, dict[str, str]] = {
    "tokens/streaks": {
        "reward: days > last -> days >= last": "on the last milestone's day both ways give that milestone's bonus",
        "reward: days - last -> days + last": "the last milestone is a multiple of EVERY_AFTER_LAST: the remainder is"
        " the same",
    },
}
"""{module: {mutant: why it behaves as the module does}}"""
