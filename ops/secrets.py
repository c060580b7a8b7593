"""`make secrets PROJECT=…`: lists the secrets, their live versions and those in use; creates the missing ones.

ROTATE=NAME stores a new value, for a webhook's secret beside the old one, so that both are accepted. FINISH=NAME takes
the next step after each deploy: only the new value, then the old versions disabled. Values are typed without echo. They
are never printed, logged or passed on a command line. Functions are bound to a version when they are deployed.
"""

from __future__ import annotations

import argparse
import getpass
import re
import secrets
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from ops import cloud
from ops.cloud import Refused

SIGNING_KEY = "APP_SIGNING_KEY"
WEBHOOKS = {
    "STRIPE_WEBHOOK_SECRET": "In Stripe (Developers, Webhooks, your endpoint) roll the secret, and let the old one "
    "live for 24 hours. Deploy within them.",
    "POYO_WEBHOOK_SECRET": "Make the new secret at Poyo. If Poyo signs with it at once, deploy at once: until then "
    "callbacks are refused, and jobs end by polling.",
    "PIAPI_WEBHOOK_SECRET": "You choose this secret: new orders carry the new one, orders under way the old one.",
}
"""What to do at the vendor when a webhook's secret is rotated. It holds two values during that, newest first."""
AT_A_VENDOR = "Make the new secret at the vendor. If it signs with it at once, deploy at once."
OWN = ("PIAPI_WEBHOOK_SECRET",)
"""Not given by a vendor but sent to it with each order: an empty answer makes a random one."""
SHAPES = {
    "STRIPE_SECRET_KEY": (r"[sr]k_(live|test)_[A-Za-z0-9]{10,}", "sk_live_…, rk_live_…, sk_test_… or rk_test_…"),
    "STRIPE_WEBHOOK_SECRET": (r"whsec_[A-Za-z0-9+/=_-]{16,}", "whsec_…"),
    SIGNING_KEY: (r"[!-+\--~]{32,}", "at least 32 visible characters, without a comma"),
}
ANY = (r"[!-+\--~]{16,}", "at least 16 visible characters, without spaces and commas")
STRIPES = re.compile(r"([sr]k_(live|test)|whsec)_")
ROLES = {
    "roles/secretmanager.viewer": "to look",
    "roles/secretmanager.admin": "to create, rotate and disable",
    "roles/cloudfunctions.viewer": "to see what functions are bound to",
}
ADDRESS = "CLOUD_SECRET_MANAGER_URL"
"""A variable of the Firebase CLI. It names a stand-in on loopback."""
COMMON = 20
"""Functions that need a secret are listed, unless there are more than this."""

Ask = Callable[[str], str]


def is_webhooks(name: str) -> bool:
    """Whether it is the secret of a webhook, which accepts several."""
    return name.endswith("_WEBHOOK_SECRET")


class Version(NamedTuple):
    """One version of a secret."""

    number: int
    state: str
    """ENABLED, DISABLED or DESTROYED."""


class Held(NamedTuple):
    """What Secret Manager holds under a name."""

    exists: bool
    versions: tuple[Version, ...]
    """Newest first."""

    @property
    def live(self) -> int | None:
        """The newest version if it is enabled, which the next deploy binds. An older one is never bound."""
        return self.versions[0].number if self.versions and self.versions[0].state == "ENABLED" else None


Bound = Mapping[str, Mapping[str, list[str]]]
"""{secret: {version: deployed functions that run with it}}"""


def look_up(project: str) -> dict[str, int | None]:
    """{each secret of the code: its live version, None without one}. No value is read. `Refused` if Google refuses."""
    return {name: held.live for name, held in Store(project).look_up(needed()).items()}


def needed() -> dict[str, list[str]]:
    """{each secret of the code: the functions that bind it}."""
    found: dict[str, list[str]] = {}
    for function in cloud.functions().values():
        for name in function.secrets:
            found.setdefault(name, []).append(function.name)
    return dict(sorted(found.items()))


