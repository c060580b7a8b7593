"""The deployed API, pinned: a changed name, schema, limit, secret or reason is a changed file in review.

After a change that is meant: `.venv/bin/python -m tests.test_api --write`, and read the difference.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import json
import pathlib
import re
import sys
from typing import Any

import msgspec
import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[1]
SNAPSHOT = pathlib.Path(__file__).with_name("api_snapshot.json")
KINDS = {
    "callableTrigger": "callable",
    "httpsTrigger": "http",
    "scheduleTrigger": "schedule",
    "taskQueueTrigger": "task",
    "blockingTrigger": "identity",
}
COMMON = ("labels", "platform", "entryPoint", "secretEnvironmentVariables")


def manifest() -> dict[str, Any]:
    """What the CLI deploys, as the SDK writes it down."""
    from firebase_functions.private import serving

    deployed = {
        name: function
        for name, function in inspect.getmembers(importlib.import_module("main"))
        if hasattr(function, "__firebase_endpoint__")
    }
    found: dict[str, Any] = yaml.safe_load(serving.functions_as_yaml(deployed))
    return found


def kind_of(entry: dict[str, Any]) -> str:
    (kind,) = [KINDS[key] for key in entry if key in KINDS]
    return kind


def environment() -> dict[str, str]:
    """functions/.env, which is deployed with the functions."""
    lines = (ROOT / "functions" / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line.strip() and not line.startswith("#"))


def described(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    from studiox.api.callables import CONTRACTS

    options = {key: value for key, value in entry.items() if key not in COMMON and value not in (None, {}, [])}
    secrets = sorted(secret["key"] for secret in entry.get("secretEnvironmentVariables", []))
    found: dict[str, Any] = {"kind": kind_of(entry), "secrets": secrets, "options": options}
    contract = CONTRACTS.get(name)
    if contract is not None:
        found |= {
            "caller": contract.caller.__name__,
            "limit": msgspec.to_builtins(contract.limit),
            "refuses": sorted(refusal.__name__ for refusal in contract.refusals),
            "request": _schema(contract.request),
            "response": _schema(contract.response),
        }
    return found


def _schema(struct: Any) -> dict[str, Any]:
    """Its JSON Schema. The descriptions are the docstrings, from which Python before 3.13 does not take the indent."""
    found = msgspec.json.schema(struct)
    for each in (found, *found.get("$defs", {}).values()):
        if "description" in each:
            each["description"] = inspect.cleandoc(each["description"])
    return found


def reasons() -> dict[str, str]:
    """{public reason: code} of every refusal there is."""
    from studiox.kit.errors import StudioxError

    importlib.import_module("main")
    found, waiting = {}, [StudioxError]
    while waiting:
        for refusal in waiting.pop().__subclasses__():
            waiting.append(refusal)
            if refusal.__module__.startswith("studiox."):
                found[refusal.__name__] = refusal.code
    return found


def api() -> dict[str, Any]:
    deployed = manifest()
    return {
        "functions": {name: described(name, entry) for name, entry in sorted(deployed["endpoints"].items())},
        "params": {param["name"]: param.get("type") for param in deployed.get("params", [])},
        "reasons": dict(sorted(reasons().items())),
    }


def written() -> str:
    return json.dumps(api(), indent=1, sort_keys=True) + "\n"


def test_the_api_is_what_was_reviewed() -> None:
    now, before = written(), SNAPSHOT.read_text()
    if now != before:
        difference = list(difflib.unified_diff(before.splitlines(), now.splitlines(), "reviewed", "now", n=2))
        shown = "\n".join(difference[:80])
        pytest.fail(f"meant? `.venv/bin/python -m tests.test_api --write`\n{shown}", pytrace=False)


@pytest.fixture(scope="module")
def endpoints() -> dict[str, Any]:
    found: dict[str, Any] = manifest()["endpoints"]
    return found


def test_every_function_is_deployed_under_its_name_with_its_options(endpoints: dict[str, Any]) -> None:
    assert endpoints
    for name, entry in endpoints.items():
        assert entry["entryPoint"] == name
        assert entry["region"] == ["{{ params.REGION }}"], name
        assert entry["availableMemoryMb"] in FRACTIONS, name
        assert (entry.get("timeoutSeconds") or 60) <= 1800, name


ACCOUNT = "{{ params.PROJECT_NUMBER }}-compute@developer.gserviceaccount.com"
# firebase-tools, backend.js, memoryToGen1Cpu: what the CLI makes of `gcf_gen1`.
FRACTIONS = {256: 0.1666, 512: 0.3333, 1024: 0.5833}
MOST = {"workShard": 8, "makeRenditions": 4}
WHOLE = {"cpu": 1, "concurrency": "{{ params.THREADS }}", "maxInstances": "{{ params.MAX_INSTANCES }}"}
FRACTION = {"cpu": "gcf_gen1", "concurrency": 1, "maxInstances": 2}


def test_what_nobody_waits_for_runs_on_a_fraction_of_a_cpu(endpoints: dict[str, Any]) -> None:
    """By the kind of the function: an administrator's, a schedule, a task. The jobs' task is no rare one."""
    from studiox.api.callables import CONTRACTS, Admin

    for name, entry in endpoints.items():
        seldom = name in CONTRACTS and issubclass(CONTRACTS[name].caller, Admin)
        seldom |= kind_of(entry) in ("schedule", "task") and name != "settleStudioJob"
        expected = FRACTION | {"maxInstances": MOST.get(name, 2)} if seldom else WHOLE
        assert {option: entry[option] for option in WHOLE} == expected, name


def test_all_instances_together_need_no_more_cpu_than_the_guide_says(endpoints: dict[str, Any]) -> None:
    most = int(environment()["MAX_INSTANCES"])
    needed = 0.0
    for entry in endpoints.values():
        cpu = 1 if entry["cpu"] == 1 else FRACTIONS[entry["availableMemoryMb"]]
        needed += cpu * (most if isinstance(entry["maxInstances"], str) else entry["maxInstances"])
    guide = (ROOT / "docs/deploy.md").read_text()
    said = set(re.findall(r"the functions need at most (\d+) vCPU|ask for (\d+) vCPU", guide))
    assert len(said) == 2, "docs/deploy.md says what is needed, and what quota to ask for"
    [asked] = {int(need or ask) for need, ask in said}
    assert needed <= asked < 1.1 * needed, f"docs/deploy.md: ask for a little more than {needed:.0f} vCPU"


def test_each_callable_declares_its_contract(endpoints: dict[str, Any]) -> None:
    from studiox.api.callables import CONTRACTS

    callables = {name for name, entry in endpoints.items() if kind_of(entry) == "callable"}
    assert callables == set(CONTRACTS)
    for name, contract in CONTRACTS.items():
        bound = {secret["key"] for secret in endpoints[name]["secretEnvironmentVariables"]}
        assert bound == set(contract.secrets) >= {"APP_SIGNING_KEY"}, name
        assert contract.limit.calls > 0, name
        assert contract.limit.per > 0, name


def test_what_settles_payments_can_settle_their_referrals(endpoints: dict[str, Any]) -> None:
    """Its keyed hashes need the signing key, which tests give to every function."""
    bound = {name: {each["key"] for each in entry["secretEnvironmentVariables"]} for name, entry in endpoints.items()}
    with_stripe = {name for name, secrets in bound.items() if "STRIPE_SECRET_KEY" in secrets}
    assert {"stripeWebhook", "reconcilePayments", "payTopUp", "confirmCheckout"} <= with_stripe
    assert [name for name in with_stripe if "APP_SIGNING_KEY" not in bound[name]] == []


def test_r8_queues_and_schedules_are_nobodys_to_call(endpoints: dict[str, Any]) -> None:
    """They run for whoever reaches them: the SDK checks no token, so only IAM keeps the public out."""
    for name, entry in endpoints.items():
        if kind_of(entry) in ("schedule", "task", "identity"):
            assert "httpsTrigger" not in entry, name
            invoker = (entry.get("taskQueueTrigger") or {}).get("invoker")
            assert invoker == ([ACCOUNT] if kind_of(entry) == "task" else None), name
            assert json.dumps(entry).count("invoker") == (kind_of(entry) == "task"), name


def test_queues_can_be_made_and_send_no_more_than_their_functions_take(endpoints: dict[str, Any]) -> None:
    for name, entry in endpoints.items():
        if kind_of(entry) == "task":
            queue = entry["taskQueueTrigger"]
            assert re.fullmatch(r"[A-Za-z0-9-]+", name)
            assert queue["retryConfig"]["maxAttempts"] > 1, f"{name}: how often it is tried again"
            instances = entry["maxInstances"] if isinstance(entry["maxInstances"], int) else 1
            assert queue["rateLimits"]["maxConcurrentDispatches"] <= entry["concurrency"] * instances, name


def test_schedules_are_in_utc_and_those_of_a_day_are_repeated(endpoints: dict[str, Any]) -> None:
    for name, entry in endpoints.items():
        if kind_of(entry) == "schedule":
            trigger = entry["scheduleTrigger"]
            assert trigger["timeZone"] in ("UTC", "Etc/UTC"), name
            assert trigger["retryConfig"]["retryCount"] == (0 if trigger["schedule"] == "* * * * *" else 3), name


def test_threads_are_as_many_as_calls(endpoints: dict[str, Any]) -> None:
    """The server has 4 threads a CPU unless told; concurrency beyond them only queues."""
    assert environment()["THREADS"] == "80"
    assert {entry["concurrency"] for entry in endpoints.values()} == {1, "{{ params.THREADS }}"}


def test_every_parameter_has_a_value() -> None:
    """`firebase deploy --non-interactive` fails on one without, even where a default exists."""
    params = {param["name"] for param in manifest().get("params", []) if param.get("type") != "secret"}
    assert params
    assert params <= environment().keys()


def test_the_deployment_enables_the_apis_that_its_triggers_need() -> None:
    """Also of schedules and tasks, whose functions are ours around the SDK's."""
    assert {each["api"] for each in manifest()["requiredAPIs"]} == {
        "cloudscheduler.googleapis.com",
        "cloudtasks.googleapis.com",
        "identitytoolkit.googleapis.com",
    }


