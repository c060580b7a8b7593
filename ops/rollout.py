"""Deploys in steps that can be repeated: each step reads the project's state, so that any machine can continue.

A deployed function carries the name of the code and parameters that it was deployed with in its label
`deployment-tool`. Functions are deployed a few at a time, because each needs a CPU of the region's quota while it
starts.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import math
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from local.stack.settings import ROOT, STATE
from ops import cloud
from ops.cloud import Api, Function, Refused

FIREBASE = ROOT / "node_modules" / ".bin" / "firebase"
LOG = STATE / "deploy" / "firebase.log"
BATCH = 15
INDEXES_WITHIN_S = 1_800.0
EXHAUSTED = re.compile(
    r"CpuAllocPerProjectRegion|MemAllocPerProjectRegion|total allowable (CPU|memory)|maxScale may not exceed"
    r"|MaxInstancesLimitPerProjectRegion"
)
"""Google's messages when the region's quota is used up. The CLI then retries the function endlessly."""
DISCOVERY_S = 120
"""How long the CLI waits for the functions to be imported. Its own 10 seconds are short for a busy machine."""
PUBLIC = ("callable", "http", "identity")
"""The kinds of functions that anyone may call: they check their callers themselves."""
INVOKER = "roles/run.invoker"
EVERYBODY = "allUsers"
SMALL = {128: 0.0833, 256: 0.1666, 512: 0.3333, 1024: 0.5833}
"""{MiB: vCPUs} of the CPU `gcf_gen1`, as the Firebase CLI converts it."""
ROLES = {
    "roles/cloudfunctions.viewer": "to see what is deployed",
    "roles/run.admin": "to see and set who may call it",
    "roles/cloudscheduler.viewer": "to see the schedules",
    "roles/cloudtasks.viewer": "to see the queues",
    "roles/datastore.indexAdmin": "to see the indexes",
    "roles/firebaseauth.viewer": "to see the sign-up trigger",
}


class Exhausted(Refused):
    """The region's quota is used up."""


class Deployed(NamedTuple):
    """A function as the project has it."""

    region: str
    name: str
    active: bool
    release: str
    """The code and parameters that it was deployed with; "" for one that this command did not deploy."""
    service: str
    """The full name of its Cloud Run service."""
    addresses: tuple[str, ...]
    """The CLI registers the first with triggers when it creates the function, the second when it updates it."""
    secrets: Mapping[str, str]
    """{secret: version}"""


def release() -> str:
    """A name for what is deployed: the committed functions/, its parameters among it, and how they are packaged."""
    tree = subprocess.run(
        ["git", "rev-parse", "HEAD:functions"], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    ).stdout
    how = json.dumps(json.loads((ROOT / "firebase.json").read_text())["functions"], sort_keys=True)
    return "studiox-" + hashlib.sha256(f"{tree}{how}".encode()).hexdigest()[:12]


def deployed(api: Api) -> list[Deployed]:
    """What the Firebase CLI deployed to the project, in all regions."""
    found = []
    for each in api.listed("cloudfunctions", f"v2/projects/{api.project}/locations/-/functions", "functions"):
        tool = each.get("labels", {}).get("deployment-tool", "")
        if not tool.startswith("cli-firebase"):
            continue
        _, _, _, region, _, name = each["name"].split("/")
        service = each.get("serviceConfig", {})
        secrets = {secret["secret"]: secret["version"] for secret in service.get("secretEnvironmentVariables", [])}
        is_active = each.get("state") == "ACTIVE"
        addresses = (each.get("url", ""), service.get("uri", ""))
        run = service.get("service", "")
        found.append(Deployed(region, name, is_active, tool.partition("--")[2], run, addresses, secrets))
    return found


def is_current(function: Function, have: Deployed, name: str, live: Mapping[str, int | None]) -> bool:
    """Whether it works, with the code and parameters `name` and the live version of each secret."""
    secrets = {secret: str(live[secret]) for secret in function.secrets}
    return have.active and have.release == name and have.secrets == secrets


class Triggers:
    """What calls functions in the project. Each list is read once, when it is needed.

    A deployment that breaks off may leave a function without its queue, schedule or trigger. The CLI alone would skip
    it as unchanged.
    """

    def __init__(self, api: Api, region: str) -> None:
        self._api, self._region, self._parent = api, region, f"projects/{api.project}/locations/{region}"
        self._read: dict[str, set[str]] = {}

    def __call__(self, function: Function, have: Deployed) -> bool:
        """Whether the function's queue, schedule or trigger is there. Others need none."""
        match function.kind:
            case "schedule":
                wanted = f"{self._parent}/jobs/firebase-schedule-{function.name}-{self._region}"
                return wanted in self._names("cloudscheduler", "v1", "jobs")
            case "task":
                return f"{self._parent}/queues/{function.name}" in self._names("cloudtasks", "v2", "queues")
            case "identity":
                return not self._blocking().isdisjoint(have.addresses)
        return True

    def _names(self, api: str, version: str, key: str) -> set[str]:
        if key not in self._read:
            listed = self._api.listed(api, f"{version}/{self._parent}/{key}", key)
            self._read[key] = {each["name"] for each in listed}
        return self._read[key]

    def _blocking(self) -> set[str]:
        if "blocking" not in self._read:
            config = self._api.ask("identitytoolkit", f"admin/v2/projects/{self._api.project}/config", absent={})
            triggers = config.get("blockingFunctions", {}).get("triggers", {})
            self._read["blocking"] = {each.get("functionUri", "") for each in triggers.values()}
        return self._read["blocking"]


