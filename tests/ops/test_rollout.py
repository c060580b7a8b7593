"""What a deployment finds in the project, and what it makes of it: without the CLI, against the APIs' stand-in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.stack.settings import ROOT
from local.vendors.google import server
from local.vendors.google.project import Project
from ops import cloud, rollout
from ops import deploy as make_deploy
from ops.cloud import Api, Function

PROJECT = "studiox-staging"
REGION = "us-central1"
LOCATION = f"projects/{PROJECT}/locations/{REGION}"
LIVE = {"A": 2, "B": 1}
RELEASE = "studiox-123456789abc"


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    with server.stand_in(PROJECT, tmp_path) as (project, variables):
        for variable in server.ADDRESSES:
            monkeypatch.setenv(variable, variables[variable])
        yield project


@pytest.fixture
def api(google: Project) -> Iterator[Api]:
    assert google.calls == []
    with cloud.api(PROJECT, rollout.ROLES) as made:
        yield made


def deploy(google: Project, name: str, *, secrets: dict[str, str] | None = None, **changes: Any) -> None:
    """Put a function there, as the CLI leaves it, without a caller and a trigger."""
    bound = [{"secret": secret, "version": version} for secret, version in (secrets or {}).items()]
    google.functions[f"{LOCATION}/functions/{name}"] = {
        "name": f"{LOCATION}/functions/{name}",
        "state": "ACTIVE",
        "labels": {"deployment-tool": f"cli-firebase--{RELEASE}"},
        "url": f"https://{REGION}-{PROJECT}.cloudfunctions.net/{name}",
        "serviceConfig": {
            "service": f"{LOCATION}/services/{name.lower()}",
            "uri": f"https://{name.lower()}.a.run.app",
            "secretEnvironmentVariables": bound,
        },
        **changes,
    }


def function(name: str, kind: str = "callable", *secrets: str) -> Function:
    return Function(name, kind, secrets)


@pytest.mark.parametrize(
    ("changes", "current"),
    [
        ({}, True),
        ({"state": "FAILED"}, False),
        ({"state": "DEPLOYING"}, False),
        ({"labels": {"deployment-tool": "cli-firebase"}}, False),
        ({"labels": {"deployment-tool": "cli-firebase--studiox-000000000000"}}, False),
        ({"secrets": {"A": "1", "B": "1"}}, False),
        ({"secrets": {"A": "2"}}, False),
    ],
)
def test_what_is_deployed_again(api: Api, google: Project, changes: dict[str, Any], current: bool) -> None:
    """A function with other code, an older version of a secret, or one whose deployment failed."""
    deploy(google, "createCheckout", **{"secrets": {"A": "2", "B": "1"}, **changes})
    [have] = rollout.deployed(api)
    assert rollout.is_current(function("createCheckout", "callable", "A", "B"), have, RELEASE, LIVE) is current


def test_what_others_deployed_is_not_ours(api: Api, google: Project) -> None:
    deploy(google, "theirs", labels={"deployment-tool": "cloud-console"})
    assert rollout.deployed(api) == []


def test_before_the_first_deployment_the_api_may_be_off(api: Api, google: Project) -> None:
    google.refuse("cloudfunctions", 404, "Project was not found")
    assert rollout.deployed(api) == []


def test_a_function_without_its_trigger_is_deployed_again(api: Api, google: Project) -> None:
    """A deployment that breaks off between the two leaves it, and the CLI alone would skip it as unchanged."""
    kinds = {"dispatch": "schedule", "settle": "task", "onUserCreated": "identity", "health": "http"}
    for name in kinds:
        deploy(google, name)
    there = {each.name: each for each in rollout.deployed(api)}

    def triggered() -> set[str]:
        found = rollout.Triggers(api, REGION)
        return {name for name, kind in kinds.items() if found(function(name, kind), there[name])}

    assert triggered() == {"health"}
    google.jobs[f"{LOCATION}/jobs/firebase-schedule-dispatch-{REGION}"] = {
        "name": f"{LOCATION}/jobs/firebase-schedule-dispatch-{REGION}"
    }
    google.queues[f"{LOCATION}/queues/settle"] = {"name": f"{LOCATION}/queues/settle"}
    for address in there["onUserCreated"].addresses:
        google.auth = {"blockingFunctions": {"triggers": {"beforeCreate": {"functionUri": address}}}}
        assert triggered() == set(kinds)
    google.auth["blockingFunctions"]["triggers"]["beforeCreate"]["functionUri"] = "https://another.a.run.app"
    assert "onUserCreated" not in triggered()


def test_a_function_that_nobody_may_call_is_opened(api: Api, google: Project) -> None:
    deploy(google, "createCheckout")
    assert rollout.closed(api, rollout.deployed(api)) == {}
    policy = google.policies[f"{LOCATION}/services/createcheckout"]
    assert policy["bindings"] == [{"role": "roles/run.invoker", "members": ["allUsers"]}]
    google.calls.clear()
    assert rollout.closed(api, rollout.deployed(api)) == {}
    assert google.sent("setIamPolicy") == [], "it is open"


def test_other_callers_keep_their_rights(api: Api, google: Project) -> None:
    deploy(google, "createCheckout")
    other = {"role": "roles/run.invoker", "members": ["user:ada@example.com"]}
    google.policies[f"{LOCATION}/services/createcheckout"] = {"bindings": [other], "etag": "BwX1"}
    assert rollout.closed(api, rollout.deployed(api)) == {}
    [call] = google.sent("setIamPolicy")
    assert other in call.body["policy"]["bindings"]
    assert call.body["policy"]["etag"] == "BwX1", "a change between the two is not overwritten"


def test_an_organisation_that_forbids_everybody(api: Api, google: Project) -> None:
    google.forbids_everybody = True
    deploy(google, "createCheckout")
    deploy(google, "health")
    google.unchecked.add(f"{LOCATION}/services/health")  # the way round it
    assert list(rollout.closed(api, rollout.deployed(api))) == ["createCheckout"]
    [why] = rollout.closed(api, rollout.deployed(api)).values()
    assert "permitted customer" in why


def test_no_database_is_made_by_a_deployment(api: Api) -> None:
    """The CLI would make an empty one for a misspelt name, in a region of its own choice."""
    rollout.require_database(api, "(default)")
    with pytest.raises(cloud.Refused, match="no Firestore database restored"):
        make_deploy.deploy_rules(api, ["not", "reached"], "restored")


def test_functions_wait_for_their_indexes(api: Api, google: Project) -> None:
    group = f"projects/{PROJECT}/databases/(default)/collectionGroups"
    google.index_listings = 2
    for name in ("1", "2"):
        google.indexes[name] = {"name": f"{group}/jobs/indexes/{name}", "listings": 0}
    said: list[str] = []
    rollout.wait_for_indexes(api, "(default)", said.append, pause_s=0)
    assert [each.split()[0] for each in said] == ["2", "2"]
    google.fields["f"] = {"name": f"{group}/jobs/fields/x", "indexConfig": {"indexes": [{"state": "CREATING"}]}}
    assert rollout.unfinished_indexes(api, "(default)") == 1


def test_a_refusal_is_in_googles_words(api: Api, google: Project) -> None:
    google.refuse("cloudtasks", 403, "Permission 'cloudtasks.queues.list' denied")
    with pytest.raises(cloud.Refused, match=r"cloudtasks\.queues\.list"):
        api.listed("cloudtasks", f"v2/{LOCATION}/queues", "queues")


def test_a_lost_network_is_no_empty_project(api: Api, google: Project) -> None:
    """Functions that could not be listed would all be deployed again."""
    google.fall_silent("cloudfunctions")
    with pytest.raises(cloud.Refused, match="does not answer"):
        rollout.deployed(api)
    google.faults.clear()
    assert rollout.deployed(api) == []


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        ("kill -KILL $$", cloud.Refused, "ended by SIGKILL"),
        ("exit 2", cloud.Refused, "which it printed above"),
        ("echo CpuAllocPerProjectRegion > $FIREBASE_DEBUG_PATH; exit 1", rollout.Exhausted, "quota"),
    ],
)
def test_how_the_cli_ended(
    script: str, error: type[Exception], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli = tmp_path / "firebase"
    cli.write_text(f"#!/bin/sh\n{script}\n")
    cli.chmod(0o755)
    monkeypatch.setattr(rollout, "FIREBASE", cli)
    monkeypatch.setattr(rollout, "LOG", tmp_path / "firebase.log")
    with pytest.raises(cloud.Refused, match=said) as stopped:
        rollout.run([], {})
    assert stopped.type is error


def test_batches() -> None:
    names = [f"f{n}" for n in range(7)]
    assert [list(part) for _, part in rollout.batches(names, 3)] == [names[:3], names[3:6], names[6:]]
    assert [said for said, _ in rollout.batches(names, 3)][-1] == "Functions 7 to 7 of 7"
    assert rollout.only(["a", "b"]) == "functions:a,functions:b"


@pytest.mark.parametrize("size", ["0", "-5", "all"])
def test_a_batch_has_functions(size: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_deploy.main(["--project", "staging", f"--batch={size}"])
    assert f"{size} is not a number of functions" in capsys.readouterr().err


def test_what_is_in_no_history_is_not_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_deploy, "ROOT", tmp_path)  # an archive that was unpacked
    [said] = make_deploy.uncommitted()
    assert "not a git checkout" in said


@pytest.mark.parametrize(
    ("line", "is_exhausted"),
    [
        ("Quota violated: CpuAllocPerProjectRegion requested: 21000 allowed: 20000", True),
        ("Invalid value specified for cpu. For the specified value, maxScale may not exceed 10.", True),
        ("Quota exceeded for quota metric 'Per project mutation requests'", False),
    ],
)
def test_only_a_region_that_is_full_stops_the_cli(line: str, is_exhausted: bool) -> None:
    """Another quota is one of a minute: the CLI waits for it."""
    assert (rollout.EXHAUSTED.search(line) is not None) is is_exhausted


def test_the_cpu_to_ask_for() -> None:
    """All functions at their most instances, from their own options."""
    deployed = json.loads((ROOT / "tests" / "api_snapshot.json").read_text())["functions"]
    seldom = sum(each["options"]["cpu"] == "gcf_gen1" for each in deployed.values())
    often = len(deployed) - seldom
    one, ten = (rollout.vcpus({"MAX_INSTANCES": str(each)}) for each in (1, 10))
    assert ten - one == often * 9
    assert often < one <= often + seldom


def everything(google: Project) -> dict[str, int | None]:
    """Deploy the functions of the code, each with its trigger. The live versions of their secrets."""
    live: dict[str, int | None] = dict.fromkeys(google.secrets, 1)
    for name, each in cloud.functions().items():
        label = {"deployment-tool": f"cli-firebase--{rollout.release()}"}
        deploy(google, name, secrets=dict.fromkeys(each.secrets, "1"), labels=label)
        queue, job = f"{LOCATION}/queues/{name}", f"{LOCATION}/jobs/firebase-schedule-{name}-{REGION}"
        match each.kind:
            case "task":
                google.queues[queue] = {"name": queue}
            case "schedule":
                google.jobs[job] = {"name": job}
            case "identity":
                address = google.functions[f"{LOCATION}/functions/{name}"]["url"]
                google.auth = {"blockingFunctions": {"triggers": {"beforeCreate": {"functionUri": address}}}}
    return live


def test_functions_that_are_gone_are_named_and_kept(
    api: Api, google: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    live = everything(google)
    deploy(google, "wasThere")
    moved = f"projects/{PROJECT}/locations/europe-west1/functions/health"
    google.functions[moved] = {**google.functions[f"{LOCATION}/functions/health"], "name": moved}
    make_deploy.deploy_functions(api, [], REGION, live)
    said = capsys.readouterr().out
    assert re.findall(r"functions:delete (\w+) --region (\S+)", said) == [
        ("wasThere", REGION),
        ("health", "europe-west1"),
    ]
    assert f"{LOCATION}/functions/wasThere" in google.functions
    assert [call.address for call in google.sent("DELETE|cloudfunctions.*(POST|PATCH)")] == []


def test_functions_that_stay_closed_stop_the_deployment(api: Api, google: Project) -> None:
    live = everything(google)
    google.forbids_everybody = True
    with pytest.raises(cloud.Refused) as stopped:
        make_deploy.deploy_functions(api, [], REGION, live)
    public = {name for name, each in cloud.functions().items() if each.kind in rollout.PUBLIC}
    assert set(re.findall(r"^  (\w+): ", str(stopped.value), re.MULTILINE)) == public
    assert "--no-invoker-iam-check" in str(stopped.value)
    assert "allowedPolicyMemberDomains" in str(stopped.value)
