"""Which tests cover which pure module, fastest first, and why some mutants of it are no faults."""

from __future__ import annotations

LEDGER = ("tests/tokens/test_ledger.py",)
MONTHLY = ("tests/tokens/test_monthly.py",)

COVERED_BY: dict[str, tuple[str, ...]] = {
    "models/ledger": (*LEDGER, "tests/tokens/test_usage.py"),
    "tokens/monthly": MONTHLY,
    "tokens/allowance": ("tests/tokens/test_allowance.py", "tests/tokens/test_usage.py"),
    "tokens/streaks": ("tests/tokens/test_streaks.py",),
    "studio/lifecycle": ("tests/studio/test_jobs.py", "tests/studio/test_pacing.py"),
    "billing/orders": ("tests/billing/test_orders.py", "tests/billing/test_packs.py", "tests/billing/test_returns.py"),
    "billing/plans": ("tests/billing/test_plan_rules.py",),
    "billing/monthly_tokens": ("tests/billing/test_plan_money.py", "tests/billing/test_subscriptions.py"),
}
"""{module under functions/studiox: files of tests}"""

QUICK = ("models/ledger", "tokens/streaks", "tokens/allowance")
"""What `make mutants` tries without ONLY."""

EQUAL: dict[str, dict[str, str]] = {
    "tokens/streaks": {
        "days > last -> days >= last": "on the last milestone's own day both ways give that milestone's bonus",
        "days - last -> days + last": "the last milestone is a multiple of EVERY_AFTER_LAST: the remainder is the same",
    },
}
"""{module: {mutant: why it behaves as the module does}}"""
