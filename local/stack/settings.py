"""The local stack's settings: ports, stand-ins, parameters, secrets, and the directory that it runs in.

The suite's own functions emulator reads `.env` and `.secret.local` beside the functions' source, and they override the
environment. So it gets a directory of links with two files of its own: then the environment overrides, and the
developer's files stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
PROJECT = "demo-studiox"


class StandIn(NamedTuple):
    """A vendor's stand-in: the module that is started, and the parameter that points the functions at it."""

    vendor: str
    module: str
    port: int
    parameter: str
    options: Mapping[str, str]
    """{command-line option: the secret that it is given}. Not given where `parameter` names the real vendor."""
    suffix: str = ""
    """What follows the address in `parameter`."""
    serves_files: bool = False
    """The functions may copy files from it: it is listed in MEDIA_HOSTS."""
    switches: tuple[str, ...] = ("--magic",)
    """--magic: `fault:name` in a prompt asks for a fault."""


STAND_INS = {
    "poyo": StandIn(
        "Poyo",
        "local.vendors.poyo.server",
        4010,
        "POYO_BASE_URL",
        {"--api-key": "POYO_API_KEY", "--secret": "POYO_WEBHOOK_SECRET"},
        serves_files=True,
    ),
    "piapi": StandIn(
        "PiAPI", "local.vendors.piapi", 4011, "PIAPI_BASE_URL", {"--api-key": "PIAPI_API_KEY"}, serves_files=True
    ),
    "stripe": StandIn(
        "Stripe",
        "local.vendors.stripe.server",
        4012,
        "STRIPE_API_BASE",
        {"--key": "STRIPE_SECRET_KEY", "--secret": "STRIPE_WEBHOOK_SECRET"},
        switches=(),
    ),
    "chat": StandIn(
        "Chat", "local.vendors.chat", 4013, "OPENAI_BASE_URL", {"--api-key": "OPENAI_API_KEY"}, suffix="/v1"
    ),
}

# Every port that the stack listens on; an offset shifts them all.
PORTS = {
    "hub": 4400,
    "logging": 4500,
    "hosting": 5000,
    "functions": 5001,
    "firestore": 8080,
    "auth": 9099,
    "firestore.websocket": 9150,
    "storage": 9199,
    "eventarc": 9299,
    "tasks": 9499,
    **{name: stand_in.port for name, stand_in in STAND_INS.items()},
}

# Files of the functions, beside the code, that a running stack reads again when they change.
ENV_FILES = (".env", ".env.local", ".secret.local")

# The suite's emulators that are started where the functions are served by us; suite_tasks.cjs adds Tasks.
WITHOUT_FUNCTIONS = "auth,firestore,storage,hosting"

MADE_BY_SETUP = """\
# Made by the set-up, for `make serve` and for `firebase emulators:start`. What you change here stays; the environment
# of `make serve` goes before it, and OFFSET shifts the addresses that you have not changed."""

# Where the functions declare their secrets. Read as text: the set-up runs before any package is installed.
DECLARED = ("functions/studiox/kit/config.py", "functions/studiox/integrations/providers/specs.py")


def declared_secrets() -> list[str]:
    """The names of all secrets that the functions declare, sorted."""
    code = "".join((ROOT / path).read_text() for path in DECLARED)
    return sorted(set(re.findall(r'\bSecretParam\("([A-Z0-9_]+)"\)', code)))


# A local value for every secret: the functions would ask Secret Manager for one without a value.
SECRETS = {name: f"local-{name.lower().replace('_', '-')}" for name in declared_secrets()} | {
    "STRIPE_SECRET_KEY": "sk_test_local",
    "STRIPE_WEBHOOK_SECRET": "whsec_local",
    "APP_SIGNING_KEY": "local-signing-key-0123456789abcdef0123456789abcdef",
}


def shifted(offset: int) -> dict[str, int]:
    """Every port of a stack at this offset."""
    return {name: port + offset for name, port in PORTS.items()}


