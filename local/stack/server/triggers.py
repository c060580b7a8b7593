"""Reads the functions' manifest and registers them with the emulators.

The requests are those by which the suite's own functions emulator registers blocking functions and task queues
(firebase-tools, functionsEmulator.js: performPostLoadOperations, addTaskQueueTrigger).
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firebase_functions.private import manifest, serving

from local.stack import settings

PATIENCE_S = 180.0
BEFORE = {"user.beforeCreate": "beforeCreate", "user.beforeSignIn": "beforeSignIn"}


@dataclass(frozen=True)
class Endpoint:
    """A deployed function: how to call it, and what its manifest says."""

    name: str
    function: Callable[[Any], Any]
    regions: tuple[str, ...]
    secrets: frozenset[str]
    schedule: Mapping[str, Any] | None
    queue: Mapping[str, Any] | None
    blocking: Mapping[str, Any] | None


def read_endpoints(main: Any) -> dict[str, Endpoint]:
    """The functions of the loaded main.py by their addresses' last part; a schedule's is its name with `-0` behind."""
    found = {}
    for function in vars(main).values():
        declared = getattr(function, "__firebase_endpoint__", None)
        if declared is None:
            continue
        spec = _plain(declared)
        if "eventTrigger" in spec:
            raise NotImplementedError(
                f"{declared.entryPoint}: no emulator here sends it events; use FUNCTIONS=official"
            )
        endpoint = Endpoint(
            declared.entryPoint,
            function,
            tuple(_evaluated(region) for region in spec["region"]),
            frozenset(each["key"] for each in spec.get("secretEnvironmentVariables") or []),
            spec.get("scheduleTrigger"),
            spec.get("taskQueueTrigger"),
            spec.get("blockingTrigger"),
        )
        found[f"{endpoint.name}-0" if endpoint.schedule else endpoint.name] = endpoint
    return found


def _plain(declared: Any) -> dict[str, Any]:
    """The manifest's entry as JSON has it; what the SDK leaves to the platform is null."""
    spec = manifest.manifest_to_spec_dict(manifest.ManifestStack({"function": declared}))
    plain = json.dumps(serving.to_spec(spec["endpoints"]["function"]), default=lambda _: None)
    read: dict[str, Any] = json.loads(plain)
    return read


def _evaluated(text: str) -> str:
    """The text with its parameters' values, as the CLI evaluates the SDK's expressions."""
    return re.sub(r"\{\{ params\.(\w+) \}\}", lambda parameter: os.environ[parameter[1]], text)


def backends(endpoints: Mapping[str, Endpoint]) -> str:
    """The answer to GET /backends, with the fields that the stack reads."""
    triggers = []
    for each in endpoints.values():
        told: dict[str, Any] = {"name": each.name, "entryPoint": each.name, "platform": "gcfv2"}
        told |= {"region": each.regions[0], "id": f"{each.regions[0]}-{each.name}"}
        if each.schedule:
            told["schedule"] = each.schedule
        elif each.blocking:
            told["blockingTrigger"] = each.blocking
        else:
            told["httpsTrigger"] = {}
        triggers.append(told | ({"taskQueueTrigger": each.queue} if each.queue is not None else {}))
    return json.dumps({"backends": [{"functionTriggers": triggers}]})


def register(endpoints: Mapping[str, Endpoint], ports: Mapping[str, int]) -> None:
    """Register them with the Auth and Tasks emulators, which may still be starting. OSError if they never answer."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            _register_queues(endpoints, ports)
            _register_blocking(endpoints, ports)
            return
        except urllib.error.HTTPError as error:
            raise OSError(f"{error.url} answers {error.code}: {error.read(500).decode(errors='replace')}") from error
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _register_queues(endpoints: Mapping[str, Endpoint], ports: Mapping[str, int]) -> None:
    """Register every queue that does not exist. Registering an existing queue would delete its tasks."""
    tasks = f"http://127.0.0.1:{ports['tasks']}"
    there = json.loads(_send("GET", f"{tasks}/queueStats"))
    for each in endpoints.values():
        region = each.regions[0]
        if each.queue is not None and f"queue:{settings.PROJECT}-{region}-{each.name}" not in there:
            queue = f"{tasks}/projects/{settings.PROJECT}/locations/{region}/queues/{each.name}"
            _send("POST", queue, {**each.queue, "defaultUri": _address(each, ports)})


def _register_blocking(endpoints: Mapping[str, Endpoint], ports: Mapping[str, int]) -> None:
    triggers: dict[str, Any] = {}
    forwarded: dict[str, bool] = {}
    for each in endpoints.values():
        if each.blocking is not None:
            kind = BEFORE[each.blocking["eventType"].rsplit("/", 1)[-1]]
            triggers[kind] = {"functionUri": _address(each, ports)}
            options = each.blocking.get("options") or {}
            for name in ("accessToken", "idToken", "refreshToken"):
                forwarded[name] = forwarded.get(name, False) or bool(options.get(name))
    config = f"http://127.0.0.1:{ports['auth']}/identitytoolkit.googleapis.com/v2/projects/{settings.PROJECT}/config"
    blocking = {"triggers": triggers, "forwardInboundCredentials": forwarded}
    _send("PATCH", f"{config}?updateMask=blockingFunctions", {"blockingFunctions": blocking})


def _address(each: Endpoint, ports: Mapping[str, int]) -> str:
    return f"http://127.0.0.1:{ports['functions']}/{settings.PROJECT}/{each.regions[0]}/{each.name}"


def _send(method: str, url: str, body: object = None) -> bytes:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer owner"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=10) as answer:
        read: bytes = answer.read()
        return read