def test_what_is_deployed_names_no_emulator_and_no_secret(endpoints: dict[str, Any]) -> None:
    """An emulator's variable in production would let unsigned tokens in (A7)."""
    names = environment().keys()
    assert not [name for name in names if "EMULATOR" in name]
    secrets = {secret["key"] for entry in endpoints.values() for secret in entry["secretEnvironmentVariables"]}
    assert secrets.isdisjoint(names)
    assert not [name for name in names if re.search(r"SECRET|_KEY$|TOKEN$|PASSWORD", name)]
    ignored = {"functions": None, **json.loads((ROOT / "firebase.json").read_text())}["functions"]
    for source in ignored if isinstance(ignored, list) else [ignored]:
        assert "*.local" in source["ignore"], "secrets in .secret.local would be uploaded"


def test_every_reason_has_a_code_clients_know() -> None:
    from studiox.kit.errors import CODES

    found = reasons()
    assert set(found.values()) <= set(CODES)
    contract = {
        "Unauthenticated": "unauthenticated",
        "Forbidden": "permission-denied",
        "AccountSuspended": "permission-denied",
        "EmailNotVerified": "failed-precondition",
        "InvalidRequest": "invalid-argument",
        "InvalidCursor": "invalid-argument",
        "NotFound": "not-found",
        "InsufficientTokens": "failed-precondition",
        "Contention": "aborted",
        "PriceChanged": "failed-precondition",
        "RequestIdReused": "already-exists",
        "RateLimited": "resource-exhausted",
    }
    assert {reason: found[reason] for reason in contract} == contract


