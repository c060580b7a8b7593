"""The options that all functions share, the deployment's parameters, and its secrets."""

from __future__ import annotations

import os
from typing import Any

from firebase_functions import options
from firebase_functions.params import BoolParam, IntParam, SecretParam, StringParam

VERSION = "0.1.0"

# These are evaluated by the CLI when it deploys: the manifest holds them as expressions.
REGION = StringParam("REGION", default="us-central1")
MAX_INSTANCES = IntParam("MAX_INSTANCES", default=2)
"""The most instances of each function that clients, vendors or the job queue call."""

THREADS = IntParam("THREADS", default=80)
"""The calls that an instance of these functions serves at the same time, each in a thread of its own. The server of an
instance reads it too (functions/.env), so that Cloud Run sends no more calls than there are threads."""
JOB_TASKS = IntParam("JOB_TASKS", default=20)
"""The most tasks of `settleStudioJob` that run at the same time."""

PROJECT_NUMBER = StringParam("PROJECT_NUMBER", default="")

SERVICE_ACCOUNT = f"{PROJECT_NUMBER}-compute@developer.gserviceaccount.com"
"""The account that the functions run as, and that Cloud Tasks calls them as (`tasks.enqueue`)."""

OFTEN: dict[str, Any] = {"cpu": 1, "concurrency": THREADS, "max_instances": MAX_INSTANCES}
"""The options of functions that people wait for: one CPU, shared by THREADS calls."""
SELDOM: dict[str, Any] = {"cpu": "gcf_gen1", "concurrency": 1, "max_instances": 2}
"""The options of administrators' functions, schedules and rare tasks. `gcf_gen1` is a sixth of a CPU for 256 MiB and a
third for 512 MiB. Cloud Run gives less than one CPU only to instances that serve one call at a time."""

# Set before any decorator runs, because decorators read the global options at import.
options.set_global_options(region=str(REGION), memory=options.MemoryOption.MB_256, **OFTEN)

FIRESTORE_DATABASE = StringParam("FIRESTORE_DATABASE", default="(default)")
"""The database's id. Another one than `(default)` is one that was restored from a backup."""
ALLOWED_ORIGINS = StringParam("ALLOWED_ORIGINS", default="http://127.0.0.1:5000,http://localhost:5000")
ENABLE_MOCK_MODELS = BoolParam("ENABLE_MOCK_MODELS", default=False)
STRIPE_API_BASE = StringParam("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_TAX = StringParam("STRIPE_TAX", default="off")
"""`off`, or how Stripe Tax counts: `exclusive`, on top of the prices, or `inclusive`, as part of them."""
PROMOTION_CODES = BoolParam("PROMOTION_CODES", default=False)
PACK_INVOICES = BoolParam("PACK_INVOICES", default=False)
SITE_URL = StringParam("SITE_URL", default="http://127.0.0.1:5000")
FUNCTIONS_BASE_URL = StringParam("FUNCTIONS_BASE_URL", default="")
WELCOME_TOKENS = IntParam("WELCOME_TOKENS", default=200)
REFERRAL_TOKENS = IntParam("REFERRAL_TOKENS", default=100)
"""For each of the two, when the invited person's first purchase is settled."""
DAILY_SPEND_LIMIT_USD = StringParam("DAILY_SPEND_LIMIT_USD", default="100")  # "" and "0": no limit
FREE_SPEND_LIMIT_USD = StringParam("FREE_SPEND_LIMIT_USD", default="20")  # for jobs paid with free tokens
MAX_MEDIA_BYTES = IntParam("MAX_MEDIA_BYTES", default=1 << 30)
REQUIRE_VERIFIED_EMAIL = BoolParam("REQUIRE_VERIFIED_EMAIL", default=False)
ENFORCE_APP_CHECK = BoolParam("ENFORCE_APP_CHECK", default=False)
BLOCKED_EMAIL_DOMAINS = StringParam("BLOCKED_EMAIL_DOMAINS", default="")
ALLOWED_EMAIL_DOMAINS = StringParam("ALLOWED_EMAIL_DOMAINS", default="")
TRUSTED_PROXIES = IntParam("TRUSTED_PROXIES", default=0)
"""The number of your own load balancers between callers and Google's front end. Each appends its address."""
REPORTS_TO_HIDE = IntParam("REPORTS_TO_HIDE", default=5)
MODERATION = StringParam("MODERATION", default="off")
"""Who judges prompts and posts: `off`, `words` or `openai`."""
MODERATION_WHEN_AWAY = StringParam("MODERATION_WHEN_AWAY", default="refuse")
"""What happens to them without a verdict: `refuse`, or `allow`."""
MOCK_FAILURE_RATE = StringParam("MOCK_FAILURE_RATE", default="0")  # the SDK's float parameter is private
MOCK_LATENCY_MS = IntParam("MOCK_LATENCY_MS", default=1500)

# The providers' secrets, base URLs and hosts are in integrations/providers/specs.py.
STRIPE_SECRET_KEY = SecretParam("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRET = SecretParam("STRIPE_WEBHOOK_SECRET")
APP_SIGNING_KEY = SecretParam("APP_SIGNING_KEY")


class MissingSecret(Exception):
    """The secret is empty, or is not bound to the function that reads it."""


def secret(param: SecretParam) -> str:
    """The secret's value, never "". Read at each call, because it has no value at discovery. `MissingSecret`."""
    value: str = param.value
    if not value.strip():
        raise MissingSecret(param.name)
    return value


def in_emulator() -> bool:
    return os.environ.get("FUNCTIONS_EMULATOR") == "true"


def project_id() -> str:
    return os.environ.get("GCLOUD_PROJECT") or os.environ.get("GOOGLE_CLOUD_PROJECT") or "demo-studiox"


def functions_base_url() -> str:
    """The base URL of the HTTP functions, for vendors' callbacks, without a trailing slash."""
    given: str = FUNCTIONS_BASE_URL.value
    if given:
        return given.rstrip("/")
    if in_emulator():
        return f"http://{os.environ.get('FUNCTIONS_EMULATOR_HOST', '127.0.0.1:5001')}/{project_id()}/{REGION.value}"
    return f"https://{REGION.value}-{project_id()}.cloudfunctions.net"


def listed(param: StringParam | SecretParam) -> list[str]:
    """The items of a comma-separated parameter or secret, trimmed, without empty ones."""
    return [item.strip() for item in param.value.split(",") if item.strip()]
