"""A real project: its id, what the code deploys to it, a session with Google's APIs, and their refusals in words."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from local.command import Refused as Refused
from local.stack.settings import ROOT

TIMEOUT_S = 20.0
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIGN_IN = (
    "Sign in with `gcloud auth application-default login`, as a user who may administer the project. "
    "In a workflow check the step that signs in."
)
ADDRESSES = {
    "cloudfunctions": "FIREBASE_FUNCTIONS_V2_URL",
    "cloudscheduler": "FIREBASE_CLOUDSCHEDULER_URL",
    "cloudtasks": "FIREBASE_CLOUD_TAKS_URL",  # spelt so
    "firestore": "FIRESTORE_URL",
    "identitytoolkit": "FIREBASE_IDENTITY_URL",
    "run": "CLOUD_RUN_URL",
}
"""The Firebase CLI's variables. They name stand-ins on loopback."""
TRIGGERS = {
    "callableTrigger": "callable",
    "httpsTrigger": "http",
    "scheduleTrigger": "schedule",
    "taskQueueTrigger": "task",
    "blockingTrigger": "identity",
}


class Function(NamedTuple):
    """A function that the code deploys."""

    name: str
    kind: str
    """One of TRIGGERS' values."""
    secrets: tuple[str, ...]
    """The names of the secrets that it binds."""


def resolved(alias: str) -> str:
    """The project's id, from its id or an alias of .firebaserc; "" for ""."""
    project: str = json.loads((ROOT / ".firebaserc").read_text())["projects"].get(alias, alias)
    return project


def is_real(project: str) -> bool:
    """Whether this id can be a project of Google's: the emulators' begin with `demo-`."""
    return bool(project) and not project.startswith("demo-")


def project_of(alias: str) -> str:
    """The project's id, from its id or an alias of .firebaserc. `Refused` if it names no real project."""
    project = resolved(alias)
    if not is_real(project):
        raise Refused("PROJECT names no real project.\nName one: PROJECT=staging (the aliases are in .firebaserc)")
    return project


def functions() -> dict[str, Function]:
    """{name: function} of functions/main.py, whose import list is the API."""
    source = str(ROOT / "functions")
    if source not in sys.path:
        sys.path.insert(0, source)
    found = {}
    for name, value in sorted(vars(importlib.import_module("main")).items()):
        entry = getattr(value, "__firebase_endpoint__", None)
        if entry is not None:
            [kind] = [kind for trigger, kind in TRIGGERS.items() if getattr(entry, trigger) is not None]
            secrets = tuple(sorted(secret["key"] for secret in entry.secretEnvironmentVariables or ()))
            found[name] = Function(name, kind, secrets)
    return found


def stand_in(variable: str) -> str:
    """The address of an API's stand-in on loopback that the environment names; "" for the real API. `Refused`."""
    address = os.environ.get(variable, "")
    if address and urllib.parse.urlsplit(address).hostname not in LOOPBACK:
        raise Refused(f"{variable} names another machine: secrets would be sent there.\nUnset it.")
    return address.rstrip("/")


@contextlib.contextmanager
def session(project: str, variable: str) -> Iterator[Any]:
    """A signed-in requests session, or one for the stand-in that `variable` names. It repeats a failed GET twice."""
    import google.auth
    import requests
    from google.auth.transport.requests import AuthorizedSession
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    if stand_in(variable):
        made = requests.Session()
    else:
        credentials, _ = google.auth.default(scopes=SCOPES)
        made = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]
    made.headers["x-goog-user-project"] = project
    patient = Retry(total=2, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
    for scheme in ("https://", "http://"):
        made.mount(scheme, HTTPAdapter(max_retries=patient))
    with made:
        yield made


@contextlib.contextmanager
def in_words(project: str, roles: Mapping[str, str]) -> Iterator[None]:
    """Around calls to Google's APIs: their errors become `Refused`. `roles`: {role: what it is needed for}."""
    import requests
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except GoogleAuthError as error:
        raise Refused(f"You are not signed in to Google ({_line(error)}).\n{SIGN_IN}") from None
    except GoogleAPICallError as error:
        raise Refused(f"Google says: {_line(error.message)}\n{_advice(error, project, roles)}") from None
    except (requests.RequestException, RetryError) as error:
        raise Refused(
            f"Google does not answer ({type(error).__name__}).\nCheck the network, and repeat the command."
        ) from None


class Api:
    """Google's REST APIs as the person or workflow that runs the command. Reading is repeated on failure. `Refused`."""

    def __init__(self, project: str, roles: Mapping[str, str], session: Any) -> None:
        self.project, self._roles, self._session = project, roles, session

    def ask(self, api: str, path: str, body: object = None, *, absent: Any = None) -> Any:
        """The JSON that a GET answers, or a POST of `body`. `absent` where the API is not enabled, or for a 404."""
        from google.api_core import exceptions

        address = stand_in(ADDRESSES[api]) or f"https://{api}.googleapis.com"
        method = "GET" if body is None else "POST"
        with in_words(self.project, self._roles):
            answer = self._session.request(method, f"{address}/{path}", json=body, timeout=TIMEOUT_S)
            if answer.status_code == 200:
                return answer.json()
            error = exceptions.from_http_response(answer)  # type: ignore[no-untyped-call]
            if absent is not None and (answer.status_code == 404 or error.reason == "SERVICE_DISABLED"):
                return absent
            raise error

    def listed(self, api: str, path: str, key: str) -> list[Any]:
        """All pages of a list; empty where the API is not enabled yet."""
        found: list[Any] = []
        token = ""
        while True:
            page = self.ask(api, f"{path}{'&' if '?' in path else '?'}pageSize=300&pageToken={token}", absent={})
            if page.get("unreachable"):
                raise Refused(f"Not every region answers: {page['unreachable']}\nRepeat the command in a minute.")
            found += page.get(key, [])
            token = page.get("nextPageToken", "")
            if not token:
                return found


@contextlib.contextmanager
def api(project: str, roles: Mapping[str, str]) -> Iterator[Api]:
    """`roles`: those that the calls need, {role: what it is needed for}."""
    with in_words(project, roles), session(project, ADDRESSES["cloudfunctions"]) as made:
        yield Api(project, roles, made)


def _advice(error: Any, project: str, roles: Mapping[str, str]) -> str:
    from google.api_core import exceptions as said

    if error.reason == "SERVICE_DISABLED":
        api = (error.metadata or {}).get("service", "the API")
        return f"Enable it: gcloud services enable {api} --project {project}"
    unknown = error.reason == "CONSUMER_INVALID" or "may not exist" in (error.message or "")
    if unknown or isinstance(error, said.NotFound):
        return (
            f"Check the project's id, {project}: .firebaserc has the aliases, `gcloud projects list` what you may see."
        )
    if isinstance(error, said.Unauthenticated | said.Unauthorized):
        return SIGN_IN
    if isinstance(error, said.Forbidden):
        needed = " and ".join(f"{role} ({why})" for role, why in roles.items())
        return f"Ask an owner of {project} for {needed}."
    if isinstance(error, said.TooManyRequests | said.ServerError):
        return "Repeat the command in a minute."
    return "Nothing else was tried. Correct this, and repeat the command."


def _line(message: object) -> str:
    return " ".join(str(message).split())[:500]