def local_parameters(ports: Mapping[str, int]) -> dict[str, str]:
    """The parameters that differ from production's: this stack's addresses, models without a key, no spend limits."""
    hosts = {name: f"127.0.0.1:{ports[name]}" for name in STAND_INS}
    site = f"http://127.0.0.1:{ports['hosting']}"
    return {
        "ALLOWED_ORIGINS": f"{site},http://localhost:{ports['hosting']}",
        "ENABLE_MOCK_MODELS": "true",
        # Nothing changes until a buyer enters a code. Tax stays off: with it there is no auto top-up.
        "PROMOTION_CODES": "true",
        "PACK_INVOICES": "true",
        "DAILY_SPEND_LIMIT_USD": "0",
        "FREE_SPEND_LIMIT_USD": "0",
        **{each.parameter: f"http://{hosts[name]}{each.suffix}" for name, each in STAND_INS.items()},
        "SITE_URL": site,
        "FUNCTIONS_BASE_URL": f"http://127.0.0.1:{ports['functions']}/{PROJECT}/{REGION}",
        "MEDIA_HOSTS": ",".join(hosts[name] for name, each in STAND_INS.items() if each.serves_files),
    }


def read_env(path: Path) -> dict[str, str]:
    """The variables of a dotenv file, none if it does not exist."""
    values = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        name, separator, value = line.partition("=")
        if separator and not line.lstrip().startswith("#"):
            value = value.strip()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            values[name.strip()] = value[1:-1] if quoted else value
    return values


REGION = read_env(ROOT / "functions" / ".env")["REGION"]
BUILT_IN = ("REGION", "FIRESTORE_DATABASE")
"""The parameters that the stack takes from the committed file only, because the clients are made with them."""


def write_env(path: Path, values: Mapping[str, str]) -> None:
    escaped = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r"}
    lines = [f'{name}="{"".join(escaped.get(c, c) for c in value)}"\n' for name, value in values.items()]
    path.write_text("".join(lines))
    path.chmod(0o600)


def write_local_files(functions: Path = ROOT / "functions", state: Path = STATE) -> None:
    """Make `.env.local` and `.secret.local`, which Firebase's own commands read.

    What the developer wrote there stays: only values that an earlier run wrote follow the defaults.
    """
    for name, values in ((".env.local", local_parameters(PORTS)), (".secret.local", SECRETS)):
        path, record = functions / name, state / f"made{name}"
        lines = path.read_text().splitlines() if path.exists() else [MADE_BY_SETUP]
        ours = read_env(record)
        there = read_env(path)
        for number, line in enumerate(lines):
            key = line.partition("=")[0].strip()
            if key in values and there.get(key) == ours.get(key) != values[key]:
                lines[number] = f"{key}={values[key]}"
        lines += [f"{key}={value}" for key, value in values.items() if key not in there]
        text = "\n".join(lines) + "\n"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            path.chmod(0o600)
        if ours != values:
            state.mkdir(parents=True, exist_ok=True)
            write_env(record, values)


