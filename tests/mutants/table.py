"""Which tests cover which pure rule, and why some mutants of it are no faults."""

from __future__ import annotations

_PLANS = ("tests/billing/test_plan_money.py", "tests/billing/test_subscriptions.py")
_MODERATION = tuple(
    f"tests/community/test_{each}.py"
    for each in ("appeals", "restoring", "moderation", "comment_moderation", "suspension", "queue", "reports")
)
_JOBS = tuple(f"tests/studio/test_{each}.py" for each in ("pacing", "orders", "order_faults", "callbacks", "songs"))

COVERED_BY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "kit/windows": (("tests/kit/test_windows.py",), ()),
    "kit/documents": (("tests/kit/test_documents.py",), ()),
    "models/ledger": (("tests/tokens/test_ledger.py",), ("tests/tokens/test_ledger_audit.py",)),
    "tokens/monthly": (("tests/tokens/test_monthly.py",), ()),
    "tokens/allowance": (("tests/tokens/test_allowance.py",), ("tests/tokens/test_usage.py",)),
    "tokens/invariants": (("tests/tokens/test_invariants.py",), ()),
    "billing/referral_rules": (("tests/billing/test_referral_rules.py",), ()),
    "tokens/daily_spend": (("tests/tokens/test_daily_spend_rules.py",), ()),
    "tokens/streaks": (("tests/tokens/test_streaks.py",), ()),
    "studio/lifecycle": (("tests/studio/test_job_rules.py", "tests/studio/test_jobs.py"), _JOBS),
    "studio/spend": (("tests/studio/test_spend_rules.py",), ()),
    "studio/breaker": (("tests/studio/test_breaker_rules.py",), ()),
    "billing/orders": (
        ("tests/billing/test_orders.py",),
        ("tests/billing/test_packs.py", "tests/billing/test_returns.py"),
    ),
    "billing/bills": (("tests/billing/test_bills.py",), ("tests/billing/test_orders.py",)),
    "integrations/stripe_off_session_objects": (("tests/billing/test_stripe_off_session.py",), ()),
    "billing/top_up_rules": (("tests/billing/test_top_up_rules.py",), ("tests/billing/test_auto_top_up.py",)),
    "billing/top_up_effects": (("tests/billing/test_auto_top_up.py", "tests/billing/test_top_up_faults.py"), ()),
    "billing/top_up_payment": (("tests/billing/test_auto_top_up.py", "tests/billing/test_top_up_faults.py"), ()),
    "models/auto_top_up": (("tests/billing/test_top_up_rules.py",), ()),
    "billing/plans": (("tests/billing/test_checkout_rules.py",), ("tests/billing/test_checkout.py", *_PLANS)),
    "catalog/catalog": (
        tuple(f"tests/catalog/test_{each}.py" for each in ("rules", "inputs", "models", "check_model", "outputs")),
        (),
    ),
    "catalog/sales": (("tests/catalog/test_sales.py",), ()),
    "catalog/margins": (tuple(f"tests/catalog/test_{each}.py" for each in ("models", "rules", "overrides")), ()),
    "catalog/overrides": (("tests/catalog/test_overrides.py",), ()),
    "billing/subscriptions": (("tests/billing/test_plan_rules.py", "tests/billing/test_preview_rules.py"), ()),
    "community/rules": (("tests/community/test_post_rules.py",), ()),
    "community/reports": (("tests/community/test_report_weights.py",), ()),
    "community/decisions": (("tests/community/test_appeals.py",), _MODERATION),
    "community/statements": (("tests/community/test_statements.py",), ()),
    "community/share": (("tests/community/test_share_rules.py",), ()),
    "admin/report_rules": (("tests/admin/test_report_rules.py",), ()),
    "deletions/rules": (("tests/deletions/test_clean_up_rules.py",), ()),
    "integrations/stripe_objects": (("tests/billing/test_stripe_objects.py",), ()),
    "integrations/stripe_types": (("tests/billing/test_bills.py",), ()),
    "billing/invoice_memory": (("tests/billing/test_invoice_memory.py",), ()),
    "creations/sweep_rules": (("tests/creations/test_sweep_rules.py",), ()),
    "creations/filters": (("tests/creations/test_filter_rules.py",), ()),
    "auth/sign_up": (("tests/auth/test_sign_up_rules.py",), ()),
    "tokens/social_tasks": (("tests/tokens/test_social_task_rules.py",), ()),
    "tokens/usage_analytics": (("tests/tokens/test_usage_figures.py",), ()),
    "kit/daily_quota": (("tests/kit/test_daily_quota.py",), ()),
    "admin/corrections": (("tests/admin/test_corrections.py",), ()),
    "kit/texts": (("tests/kit/test_plain_names.py",), ()),
    "api/refused_fields": (("tests/api/test_refused_fields.py",), ()),
    "account_data/statement": (("tests/account_data/test_statement.py",), ()),
    "studio/orders": (("tests/studio/test_order_rules.py",), ()),
    "billing/monthly_tokens": (("tests/billing/test_monthly_tokens.py", "tests/billing/test_monthly_refunds.py"), ()),
    "integrations/providers/poyo_inputs": (
        ("tests/integrations/test_poyo_inputs.py",),
        ("tests/integrations/test_poyo.py",),
    ),
    "integrations/providers/answers": (("tests/integrations/test_answers.py",), ()),
    "api/callable_protocol": (("tests/api/test_callable_protocol.py",), ()),
    "account_data/inventory": (("tests/account_data/test_inventory.py",), ("tests/account_data/test_deletion.py",)),
    "kit/values": (("tests/kit/test_values.py",), ()),
    "media/filetypes": (("tests/media/test_filetype_limits.py",), ("tests/media/test_filetypes.py",)),
    "models/media_files": (("tests/models/test_media_files.py",), ("tests/creations/test_renditions.py",)),
    "models/posts": (("tests/models/test_posts.py",), ("tests/community/test_comments.py",)),
    "models/notifications": (("tests/models/test_notifications.py",), ()),
    "models/daily_counters": (("tests/models/test_daily_counters.py",), ()),
    "models/jobs": (("tests/models/test_jobs.py",), ()),
    "models/users": (("tests/models/test_users.py",), ()),
    "models/creations": (("tests/models/test_library.py",), ()),
    "models/sessions": (("tests/models/test_library.py",), ()),
    "models/collections": (("tests/models/test_collections.py",), ()),
    "models/moderation": (("tests/models/test_posts.py",), ("tests/community/test_deleting.py", *_MODERATION)),
    "models/ratings": (("tests/community/test_post_rules.py",), ("tests/community/test_ratings.py",)),
    "models/search_terms": (("tests/models/test_search_terms.py",), ()),
    "models/referrals": (("tests/models/test_referrals.py",), ()),
    "models/ledger_store": (("tests/models/test_ledger_store.py",), ()),
    "billing/subscription_effects": (("tests/billing/test_subscription_effects.py",), ()),
    "api/client_address": (("tests/api/test_client_address.py",), ()),
    "kit/clock": (("tests/kit/test_clock.py",), ()),
    "integrations/providers/base": (("tests/integrations/test_base.py",), ()),
    "integrations/moderation/protocol": (("tests/integrations/test_moderation.py",), ()),
    "integrations/moderation/scores": (("tests/integrations/test_moderation.py",), ()),
    "integrations/moderation/words": (("tests/integrations/test_moderation.py",), ()),
    "integrations/providers/registry": (("tests/integrations/test_registry.py",), ()),
    "kit/ids": (("tests/kit/test_ids.py",), ()),
    "fan_out/rules": (
        ("tests/fan_out/test_halving.py", "tests/fan_out/test_run_rules.py"),
        ("tests/fan_out/test_runs.py",),
    ),
    "api/methods": (("tests/api/test_methods.py",), ()),
    "api/webhook_body": (("tests/api/test_webhook_body.py",), ()),
}
"""{module under functions/studiox: (files with the rule's own tests, files that are tried on what these miss)}

Every module that decides anything and does no I/O is here, or in WITHOUT_A_ROW. So is every module of `models/`.
"""

