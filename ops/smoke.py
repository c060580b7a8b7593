"""`make smoke PROJECT=…`: checks that each public function answers, and that our code answers. Changes nothing.

Each is called without a token, a signature or an attestation, and must refuse as our code does. An answer of Google's
front end means that the function is missing, private or broken, which the deploy does not report. The functions are
those of functions/main.py. Without PROJECT it checks the local stack.
"""

from __future__ import annotations

import argparse
import enum
import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from local.stack import settings
from ops import cloud, deploy
from ops.cloud import Function, Refused

THREADS = 8
TIMEOUT_S = 45.0
"""Longer than a cold start."""
PRIVATE = ("schedule", "task")
"""Only Cloud Scheduler and Cloud Tasks may call them."""


class Kind(enum.Enum):
    """What is wrong. All of one kind are repaired in the same way."""

    NOT_PUBLIC = "Google refuses callers: these functions are not public"
    MISSING = "There are no such functions"
    FAILS = "These functions do not start, or have no instances left"
    SECRET = "A secret that these functions need is empty"
    UNHEALTHY = "The functions do not reach Firestore or Storage"
    OTHER = "These answer something else than this checkout would"
    SILENT = "There is no answer"
    SITE = "The site is not as this checkout would deploy it"


class Target(NamedTuple):
    """What is tested."""

    alias: str
    """For the printed commands: an alias or a project's id."""
    project: str
    region: str
    functions: str
    """The functions' base address."""
    site: str
    """Hosting's address."""


class Reply(NamedTuple):
    """An answer over HTTP; status 0 where there was none."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def parsed(self) -> Any:
        """The JSON value of the body; None for other text."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    @property
    def is_page(self) -> bool:
        """HTML, which none of our functions answers."""
        return "html" in self.headers.get("content-type", "") or self.body.lstrip()[:1] == b"<"


class Problem(NamedTuple):
    """A function or the site that failed, and its answer."""

    what: str
    kind: Kind
    seen: str


def target_of(alias: str, offset: int) -> Target:
    """The project, or without an alias the local stack at this offset. `Refused`."""
    if alias:
        if address := cloud.stand_in(cloud.ADDRESSES["cloudfunctions"]):
            raise Refused(
                f"After a rehearsal no function answers: this shell names {address} instead of Google.\n"
                "Check the local stack by make smoke without PROJECT, or the project from another shell."
            )
        project = cloud.project_of(alias)
        region = deploy.parameters(alias, project)["REGION"]
        address = f"https://{region}-{project}.cloudfunctions.net"
        return Target(alias, project, region, address, f"https://{project}.web.app")
    ports, project = settings.shifted(offset), settings.PROJECT
    functions = f"http://127.0.0.1:{ports['functions']}/{project}/{settings.REGION}"
    return Target("", project, settings.REGION, functions, f"http://127.0.0.1:{ports['hosting']}")


def public(functions: Mapping[str, Function]) -> list[Function]:
    return [function for function in functions.values() if function.kind not in PRIVATE]


def check(target: Target, functions: Mapping[str, Function]) -> list[Problem]:
    """Call every public function and the site, several at a time."""
    import urllib3
    from urllib3.util import Retry, Timeout

    # Repeating is safe: everything that is sent is refused, or only read.
    again = Retry(connect=1, read=1, status=2, allowed_methods=None, status_forcelist=(502, 503), raise_on_status=False)
    with (
        urllib3.PoolManager(maxsize=THREADS, retries=again, timeout=Timeout(connect=10, read=TIMEOUT_S)) as pool,
        ThreadPoolExecutor(THREADS) as threads,
    ):

        def ask(method: str, address: str, body: Any = None) -> Reply:
            try:
                reply = pool.request(method, address, json=body, redirect=False)
            except urllib3.exceptions.HTTPError as error:
                return Reply(0, {}, type(error).__name__.encode())
            return Reply(reply.status, {name.lower(): value for name, value in reply.headers.items()}, reply.data)

        found = list(threads.map(lambda each: _check_function(target, each, ask), public(functions)))
        found += _check_site(target, ask)
    return [problem for problem in found if problem is not None]


