"""Which tests cover which pure module, and why some mutants of it are no faults."""

from __future__ import annotations

_PLANS = tuple(
    f"tests/billing/test_{each}.py" for each in ("plan_rules", "plan_changes", "plan_money", "subscriptions")
)
_JOBS = tuple(f"tests/studio/test_{each}.py" for each in ("jobs", "pacing", "orders", "order_faults", "callbacks"))

COVERED_BY: dict[str, tuple[str, ...]] = {
    "models/ledger": ("tests/tokens/test_ledger.py", "tests/tokens/test_usage.py"),
    "tokens/monthly": ("tests/tokens/test_monthly.py",),
    "tokens/allowance": ("tests/tokens/test_allowance.py", "tests/tokens/test_usage.py"),
    "tokens/streaks": ("tests/tokens/test_streaks.py",),
    "tokens/invariants": ("tests/tokens/test_ledger_audit.py", "tests/tokens/test_ledger.py"),
    "studio/lifecycle": _JOBS,
    "studio/breaker": ("tests/studio/test_breaker.py",),
    "studio/spend": ("tests/studio/test_spend.py", "tests/studio/test_free_spend.py"),
    "billing/orders": ("tests/billing/test_orders.py", "tests/billing/test_packs.py", "tests/billing/test_returns.py"),
    "billing/plans": (*_PLANS, "tests/billing/test_checkout.py"),
    "billing/subscriptions": _PLANS,
    "billing/monthly_tokens": _PLANS,
    "catalog/catalog": ("tests/catalog/test_rules.py", "tests/catalog/test_models.py", "tests/catalog/test_options.py"),
    "catalog/margins": ("tests/catalog/test_rules.py", "tests/catalog/test_models.py"),
    "community/rules": tuple(f"tests/community/test_{each}.py" for each in ("posts", "comments", "likes", "reading")),
    "community/reports": ("tests/community/test_reports.py",),
    "kit/rate_limits": ("tests/kit/test_rate_limits.py", "tests/api/test_limits_of_refusals.py"),
    "creations/sweep_rules": ("tests/creations/test_sweep_media.py",),
    "deletions/rules": ("tests/community/test_deleting.py",),
}
"""{module under functions/studiox: files of tests}"""

EQUAL: dict[str, dict[str, str]] = {}
"""{module: {mutant: why it behaves as the module does}}"""