def closed(api: Api, there: Iterable[Deployed]) -> dict[str, str]:
    """{function that not everybody may call: why}, after opening those that can be opened.

    The CLI opens a function only when it creates it: one whose creation was interrupted stays closed.
    """
    found = {}
    for have in there:
        policy = api.ask("run", f"v1/{have.service}:getIamPolicy")
        bindings = policy.get("bindings", [])
        if any(each["role"] == INVOKER and EVERYBODY in each["members"] for each in bindings):
            continue
        if api.ask("run", f"v2/{have.service}").get("invokerIamDisabled"):
            continue
        opened = {**policy, "bindings": [*bindings, {"role": INVOKER, "members": [EVERYBODY]}]}
        try:
            api.ask("run", f"v1/{have.service}:setIamPolicy", {"policy": opened})
        except Refused as refused:
            found[have.name] = str(refused).splitlines()[0]
    return found


def require_database(api: Api, database: str) -> None:
    """`Refused` if there is no such database. The CLI would create an empty one, permanently in the United States."""
    if not api.ask("firestore", f"v1/projects/{api.project}/databases/{database}", absent={}):
        raise Refused(
            f"The project has no Firestore database {database}. Its region cannot be changed: create it where you "
            f"want it (docs/deploy.md, 1. The project), or correct FIRESTORE_DATABASE."
        )


def unfinished_indexes(api: Api, database: str) -> int:
    """How many of the database's indexes are still being built. Queries that need them fail until then."""
    parent = f"v1/projects/{api.project}/databases/{database}/collectionGroups/-"
    indexes = api.listed("firestore", f"{parent}/indexes", "indexes")
    fields = api.listed("firestore", f"{parent}/fields?filter=indexConfig.usesAncestorConfig=false", "fields")
    indexes += [index for field in fields for index in field.get("indexConfig", {}).get("indexes", [])]
    return sum(index.get("state", "READY") == "CREATING" for index in indexes)


def wait_for_indexes(api: Api, database: str, say: Callable[[str], None], pause_s: float = 5.0) -> None:
    """Return when every index is built. `Refused` after half an hour: large collections take longer."""
    until = time.monotonic() + INDEXES_WITHIN_S
    while left := unfinished_indexes(api, database):
        if time.monotonic() > until:
            raise Refused(
                f"{left} indexes are still being built. The functions need them, and are deployed after them."
            )
        say(f"{left} indexes are being built; the functions need them. Waiting.")
        time.sleep(pause_s)


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Run the Firebase CLI. `Refused` if it fails, and at once when the region's quota is used up."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    around = {"FUNCTIONS_DISCOVERY_TIMEOUT": str(DISCOVERY_S), **os.environ, **environment}
    process = subprocess.Popen(
        [str(FIREBASE), *arguments, "--non-interactive"], cwd=ROOT, env={**around, "FIREBASE_DEBUG_PATH": str(LOG)}
    )
    try:
        is_running = True
        while is_running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            is_running = process.poll() is None
            if _is_exhausted():  # also once after its end
                raise Exhausted("The region's quota is used up.")
    except (Exhausted, KeyboardInterrupt):
        _interrupt(process)
        raise
    if process.returncode < 0:
        name = signal.Signals(-process.returncode).name
        raise Refused(f"The Firebase CLI was ended by {name}, perhaps because memory ran out. Its own log is {LOG}.")
    if process.returncode:
        raise Refused(f"The Firebase CLI ended with an error, which it printed above. Its own log is {LOG}.")


def _is_exhausted() -> bool:
    # Only the CLI's log shows it: the CLI deletes the function and creates it again, endlessly.
    return LOG.exists() and EXHAUSTED.search(LOG.read_text(errors="replace")) is not None


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """End the CLI: SIGINT first, as Ctrl-C sends it."""
    for number in (signal.SIGINT, signal.SIGKILL):
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
            return


def batches(names: Sequence[str], size: int) -> Iterator[tuple[str, Sequence[str]]]:
    """(description, names) of each batch."""
    for start in range(0, len(names), size):
        part = names[start : start + size]
        yield f"Functions {start + 1} to {start + len(part)} of {len(names)}", part


def only(names: Sequence[str]) -> str:
    """The CLI's --only for these functions."""
    return ",".join(f"functions:{name}" for name in names)


def vcpus(values: Mapping[str, str]) -> int:
    """The vCPUs of all functions at their most instances, with these parameters."""
    cloud.functions()  # makes `main` importable
    total = 0.0
    for value in vars(importlib.import_module("main")).values():
        entry = getattr(value, "__firebase_endpoint__", None)
        if entry is not None:
            small = SMALL[int(entry.availableMemoryMb)] if entry.cpu == "gcf_gen1" else entry.cpu
            total += _number(small, values) * _number(entry.maxInstances, values)
    return math.ceil(total)


def _number(value: Any, values: Mapping[str, str]) -> float:
    """A number of the manifest, which may be a parameter or an expression of one."""
    named = re.search(r"params\.(\w+)", str(value))
    return float(values[named[1]] if named else value)
