"""What infra/ promises: nothing is made before its API is on, and it names only what exists and is documented.

These checks read the files, and need neither Terraform nor an account.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.infra import configuration, logged
from tests.infra.configuration import INFRA, ROOT, blocks, local_values, resources, waits_for

README = (INFRA / "README.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
APIS = "google_project_service.needed"
# The API that answers for the resources whose names begin so.
API_OF = {
    "google_artifact_registry_": "artifactregistry",
    "google_bigquery_": "bigquery",
    "google_billing_budget": "billingbudgets",
    "google_cloud_scheduler_": "cloudscheduler",
    "google_firestore_": "firestore",
    "google_iam_workload_identity_": "iam",
    "google_identity_platform_": "identitytoolkit",
    "google_logging_": "logging",
    "google_monitoring_": "monitoring",
    "google_project": "cloudresourcemanager",
    "google_project_iam_custom_role": "iam",
    "google_project_service": "serviceusage",
    "google_service_account": "iam",
    "google_storage_": "storage",
    "google_workflows_": "workflows",
}


def apis() -> set[str]:
    return set(re.findall(r'"(\w+)\.googleapis\.com"', json.dumps(local_values()["apis"]).replace("\\", "")))


def functions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
    return found


def of_kind(*kinds: str) -> set[str]:
    return {name for name, function in functions().items() if function["kind"] in kinds}


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


def test_the_files_are_read() -> None:
    assert len(resources()) > 25
    assert configuration.addresses() == sorted(resources())
    assert "google_monitoring_notification_channel.ops" in waits_for("google_monitoring_alert_policy.logged")
    assert waits_for("google_monitoring_alert_policy.burn") >= {"google_logging_metric.event", APIS}


@pytest.mark.parametrize("address", [each for each in configuration.addresses() if each != APIS])
def test_a_resource_is_made_after_its_api_is_on(address: str) -> None:
    assert APIS in waits_for(address)
    [*_, api] = [api for prefix, api in API_OF.items() if address.startswith(prefix)]
    assert api in apis()


def test_the_apis_that_the_cli_switches_on_are_on_before_it_runs() -> None:
    prepare = (ROOT / "node_modules/firebase-tools/lib/deploy/functions/prepare.js").read_text()
    wanted = set(re.findall(r'"(\w+)\.googleapis\.com"', prepare.split("STANDARD_APIS = [")[1].split("]")[0]))
    assert len(wanted) > 8
    # Runtime Config was for the first generation; the CLI only looks whether it is on.
    assert wanted - apis() == {"runtimeconfig"}


def test_apis_are_switched_on_without_an_api_of_the_project() -> None:
    """A request that is charged to the project needs the API of quotas there, which may be off."""
    [plain] = [provider for block in blocks("provider") for provider in block.values() if "alias" in provider]
    assert "user_project_override" not in plain
    [number] = [data["this"] for block in blocks("data") for data in block.values()]
    for made in (resources()[APIS], number):
        assert made["provider"] == "${google.enables}"
    assert "depends_on" not in number, "its number would be unknown in a plan, which then replaces what names it"


def test_every_role_is_documented_and_none_that_is_not_granted() -> None:
    documented = set(re.findall(r"\| `(roles/[\w.]+)` \|", section(README, "Roles")))
    granted = set(re.findall(r'"(roles/[\w.]+)"', configuration.text()))
    assert len(granted) > 15
    assert documented == granted | {"roles/secretmanager.secretAccessor"}, "which the CLI grants"
    functions_have = re.findall(r'"(roles/[\w.]+)"', (INFRA / "runtime.tf").read_text())
    assert set(re.findall(r"`(roles/[\w.]+)`", section(DEPLOY, "4. Deploy"))) == set(functions_have)
    custom = {
        body["role_id"]: set(body["permissions"])
        for address, body in resources().items()
        if address.startswith("google_project_iam_custom_role.")
    }
    described = [line for line in README.splitlines() if "a role of our own" in line]
    assert custom == {
        re.findall(r"`(studiox\w+)`", row)[0]: set(re.findall(r"`(\w+\.\w+\.\w+)`", row)) for row in described
    }


def test_every_variable_is_documented() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", section(README, "Variables"), re.MULTILINE)
    assert set(documented) == configuration.variables()
    for block in blocks("variable"):
        for name, body in block.items():
            assert body.get("description"), name


def test_every_file_is_described() -> None:
    described = set(re.findall(r"^\| `([\w.]+/?)` \|", README, re.MULTILINE))
    assert {path.name for path in INFRA.glob("*.tf")} <= described


def test_lists_of_functions_hold_exactly_those_of_their_kind() -> None:
    lists = local_values()
    callbacks = {name for name in of_kind("http") if name.endswith("Webhook")}
    assert set(lists["webhooks"]) == callbacks
    assert set(lists["queues"]) == of_kind("task")
    assert set(lists["background"]) == of_kind("schedule", "task")
    vendors = {"STRIPE_SECRET_KEY", "POYO_API_KEY"}
    ask = {name for name in of_kind("callable", "http") - callbacks if vendors & set(functions()[name]["secrets"])}
    assert set(lists["slow"]) == ask | {"exportAccount", "runWeeklyReport"}, "which copy much"


def test_queries_name_functions_and_metrics_that_exist() -> None:
    text = configuration.text().replace('\\"', '"')
    services = {name.lower() for name in functions()}
    named = re.findall(r'service_name[!=]~?"([^"$]+)"', text) + re.findall(r'service_name=\S*match\("([^"$]+)"', text)
    assert {"dispatchstudiojobs", "createstudiojob"} <= {each for group in named for each in group.split("|")}
    assert {each for group in named for each in group.split("|")} <= services
    assert set(re.findall(r'function="(\w+)"', text)) <= set(functions())
    assert set(re.findall(r"(\w+Jobs)\b", text)) == {"dispatchStudioJobs"}
    ours = {f"studiox_{name}" for name in re.findall(r"\$\{local\.counted\}_([a-z_]+?)(?:_bucket)?[\[{]", text)}
    ours |= set(re.findall(r"logging\.googleapis\.com/user/(\w+)", text))
    made = set(local_values()["events"]) | {
        body["name"] for address, body in resources().items() if address.startswith("google_logging_metric.")
    }
    assert len(ours) > 5
    assert ours == made - {"${each.key}"}


def test_every_schedule_is_missed_when_it_does_not_run() -> None:
    watched = json.dumps(local_values()["watched"]).lower()
    seen_by = {
        "auditLedger": "ledger_audit",
        "dispatchStudioJobs": "dispatchstudiojobs",
        "measureModels": "measuremodels",
        "reconcilePayments": "reconcilepayments",
        "resetMonthlyTokens": "monthly_reset",
        "sweepMedia": "media_sweep",
        "weeklyReport": "report_made",
    }
    assert set(seen_by) == of_kind("schedule")
    assert [name for name, sign in seen_by.items() if sign not in watched] == []


def test_counted_lines_are_written_with_the_fields_that_are_counted() -> None:
    lines = logged.lines()
    for name, event in local_values()["events"].items():
        messages = re.findall(r'"(\w+)"', event["filter"])
        assert messages, name
        fields = set(event["labels"]) | set(re.findall(r"jsonPayload\.(\w+)", event["filter"]))
        for message in messages:
            assert message in lines, f"{name} counts {message}, which nothing logs"
            assert any(fields <= line.fields for line in lines[message]), f"{message} has not all of {fields}"
    seconds = resources()["google_logging_metric.job_seconds"]
    assert seconds["value_extractor"] == "EXTRACT(jsonPayload.ageSeconds)"


def test_a_bug_is_a_line_of_ours_and_no_line_about_a_request() -> None:
    alerts = local_values()["logged"]
    written = {line.severity for each in logged.lines().values() for line in each}
    assert {"ALERT", "ERROR"} <= written
    for name, severities in {"alert": "severity=ALERT", "bug": "severity>=ERROR AND severity<ALERT"}.items():
        assert alerts[name]["filter"] == f"${{local.lines}} AND {severities}"
    ours = local_values()["lines"]
    assert "run.googleapis.com/stdout" in ours
    assert "jsonPayload.logger:*" in ours, "every line of ours names its logger (kit/log.py)"
    assert "requests" not in ours


def test_every_alert_is_explained_and_none_that_is_gone() -> None:
    policies = {body["display_name"] for address, body in resources().items() if "alert_policy" in address}
    names = {each["name"] for table in ("logged", "watched") for each in local_values()[table].values()}
    names |= {name for name in policies if "${" not in name} | {"StudioX: the objective is in danger"}
    rows = [line for line in section(OPERATIONS, "Watching").splitlines() if line.startswith("| *")]
    explained = {f"StudioX: {name}" for row in rows for name in re.findall(r"\*([^*]+)\*", row.split("|")[1])}
    assert explained == names


def test_every_objective_is_explained() -> None:
    text = section(OPERATIONS, "Watching").lower()
    objectives = local_values()["objectives"].values()
    assert objectives
    for objective in objectives:
        assert f"| {objective['name'].lower()} | {objective['goal'] * 100:g} % |" in text


def test_r19_what_an_export_does_not_replace_expires() -> None:
    """The tables a day of grace after two failed runs, the files at once: as docs/analytics.md says."""
    day_ms = 24 * 60 * 60 * 1000
    dataset, bucket = resources()["google_bigquery_dataset.analytics"], resources()["google_storage_bucket.analytics"]
    assert dataset["default_table_expiration_ms"] == 3 * day_ms
    assert dataset["max_time_travel_hours"] == 48
    [rule] = bucket["lifecycle_rule"]
    assert (rule["condition"][0]["age"], rule["action"][0]["type"]) == (1, "Delete")
    assert bucket["soft_delete_policy"][0]["retention_duration_seconds"] == 0
    assert resources()["google_cloud_scheduler_job.analytics"]["schedule"] == "0 5 * * *"


def test_nothing_of_the_export_is_made_until_it_is_asked_for() -> None:
    [variable] = [block["analytics"] for block in blocks("variable") if "analytics" in block]
    assert variable["default"] in (None, "null")
    addresses = re.findall(r'resource "(\w+)" "(\w+)"', (INFRA / "analytics.tf").read_text())
    assert len(addresses) > 10
    for type_, name in addresses:
        body = resources()[f"{type_}.{name}"]
        assert "local.analytics" in str(body.get("count", body.get("for_each"))), name