Asks = Callable[..., Reply]


def _check_function(target: Target, function: Function, ask: Asks) -> Problem | None:
    method, body, is_ours = EXPECTED.get(function.name) or EXPECTED[function.kind]
    address = f"{target.functions}/{function.name}"
    reply = ask(method, address, body)
    return None if is_ours(reply) else Problem(function.name, _kind(reply), _seen(reply))


def _callable(reply: Reply) -> bool:
    """Refused in the callable protocol's form, with our reason: a missing token, or a missing field that we know."""
    error = (reply.parsed or {}).get("error") if isinstance(reply.parsed, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    reason = details.get("reason") if isinstance(details, dict) else None
    return (reply.status, reason) in ((401, "Unauthenticated"), (400, "InvalidRequest"))


def _http(reply: Reply) -> bool:
    said = reply.parsed
    return reply.status == 401 and isinstance(said, dict) and said.get("reason") == "Unauthenticated"


def _signed(status: int) -> Callable[[Reply], bool]:
    return lambda reply: reply.status == status and reply.body == b"not genuine"


def _healthy(reply: Reply) -> bool:
    return reply.status == 200 and isinstance(reply.parsed, dict) and reply.parsed.get("status") == "ok"


def _missing_post(reply: Reply) -> bool:
    return reply.status == 404 and b"This is not here" in reply.body


UNKNOWN_FIELD = {"data": {"smokeTest": True}}
"""Refused by each callable before it reads or counts anything."""
EXPECTED: Mapping[str, tuple[str, Any, Callable[[Reply], bool]]] = {
    "callable": ("POST", UNKNOWN_FIELD, _callable),
    "identity": ("POST", UNKNOWN_FIELD, _callable),
    "createGenerationRequest": ("POST", {}, _http),
    "getUserCredits": ("GET", None, _http),
    "health": ("GET", None, _healthy),
    "sharePage": ("GET", None, _missing_post),
    "piapiWebhook": ("POST", {}, _signed(401)),
    "poyoWebhook": ("POST", {}, _signed(401)),
    "stripeWebhook": ("POST", {}, _signed(400)),
}
"""{function or kind: method, body, whether an answer is our code's}."""


def _kind(reply: Reply) -> Kind:
    if reply.status == 0:
        return Kind.SILENT
    if reply.is_page and reply.status in (401, 403):
        return Kind.NOT_PUBLIC
    if reply.is_page and reply.status == 404:
        return Kind.MISSING
    if reply.body in (b"not configured", b"try again"):
        return Kind.SECRET
    if isinstance(reply.parsed, dict) and reply.parsed.get("status") == "unavailable":
        return Kind.UNHEALTHY
    if reply.status == 429 or (reply.status >= 500 and reply.parsed is None):
        return Kind.FAILS
    return Kind.OTHER


def _seen(reply: Reply) -> str:
    text = " ".join(reply.body[:200].decode(errors="replace").split())
    return f"{reply.status or 'no answer'}: {text[:100]}"


def _check_site(target: Target, ask: Asks) -> list[Problem]:
    """The page with its headers, and the configuration that it reads the project from."""
    reply = ask("GET", f"{target.site}/")
    if reply.status != 200 or b"<html" not in reply.body:
        return [Problem("the site", Kind.SILENT if reply.status == 0 else Kind.SITE, _seen(reply))]
    found = []
    for name, value in _headers(target).items():
        if reply.headers.get(name.lower()) != value:
            found.append(Problem("the site", Kind.SITE, f"{name}: {reply.headers.get(name.lower(), 'absent')[:80]}"))
    page = ask("GET", f"{target.site}/p/none")
    if not _missing_post(page):
        found.append(Problem("the site's pages of posts", Kind.SITE, _seen(page)))
    config = ask("GET", f"{target.site}/__/firebase/init.json")
    if not isinstance(config.parsed, dict) or config.parsed.get("projectId") != target.project:
        found.append(Problem("the site's configuration", Kind.SITE, _seen(config)))
    return found


def _headers(target: Target) -> dict[str, str]:
    """The headers that Hosting sends with every page: for a project those that `make deploy` writes for it."""
    text = (settings.ROOT / "firebase.json").read_text()
    config = json.loads(deploy.config_of(target.project, text, target.region) if target.alias else text)
    return {
        header["key"]: header["value"]
        for entry in config["hosting"]["headers"]
        if entry["source"] == "**"
        for header in entry["headers"]
    }


def advice(target: Target, kind: Kind, functions: list[Function]) -> list[str]:
    """How to repair failures of this kind."""
    names = " ".join(function.name.lower() for function in functions)
    where = f"--project {target.project} --region {target.region}" if functions else ""
    deploys = f"make deploy PROJECT={target.alias}" if target.alias else "make serve"
    match kind:
        case Kind.NOT_PUBLIC:
            grant = f"add-iam-policy-binding $each --member allUsers --role roles/run.invoker {where}"
            return [
                "The right to call them was never granted, or was taken away. Grant it, as a Cloud Run Admin:",
                f"  for each in {names}; do gcloud run services {grant}; done",
                "If that fails with “do not belong to a permitted customer”, your organisation forbids allUsers:",
                f"  for each in {names}; do gcloud run services update $each --no-invoker-iam-check {where}; done",
                "If that is forbidden too, ask for an exception from iam.allowedPolicyMemberDomains for this project.",
            ]
        case Kind.MISSING:
            return [f"They were not deployed: {deploys}"]
        case Kind.FAILS:
            return [
                f"Read the log: gcloud functions logs read NAME {where}",
                "With 429 or “no available instance” the quota of CPUs is used up (docs/deploy.md, step 1).",
            ]
        case Kind.SECRET:
            return [f"See which: make secrets PROJECT={target.alias}. Then {deploys}"]
        case Kind.UNHEALTHY:
            return [
                "Check that the database and the bucket exist, and that the functions' service account may use them."
            ]
        case Kind.SITE:
            return [f"Deploy it: {deploys}"]
        case Kind.SILENT:
            return ["Check the network and the project's name, and repeat the command."]
        case Kind.OTHER:
            return [f"Deploy this checkout: {deploys}. If that does not help, read the functions' log."]


def report(target: Target, functions: Mapping[str, Function], problems: list[Problem]) -> None:
    """Print what failed, grouped by its repair."""
    asked = public(functions)
    for kind in dict.fromkeys(problem.kind for problem in problems):
        print(f"\n{kind.value}:")
        these = [problem for problem in problems if problem.kind == kind]
        for problem in these:
            print(f"  {problem.what}  ({problem.seen})")
        failed = [functions[problem.what] for problem in these if problem.what in functions]
        print(*(f"    {line}" for line in advice(target, kind, failed)), sep="\n")
    if not problems:
        print(f"{len(asked)} functions and the site of {target.project} answer as this checkout does.")
    else:
        print(f"\n{len(problems)} of {len(asked) + 1} failed.", file=sys.stderr)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make smoke", description=__doc__)
    parser.add_argument("--project", default="")
    parser.add_argument("--offset", type=int, default=0)
    parser.add_argument("--functions", default="", help="the functions' base address, where it is another")
    parser.add_argument("--site", default="", help="another address of the site")
    given = parser.parse_args(arguments)
    try:
        target = target_of(given.project, given.offset)
    except Refused as reason:
        print(reason, file=sys.stderr)
        return 1
    target = target._replace(functions=given.functions or target.functions, site=given.site or target.site)
    functions = cloud.functions()
    problems = check(target, functions)
    report(target, functions, problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