WITHOUT_A_ROW = {
    "media/marking": "formats; tests/media/test_marking.py reads what it makes with other libraries",
    "media/xmp": "as media/marking",
    "media/render_child": "a program of its own; tests/media/test_renditions.py starts it",
    "kit/config": "the defaults of a deployment's parameters; tests/kit/test_config.py has its functions",
    "integrations/providers/specs": "declarations; tests/studio/test_registry.py holds the deployment to them",
    "catalog/poyo_models": "a table; tests/catalog/test_models.py holds it to the vendor's",
    "integrations/providers/mock": "its pictures may look otherwise; tests/integrations/test_mock.py has its answers",
}
"""{module that decides something without I/O: why its mutants are not tried}"""

SLOW = ("tests/tokens/test_monthly.py::test_j23_one_two_and_five_parallel_runs_over_years_are_equal",)
"""Left out: each of them would take longer than all mutants of its module."""

_POLLS = "the pause between polls is the same for the first ten"
_CENT = "a charge is one of at least a cent"
_PAUSE = "the pause is at least ten seconds in any case"
_LONGEST_PAUSE = "the pause is the longest from the fifth opening on"
_TRUTH = "its caller only asks whether it is true"
_BEYOND = "a frame of 1,024 bytes or more ends beyond what is looked at"
_SAME_LENGTH = "rounded down, the length of every frame that is looked at is the same"
_BOUND = "a missing bound is 0, and what is checked admits 1 too"
_NO_MOVE = "a reward of no tokens is none of the inviter's"