class Store:
    """A project's Secret Manager, by Google's library. Each call has a timeout; those that only read are repeated."""

    def __init__(self, project: str) -> None:
        from google.api_core.client_options import ClientOptions
        from google.auth.credentials import AnonymousCredentials
        from google.cloud import secretmanager_v1 as library

        address = cloud.stand_in(ADDRESS)
        options = ClientOptions(quota_project_id=project, api_endpoint=address or None)
        anonymous = AnonymousCredentials() if address else None  # type: ignore[no-untyped-call]
        self.project, self._parent = project, f"projects/{project}"
        with cloud.in_words(project, ROLES):
            self._client = library.SecretManagerServiceClient(
                credentials=anonymous, transport="rest", client_options=options
            )

    def _read(self, method: str, **request: object) -> Any:
        from google.api_core.retry import Retry

        again = Retry(initial=0.2, maximum=2.0, timeout=10.0)
        return getattr(self._client, method)(request=request, retry=again, timeout=cloud.TIMEOUT_S)

    def _write(self, method: str, **request: object) -> Any:
        with cloud.in_words(self.project, ROLES):
            return getattr(self._client, method)(request=request, retry=None, timeout=cloud.TIMEOUT_S)

    def look_up(self, names: Iterable[str]) -> dict[str, Held]:
        """What is held under these names. A missing secret is not an error; a missing project is."""
        with cloud.in_words(self.project, ROLES):
            there = {secret.name.rpartition("/")[2] for secret in self._read("list_secrets", parent=self._parent)}
            return {name: Held(name in there, self._versions(name) if name in there else ()) for name in names}

    def _versions(self, name: str) -> tuple[Version, ...]:
        listed = self._read("list_secret_versions", parent=f"{self._parent}/secrets/{name}")
        found = [Version(int(each.name.rpartition("/")[2]), each.state.name) for each in listed]
        return tuple(sorted(found, reverse=True))

    def value(self, name: str, version: int) -> str:
        """The value of an enabled version."""
        with cloud.in_words(self.project, ROLES):
            answer = self._read("access_secret_version", name=self._version(name, version))
        return str(answer.payload.data.decode())

    def add(self, name: str, value: str, *, exists: bool) -> int:
        """Store a new version, and make the secret first if there is none. Its number."""
        if not exists:
            self._write("create_secret", parent=self._parent, secret_id=name, secret={"replication": {"automatic": {}}})
        payload = {"data": value.encode()}
        made = self._write("add_secret_version", parent=f"{self._parent}/secrets/{name}", payload=payload)
        return int(made.name.rpartition("/")[2])

    def disable(self, name: str, version: int) -> None:
        self._write("disable_secret_version", name=self._version(name, version))

    def destroy(self, name: str, version: int) -> None:
        self._write("destroy_secret_version", name=self._version(name, version))

    def _version(self, name: str, version: int) -> str:
        return f"{self._parent}/secrets/{name}/versions/{version}"


def bound(project: str) -> Bound:
    """What the deployed functions run with. Empty before the first deploy, when the API may still be off. `Refused`."""
    found: dict[str, dict[str, list[str]]] = {}
    with cloud.api(project, ROLES) as api:
        for function in api.listed("cloudfunctions", f"v2/projects/{project}/locations/-/functions", "functions"):
            for each in function.get("serviceConfig", {}).get("secretEnvironmentVariables", []):
                name = function["name"].rpartition("/")[2]
                found.setdefault(each["secret"], {}).setdefault(str(each["version"]), []).append(name)
    return found


def checked(name: str, given: str, *, staging: bool, confirmed: frozenset[str]) -> str:
    """The value without white space around it. `Refused`, without the value, if it cannot be this secret's."""
    value = given.strip()
    shape, described = SHAPES.get(name, ANY)
    if not re.fullmatch(shape, value, re.ASCII):
        raise Refused(f"That is not a value for {name}.\nIt must be {described}.")
    if name not in SHAPES and STRIPES.match(value):
        raise Refused(f"That is a secret of Stripe, not {name}.\nPaste the vendor's own.")
    if name == "STRIPE_SECRET_KEY":
        live = "_live_" in value
        if not live and not staging and "test-key" not in confirmed:
            raise Refused(
                "That is a key of Stripe's test mode: no real payment works.\nIf you mean it: CONFIRM=test-key"
            )
        if live and staging and "live-key" not in confirmed:
            raise Refused("That is a live key: staging would take real money.\nIf you mean it: CONFIRM=live-key")
    return value