def resolve(ports: Mapping[str, int], environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Parameters and secrets: the committed file, then local defaults, the developer's files, the environment.

    The set-up writes the addresses of a stack without an offset into the developer's files. Those are not a choice.
    """
    functions = ROOT / "functions"
    usual = local_parameters(PORTS)
    chosen = {name: value for name, value in read_env(functions / ".env.local").items() if value != usual.get(name)}
    parameters = {**read_env(functions / ".env"), **local_parameters(ports), **chosen}
    secrets = {**SECRETS, **read_env(functions / ".secret.local")}
    for values in (parameters, secrets):
        values.update({name: environment[name] for name in values if name in environment and name not in BUILT_IN})
    return parameters, secrets


def function_environment(ports: Mapping[str, int]) -> dict[str, str]:
    """The variables that the suite's own functions emulator adds for a function (functionsEmulator.js, env.js)."""
    hosts = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    bucket = {"projectId": PROJECT, "storageBucket": f"{PROJECT}.appspot.com"}
    return {
        "FUNCTIONS_EMULATOR": "true",
        "TZ": "UTC",
        "GCLOUD_PROJECT": PROJECT,
        "GOOGLE_CLOUD_QUOTA_PROJECT": PROJECT,
        "K_REVISION": "1",
        "FIREBASE_CONFIG": json.dumps({**bucket, "databaseURL": f"https://{PROJECT}.firebaseio.com"}),
        "FIREBASE_DEBUG_MODE": "true",
        "FIREBASE_DEBUG_FEATURES": json.dumps({"skipTokenVerification": True, "enableCors": True}),
        "FIREBASE_EMULATOR_HUB": hosts["hub"],
        "FIRESTORE_EMULATOR_HOST": hosts["firestore"],
        "FIREBASE_FIRESTORE_EMULATOR_ADDRESS": hosts["firestore"],
        "FIREBASE_AUTH_EMULATOR_HOST": hosts["auth"],
        "FIREBASE_STORAGE_EMULATOR_HOST": hosts["storage"],
        "STORAGE_EMULATOR_HOST": f"http://{hosts['storage']}",
        "CLOUD_TASKS_EMULATOR_HOST": hosts["tasks"],
    }


def source_of(place: Path) -> Path:
    """Where the functions of the stack at `place` are laid out. The suite watches no path with a dot in front."""
    return Path(tempfile.gettempdir()) / f"studiox-{hashlib.sha256(str(place).encode()).hexdigest()[:16]}"


def lay_out(place: Path, ports: Mapping[str, int], environment: Mapping[str, str]) -> dict[str, str]:
    """Lay out `place`, in which the suite is started. Returns parameters and secrets together."""
    linked = ("web", "firestore.rules", "firestore.indexes.json", "storage.rules")
    for stale in (place / name for name in ("bin", "tmp", *linked)):
        _remove(stale)
    (place / "tmp").mkdir()
    (place / "bin").mkdir()
    for name in linked:
        (place / name).symlink_to(ROOT / name)
    config = json.loads((ROOT / "firebase.json").read_text())
    del config["functions"]
    config["emulators"] = {
        "singleProjectMode": True,
        "ui": {"enabled": False},
        **{name: {"host": "127.0.0.1", "port": port} for name, port in ports.items() if name not in STAND_INS},
    }
    config["emulators"]["firestore"]["websocketPort"] = config["emulators"].pop("firestore.websocket")["port"]
    (place / "firebase.json").write_text(json.dumps(config, indent=2))
    write_java(place)
    parameters, secrets = resolve(ports, environment)
    return {**parameters, **secrets}


def lay_out_functions(place: Path, ports: Mapping[str, int], environment: Mapping[str, str], functions: Path) -> None:
    """Lay out the source for the suite's own functions emulator, after `lay_out`."""
    parameters, secrets = resolve(ports, environment)
    source = source_of(place)
    _remove(source)
    source.mkdir(mode=0o700)
    for entry in functions.iterdir():
        if not entry.name.startswith(".") and entry.name not in ("venv", "__pycache__"):
            (source / entry.name).symlink_to(entry)
    (source / "venv").symlink_to(ROOT / "functions/venv")
    write_env(source / ".env", parameters)
    write_env(source / ".secret.local", secrets)
    config = json.loads((place / "firebase.json").read_text())
    config["functions"] = json.loads((ROOT / "firebase.json").read_text())["functions"]
    config["functions"]["source"] = os.path.relpath(source.resolve(), place.resolve())
    (place / "firebase.json").write_text(json.dumps(config, indent=2))


def _remove(path: Path) -> None:
    path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)


def write_java(place: Path) -> None:
    """Write `place`/bin/java: it runs our Storage rules runtime in place of the official one, else the real java."""
    marker = place / "bin/storage-rules"
    marker.write_text("In place of the official rules runtime.\n")
    java = place / "bin/java"
    java.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" {marker} serve "*)\n'
        f"  cd {shlex.quote(str(ROOT))} && exec {shlex.quote(sys.executable)} -m local.stack.storage_rules ;;\n"
        "esac\n"
        f'PATH="${{PATH#*{place / "bin"}:}}" exec java "$@"\n'
    )
    java.chmod(0o755)


def suite_environment(place: Path, ports: Mapping[str, int], *, official: bool) -> dict[str, str]:
    """The environment of the emulator suite, on top of ours; `official`: with Java and Firebase's own archives."""
    added = {
        # Two suites of one project would overwrite each other's files in the system's temporary directory.
        "TMPDIR": str(place / "tmp"),
        "CI": "true",
        "NO_COLOR": "1",
        "NO_UPDATE_NOTIFIER": "1",
        "STUDIOX_TASKS_PORT": str(ports["tasks"]),  # for suite_tasks.cjs
        "STUDIOX_FUNCTIONS": local_parameters(ports)["FUNCTIONS_BASE_URL"],  # for suite_tasks.cjs
    }
    if not official:
        added["STORAGE_EMULATOR_BINARY_PATH"] = str(place / "bin/storage-rules")
        added["PATH"] = f"{place / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return added