def test_every_field_on_the_wire_is_camel_case() -> None:
    names: list[str] = []

    def collect(schema: Any) -> None:
        if isinstance(schema, dict):
            names.extend(schema.get("properties", {}))
            for value in schema.values():
                collect(value)
        elif isinstance(schema, list):
            for value in schema:
                collect(value)

    for entry in api()["functions"].values():
        collect([entry.get("request"), entry.get("response")])
    assert names
    assert not [name for name in names if not re.fullmatch(r"[a-z][A-Za-z0-9]*", name)]


def test_every_string_and_list_of_a_request_is_bounded() -> None:
    """An unbounded field is a way to fill the database at somebody else's cost."""
    loose: list[str] = []

    def look(name: str, schema: Any, defs: dict[str, Any]) -> None:
        kind = schema.get("type")
        if kind == "string" and not ({"maxLength", "pattern", "enum", "format"} & schema.keys()):
            loose.append(f"{name}: a string")
        if kind == "array" and "maxItems" not in schema:
            loose.append(f"{name}: a list")
        for each in schema.get("anyOf", []):
            look(name, each, defs)
        for field, inner in schema.get("properties", {}).items():
            look(f"{name}.{field}", inner, defs)
        if isinstance(schema.get("additionalProperties"), dict):
            look(f"{name}.*", schema["additionalProperties"], defs)
            if "maxProperties" not in schema:
                loose.append(f"{name}: a map")
        if isinstance(schema.get("items"), dict):
            look(f"{name}[]", schema["items"], defs)
        if "$ref" in schema:
            look(name, defs[schema["$ref"].rsplit("/", 1)[1]], defs)

    for name, entry in api()["functions"].items():
        if "request" in entry:
            look(name, entry["request"], entry["request"].get("$defs", {}))
    assert not loose


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "functions"))
    if sys.argv[1:] == ["--write"]:
        SNAPSHOT.write_text(written())
    else:
        sys.stdout.write(written())