class Command:
    """One run of `make secrets`."""

    def __init__(self, alias: str, confirmed: frozenset[str], ask: Ask) -> None:
        self.alias, self.confirmed, self.ask = alias, confirmed, ask
        self.project = cloud.project_of(alias)
        self.store = Store(self.project)
        self.needed = needed()
        self.held = self.store.look_up(self.needed)
        self.bound = bound(self.project)
        self.deploy = f"make deploy PROJECT={alias}"

    def show(self) -> int:
        """Print the table and what to do. 1 if a secret has no live version."""
        rows = [("secret", "live", "in use", "needed by")]
        notes, lacking = [], False
        for name, functions in self.needed.items():
            live, runs = self.held[name].live, self.bound.get(name, {})
            said = "missing" if not self.held[name].exists else "none" if live is None else str(live)
            rows.append((name, said, ", ".join(sorted(runs)) or "-", f"{len(functions)} functions"))
            lacking = lacking or live is None
            notes += self._notes(name, live, runs)
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        print(f"Secrets of {self.project}, by version:\n")
        for row in rows:
            print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        print()
        for name, functions in self.needed.items():
            if len(functions) <= COMMON:
                print(
                    textwrap.fill(f"{name}: {', '.join(functions)}", 110, initial_indent="  ", subsequent_indent="    ")
                )
        for note in notes:
            print(f"  - {note}")
        return 1 if lacking else 0

    def _notes(self, name: str, live: int | None, runs: Mapping[str, list[str]]) -> list[str]:
        if live is None:
            return [f"{name} has no live version: {self._why(name)}"]
        old = {version: names for version, names in runs.items() if version != str(live)}
        return [
            f"{name}: version {live} is live, but {_some(names)} run with version {version}: {self.deploy}"
            for version, names in old.items()
        ]

    def _why(self, name: str) -> str:
        versions = self.held[name].versions
        if versions and versions[0].state == "DISABLED":
            number = versions[0].number
            return f"enable it: gcloud secrets versions enable {number} --secret {name} --project {self.project}"
        return f"make secrets PROJECT={self.alias}"

    def create(self) -> None:
        """Ask for each value that is missing, and store it. An empty answer leaves it missing."""
        for name, held in self.held.items():
            if held.live is not None:
                continue
            if held.versions and held.versions[0].state == "DISABLED":
                print(f"{name} is disabled. {self._why(name).capitalize()}")
                continue
            if name == SIGNING_KEY and held.versions and "new-signing-key" not in self.confirmed:
                print(
                    f"{name} was destroyed. With another key every address counts as new for the welcome bonus. Paste "
                    "the copy that you kept, with CONFIRM=new-signing-key."
                )
                continue
            try:
                value = self._asked(name)
            except Refused as reason:
                print(reason)
                continue
            if value:
                number = self.store.add(name, value, exists=held.exists)
                print(f"{name}: version {number} is stored.")

    def _asked(self, name: str, *, empty: str = "leaves it missing") -> str:
        """A value of the right shape, typed without echo; "" for none. `Refused`."""
        own, ours = name == SIGNING_KEY or name in OWN, name in SHAPES
        said = f"an empty answer {'makes a random one' if own else empty}"
        given = self.ask(f"{name} ({said}{'' if ours else '; unused: you do not use this vendor'}): ").strip()
        if (own and not given) or (given == "unused" and not ours):
            return secrets.token_hex(32)
        if not given:
            return ""
        return checked(name, given, staging=self.alias == "staging", confirmed=self.confirmed)

    def rotate(self, name: str) -> None:
        """Store a new value; a webhook's together with the old one, newest first."""
        live = self._rotatable(name)
        old = ""
        if is_webhooks(name):
            held = self.store.value(name, live).split(",")
            if len(held) > 1:
                raise Refused(f"{name} holds two values: a rotation is under way.\nmake secrets … FINISH={name}")
            [old] = [each.strip() for each in held]
            print(WEBHOOKS.get(name, AT_A_VENDOR))
        value = self._asked(name, empty="changes nothing")
        if not value:
            raise Refused("Nothing was changed.\nRepeat the command when you have the new value.")
        if value == old:
            raise Refused(f"That is the current value of {name}.\nPaste the new one.")
        number = self.store.add(name, f"{value},{old}" if old else value, exists=True)
        what = "accepts both values" if old else "holds the new value"
        print(f"Version {number} of {name} {what}. Functions run with it after: {self.deploy}")
        print(f"After that, when the vendor uses the new value: make secrets PROJECT={self.alias} FINISH={name}")

    def finish(self, name: str) -> None:
        """After a deploy the next step: only the new value, then the old versions disabled, or destroyed."""
        live = self._rotatable(name)
        for version, names in self.bound.get(name, {}).items():
            if version != str(live):
                raise Refused(f"{_some(names)} still run with version {version}, and {live} is live.\n{self.deploy}")
        values = self.store.value(name, live).split(",") if is_webhooks(name) else []
        if len(values) > 1:
            number = self.store.add(name, values[0].strip(), exists=True)
            print(f"Version {number} of {name} accepts only the new value. Functions run with it after: {self.deploy}")
            print(f"After that, to disable the old versions: make secrets PROJECT={self.alias} FINISH={name}")
            return
        for old in (each for each in self.held[name].versions if each.number < live):
            if old.state == "ENABLED":
                self.store.disable(name, old.number)
                print(f"Version {old.number} of {name} is disabled.")
            elif old.state == "DISABLED" and "destroy" in self.confirmed:
                self.store.destroy(name, old.number)
                print(f"Version {old.number} of {name} is destroyed.")
            elif old.state == "DISABLED":
                print(f"Version {old.number} of {name} is disabled. To destroy it permanently: CONFIRM=destroy")
        print(f"{name} is rotated: version {live} is live.")

    def _rotatable(self, name: str) -> int:
        """The live version. `Refused` if this secret cannot be rotated."""
        if name == SIGNING_KEY:
            raise Refused(
                f"{name} is permanent: it signs cursors and callbacks, and hashes the addresses that had their bonus.\n"
                "Keep it. If it leaked, docs/security.md says what follows."
            )
        if name not in self.held:
            raise Refused(f"The code has no secret {name}.\nIt has {', '.join(self.held)}.")
        live = self.held[name].live
        if live is None:
            raise Refused(f"{name} has no live version.\n{self._why(name).capitalize()}")
        return live


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)) if len(names) <= 3 else f"{len(names)} functions"


def main(arguments: list[str], ask: Ask | None = None) -> int:
    """`ask` types a value for the person; by default a terminal does."""
    parser = argparse.ArgumentParser(prog="make secrets", description=__doc__)
    for name in ("project", "rotate", "finish", "confirm"):
        parser.add_argument(f"--{name}", default="")
    given = parser.parse_args(arguments)
    if ask is None and sys.stdin.isatty():
        ask = getpass.getpass
    try:
        command = Command(given.project, frozenset(given.confirm.split(",")), ask or _nobody)
        if given.rotate or given.finish:
            if given.rotate and given.finish:
                raise Refused("ROTATE and FINISH are two steps.\nDeploy between them.")
            command.rotate(given.rotate) if given.rotate else command.finish(given.finish)
            return 0
        if ask is not None:
            command.create()
            command.held = command.store.look_up(command.needed)
        return command.show()
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1


def _nobody(_prompt: str) -> str:
    raise Refused("Values must be typed, and this is not a terminal.\nRun the command in a terminal.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