EQUAL: dict[str, dict[str, str]] = {
    "billing/referral_rules": {
        "is_code: set(text) <= set(ALPHABET) -> set(text) < set(ALPHABET)": "a code is shorter than the alphabet",
        "stands: payment.refunded or 0 -> payment.refunded or -1": "no amount is negative",
        "with_move: tokens > 0 -> tokens >= 0": _NO_MOVE,
        "with_move: tokens > 0 -> tokens > -1": _NO_MOVE,
    },
    "kit/documents": {
        "NotRead.__init__: super().__init__(path) -> pass": "an exception keeps its arguments before that",
    },
    "studio/lifecycle": {
        "Polled: progress: int = 0 -> progress: int = -1": "a job's progress never falls below what it was",
        "_sent: task_poll_after(job.type, 0) -> task_poll_after(job.type, 1)": _POLLS,
        "_sent: task_poll_after(job.type, 0) -> task_poll_after(job.type, -1)": _POLLS,
        "_after_the_end: task_poll_after(job.type, 0) -> task_poll_after(job.type, 1)": _POLLS,
        "_after_the_end: task_poll_after(job.type, 0) -> task_poll_after(job.type, -1)": _POLLS,
        "_postponed: retry_after_s or 0 -> retry_after_s or 1": _PAUSE,
        "_postponed: retry_after_s or 0 -> retry_after_s or -1": _PAUSE,
    },
    "studio/breaker": {
        "failed: min(openings - 1, 10) -> min(openings - 1, 11)": _LONGEST_PAUSE,
        "failed: min(openings - 1, 10) -> min(openings - 1, 9)": _LONGEST_PAUSE,
    },
    "catalog/overrides": {
        "_unstorable: return '' -> return None": _TRUTH,
    },
    "catalog/catalog": {
        "_numbers: spec.min or 0 -> spec.min or 1": _BOUND,
        "_numbers: spec.max or 0 -> spec.max or 1": _BOUND,
    },
    "community/decisions": {"stands: return False -> return None": _TRUTH},
    "billing/subscriptions": {
        "_loses_tokens: return False -> return None": _TRUTH,
        "duplicate: (current.created_at, current.id) < (new.created_at, new.subscription_id)"
        " -> (current.created_at, current.id) <= (new.created_at, new.subscription_id)": "the two ids differ",
    },
    "admin/report_rules": {
        "Tally.percentile: round(step * LATENCY_STEP_S, 1) -> round(step * LATENCY_STEP_S, 2)": "a step is a tenth",
    },
    "billing/monthly_tokens": {
        "in_proportion: full > 0 -> full > 1": "what is below a full price of one cent is nothing",
        "MonthlyBucket.reverse: known.total or 0 -> known.total or 1": _CENT,
        "MonthlyBucket.reverse: known.total or 0 -> known.total or -1": _CENT,
    },
    "billing/invoice_memory": {
        f"noted: {field}=0 -> {field}={other}": "the fetched invoice's replaces it"
        for field in ("attempts", "amount")
        for other in (1, -1)
    },
    "integrations/stripe_objects": {
        "_invoice: data.get('amount_due') or 0 -> data.get('amount_due') or -1": "what is below zero is read as zero",
    },
    "integrations/moderation/words": {
        f"WordList._has_one: {old} -> {new}": "beyond the end there are shorter phrases, which their own length finds"
        for old, new in (
            ("len(words) - length", "len(words) + length"),
            ("len(words) - length + 1", "len(words) - length + 2"),
        )
    },
    "integrations/providers/answers": {
        f"refusal: 400 <= code < 500 -> {other} < 500": "400 has a meaning of its own"
        for other in ("400 < code", "401 <= code")
    },
    "integrations/providers/poyo_inputs": {
        "_shots: len(lines) > seconds -> len(lines) >= seconds": "joining the last line alone changes nothing",
    },
    "community/rules": {
        "normal_tag: range(2) -> range(3)": "the third round changes nothing",
        "new_post: posts.score(0, now) -> posts.score(-1, now)": "fewer likes than none rank as none",
    },
    "api/client_address": {
        f"_hop: 0 < own < len(hops) -> {other} < len(hops)": "without proxies both ways take the last address"
        for other in ("0 <= own", "-1 < own")
    },
    "api/webhook_body": {
        f"body_of: request.content_length or 0 -> request.content_length or {other}": "no limit is below a byte"
        for other in ("1", "-1")
    },
    "fan_out/rules": {
        f"_number: number = 0 -> number = {other}": "both numbers are as much more or less, which `_text` leaves out"
        for other in (1, -1)
    },
    "media/filetypes": {
        **{
            f"_container: 16 <= size <= 512 -> {other}": "a size is a multiple of four"
            for other in ("15 <= size <= 512", "16 <= size <= 513")
        },
        "_is_adts: return False -> return None": _TRUTH,
        "_is_mp3_frame: return False -> return None": _TRUTH,
        "_is_adts: (head[3] & 3) << 11 -> (head[3] & 3) << 12": _BEYOND,
        "_is_adts: (head[3] & 3) << 11 -> (head[3] & 3) << 10": _BEYOND,
        **{
            f"_is_mp3_frame: (44100, 48000, 32000) -> {other}": _SAME_LENGTH
            for other in ("(44101, 48000, 32000)", "(44099, 48000, 32000)", "(44100, 47999, 32000)")
        },
        "_is_mp3_frame: (44100, 48000, 32000) -> (44100, 48000, 31999)": _SAME_LENGTH,
        "_is_mp3_frame: 144000 if mpeg1 else 72000 -> 144001 if mpeg1 else 72000": _SAME_LENGTH,
        "_is_mp3_frame: 144000 if mpeg1 else 72000 -> 144000 if mpeg1 else 72001": _SAME_LENGTH,
    },
    "models/search_terms": {
        "is_answered_by_term: words[0] -> words[-1]": "there is one word",
    },
    "tokens/streaks": {
        "reward: days > last -> days >= last": "on the last milestone's day both ways give that milestone's bonus",
        "reward: days - last -> days + last": "the last milestone is a multiple of EVERY_AFTER_LAST: the remainder is"
        " the same",
    },
}
"""{module: {mutant: why it behaves as the module does}}"""
