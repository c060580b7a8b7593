"""The style, executed: what reviewers would otherwise have to repeat. pyproject.toml has which room imports which."""

from __future__ import annotations

import ast
import functools
import gc
import pathlib
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from tests.support.tried import called, called_in_javascript

ROOT = pathlib.Path(__file__).parents[1]
CODE = ROOT / "functions"
HOUSE = CODE / "studiox"
PLACES = ("functions/main.py", "functions/studiox", "local", "ops", "tests", "bench")
MAX_LINES = 400
MAX_FUNCTION_LINES = 70

# What speaks with others.
_IO = (
    r"socket|threading|subprocess|requests|urllib3|urllib(?!\.parse)|http|firebase_admin|google|grpc|stripe"
    r"|studiox\.kit\.(firestore|rest|transaction|rate_limits|query|structured_query|tasks|audit|cache|batch)"
    r"|studiox\.(api\.(callables|callers|http_functions)|deletions\.service|.*store)"
    r"|studiox\.(media\.(?!(filetypes|marking|xmp)$).*|integrations\.(stripe|firebase_auth|providers\.wire))"
)
IO = re.compile(rf"^({_IO})(\.|$)")
# A module whose docstring says "Pure." reaches nothing outside of its arguments.
IMPURE = re.compile(
    rf"^({_IO}|time|os|random|uuid|secrets|flask|firebase_functions|studiox\.kit\.(config|log|ids)"
    r"|studiox\.integrations\.providers\.registry)(\.|$)"
)
# A rule may speak of what `transact` hands it, and mark a field as gone.
PURE_NAMES = {
    "studiox.kit.transaction": {"Docs", "REMOVE"},
    "studiox.kit.clock": {
        *("UTC", "a_month_after", "datetime", "iso", "midnight_after", "months_after", "parse", "start_of"),
        "timedelta",
    },
}


@pytest.fixture(scope="module", autouse=True)
def _without_the_garbage_collector() -> Iterator[None]:
    """Half a million nodes are kept: looking through them for garbage takes longer than parsing."""
    gc.disable()
    yield
    gc.enable()


@functools.cache
def sources() -> list[pathlib.Path]:
    found: list[pathlib.Path] = []
    for place in PLACES:
        path = ROOT / place
        found += [path] if path.suffix else sorted(path.rglob("*.py"))
    return [path for path in found if path.exists() and "__pycache__" not in path.parts]


@functools.cache
def tree(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def name(path: pathlib.Path) -> str:
    return str(path.relative_to(ROOT))


def house() -> list[pathlib.Path]:
    return [path for path in sources() if HOUSE in path.parents]


@functools.cache
def nodes(module: ast.Module) -> tuple[ast.AST, ...]:
    """All of a module, walked once for every rule here."""
    return tuple(ast.walk(module))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in nodes(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_files_and_functions_are_short() -> None:
    long = [name(path) for path in sources() if len(path.read_text().splitlines()) > MAX_LINES]
    assert not long, f"more than {MAX_LINES} lines"
    spread = [
        f"{name(path)}:{each.lineno} {each.name}"
        for path in sources()
        for each in functions(tree(path))
        if (each.end_lineno or 0) - each.lineno >= MAX_FUNCTION_LINES
    ]
    assert not spread, f"more than {MAX_FUNCTION_LINES} lines"


def test_a_module_opens_with_what_it_is_for() -> None:
    mute = [name(path) for path in sources() if path.read_text().strip() and not ast.get_docstring(tree(path))]
    assert not mute


def test_no_bare_except_no_print_no_naive_time() -> None:
    found = []
    for path in sources():
        may_print = path.relative_to(ROOT).parts[0] in ("local", "ops", "bench")
        for node in nodes(tree(path)):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                found.append(f"{name(path)}:{node.lineno} a bare except")
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id == "print" and not may_print:
                found.append(f"{name(path)}:{called.lineno} print")
            if isinstance(node, ast.Attribute) and node.attr in ("utcnow", "utcfromtimestamp"):
                found.append(f"{name(path)}:{node.lineno} {node.attr}")
    assert not found


def imported(path: pathlib.Path) -> Iterator[tuple[str, set[str]]]:
    """(module, names) of every import in the file, relative ones resolved."""
    package = ["studiox", *path.relative_to(HOUSE).parts[:-1]]
    for node in nodes(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, set()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = {alias.name for alias in node.names}
            modules = {each for each in names if _is_module(f"{module}.{each}")}  # from studiox.kit import config
            yield from ((f"{module}.{each}", set()) for each in modules)
            if names - modules:
                yield module, names - modules


def _is_module(name: str) -> bool:
    path = CODE.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def rules() -> list[pathlib.Path]:
    return [path for path in house() if re.search(r"\bPure\b[.;]", ast.get_docstring(tree(path)) or "")]


@pytest.mark.parametrize("path", rules(), ids=name)
def test_rules_are_pure(path: pathlib.Path) -> None:
    """No Firestore, no clock, no randomness: `now` and ids come in. What a rule imports is a rule or a struct."""
    for module, names in imported(path):
        if module in PURE_NAMES:
            assert set() < names <= PURE_NAMES[module], f"{name(path)} imports {names or 'all'} of {module}"
        else:
            assert not IMPURE.match(module), f"{name(path)} imports {module}"
            assert not module.endswith(("store", "service", "endpoints")), f"{name(path)} imports {module}"


def does_io(path: pathlib.Path) -> bool:
    """Whether it speaks with others, as its imports tell."""
    return any(
        IO.match(module) and not set() < names <= PURE_NAMES.get(module, set()) for module, names in imported(path)
    )


def test_the_rules_that_money_rests_on_are_among_them() -> None:
    named = {name(path).removeprefix("functions/studiox/").removesuffix(".py") for path in rules()}
    assert named >= {
        *(f"billing/{each}" for each in ("invoice_memory", "monthly_tokens", "orders", "plans", "subscriptions")),
        *(f"tokens/{each}" for each in ("allowance", "invariants", "monthly", "social_tasks", "streaks")),
        *(f"studio/{each}" for each in ("breaker", "lifecycle", "spend")),
        *("models/ledger", "catalog/catalog", "auth/sign_up", "community/rules", "deletions/rules"),
    }


def literal(node: ast.AST) -> str | None:
    """A string or f-string, each inserted value as `*`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return None


# Storage's paths look alike but are no documents.
DOCUMENT = re.compile(r"([a-z][A-Za-z]+)/[^/.:]*\*[^/.:]*((/[a-z][A-Za-z]+)/[^/.:]+)*")
STORAGE = re.compile(r"(users/\*/(uploads|creations)|posts/\*)(/.*|$)")
# The functions of kit/query.py, which take a collection's name or its constant, and what the constants are made by.
READERS = {"documents", "names", "count", "total", "page", "between", "count_between"}
MAKERS = {"Collection", "collection", "collection_group"}
# The catalogue's keys look like paths and are its interface.
KEYS = {"models", "styles", "colors", "sizes", "features"}


def collections_named(module: ast.Module) -> Iterator[str]:
    """The collections whose documents the module names by a path, or reads by name."""
    for node in nodes(module):
        text = literal(node)
        if text and DOCUMENT.fullmatch(text) and text.count("/") % 2 and not STORAGE.fullmatch(text + "/"):
            yield "/".join(text.split("/")[0::2])
        if isinstance(node, ast.Call) and node.args:
            function = ast.unparse(node.func)
            reads = function.startswith("query.") and function.split(".")[-1] in READERS
            first = literal(node.args[0]) if reads or function.split(".")[-1] in MAKERS else None
            if first and first.split("/")[-1].isalpha():
                yield first.split("/")[-1]


# Sub-collections of this name lie below jobs and below posts.
SHARED = {"private"}
OUTSIDE_MODELS = {
    *("auditLogs", "rateLimits"),  # the kit's own
    *("projects/databases", "projects/traces"),  # no documents of ours
}


def test_a_collection_has_one_owner() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for path in house():
        for collection in collections_named(tree(path)):
            if collection not in KEYS:
                owners[collection].add(str(path.relative_to(HOUSE)))
    assert len(owners) >= 30
    shared = {collection: sorted(paths) for collection, paths in owners.items() if len(paths) > 1}
    assert shared.keys() <= SHARED, shared
    elsewhere = {name for name, paths in owners.items() if any(not path.startswith("models/") for path in paths)}
    assert elsewhere <= OUTSIDE_MODELS, "a collection's name is written once, in models/"


def test_the_search_for_collections_finds_them() -> None:
    code = 'f"users/{u}"; f"users/{u}/ledger/{e}"; db.collection("jobs"); f"users/{u}/uploads"; "image/png"; "s/b"'
    code += '; query.names("mail", {}, 1); Collection("likes", Like); Collection(f"{u}/orders", Order); query.page(X)'
    code += '; query.between("payments", a, b, ()); kinds.count("failed"); query.documents(LOSSES)'
    named = ["jobs", "likes", "mail", "orders", "payments", "users", "users/ledger"]
    assert sorted(collections_named(ast.parse(code))) == named


def test_only_the_ledger_writes_balances() -> None:
    found = []
    for path in house():
        if name(path).startswith("functions/studiox/models/ledger"):
            continue
        for node in nodes(tree(path)):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    opening = isinstance(value, ast.Constant) and value.value == 0  # a new account's
                    if isinstance(key, ast.Constant) and key.value in ("balance", "ledgerSeq") and not opening:
                        found.append(f"{name(path)}:{node.lineno}")
            called = ast.unparse(node.func).split(".")[-1] if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and called in ("replace", "update", "change_user"):
                written = {keyword.arg for keyword in node.keywords}
                if written & {"balance", "buckets", "ledger_seq"}:
                    found.append(f"{name(path)}:{node.lineno}")
            if isinstance(node, ast.Attribute) and node.attr in ("Increment", "INCREMENT"):
                found.append(f"{name(path)}:{node.lineno} Increment saturates silently (J17)")
    assert not found


# The client libraries that nothing deployed may load: their gRPC takes a third of a call's CPU time.
CLIENT = re.compile(r"google\.cloud\.firestore|google\.cloud$|firebase_admin\.firestore|grpc|proto($|\.)")
# Who may call what of kit/firestore.py.
DOORS = {
    "firestore.connections": {"functions/studiox/kit/firestore.py"},
    "firestore.run": {"functions/studiox/kit/structured_query.py"},
    "firestore.aggregate": {"functions/studiox/kit/structured_query.py"},
    "rest.Connections": {"functions/studiox/kit/firestore.py"},
}


def test_firestore_is_read_in_one_guarded_way() -> None:
    """What a broken connection does to a read is answered in one place: `firestore._read`."""
    found = []
    for path in house():
        if any(CLIENT.match(module) for module, _ in imported(path)):
            found.append(f"{name(path)} knows Firestore's client: build queries with query.py")
        for node in nodes(tree(path)):
            if isinstance(node, ast.Attribute) and name(path) not in DOORS.get(ast.unparse(node), {name(path)}):
                found.append(f"{name(path)}:{node.lineno} {ast.unparse(node)}: use query.py or transact")
    assert not found


def test_no_lock_taking_transactions() -> None:
    found = [
        f"{name(path)}:{node.lineno}"
        for path in house()
        for node in nodes(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("transactional", "transaction", "run_transaction")
    ]
    assert not found, "use transact (docs/decisions/0002-optimistic-commit.md)"


@functools.cache
def declared() -> dict[str, tuple[pathlib.Path, ast.FunctionDef]]:
    """The deployed functions: those under a decorator that deploys."""
    found = {}
    for path in house():
        for each in functions(tree(path)):
            decorators = [ast.unparse(decorator).split("(")[0] for decorator in each.decorator_list]
            deploys = ("endpoint", "route", "on_request", "schedule", "task", "before_user_created")
            if isinstance(each, ast.FunctionDef) and any(d.split(".")[-1] in deploys for d in decorators):
                found[each.name] = (path, each)
    return found


def test_schedules_and_tasks_are_declared_by_our_own_decorators() -> None:
    """Left to the SDK, an outage would be logged as a bug, and a task could be sent by nobody."""
    found = [
        f"{path.name}: {name}"
        for path in house()
        if path.name != "background.py"
        for name in ("on_schedule", "on_task_dispatched")
        if name in path.read_text()
    ]
    assert not found, "use @schedule and @task of api/background.py"


def test_every_endpoint_says_what_it_does_has_a_limit_and_a_test() -> None:
    tests = [path for path in sources() if (ROOT / "tests") in path.parents]
    tried = {each for path in tests for each in called(nodes(tree(path)))}
    for path in (ROOT / "tests").rglob("*.mjs"):
        tried |= called_in_javascript(path.read_text())
    assert declared()
    lacking = []
    for deployed, (path, function) in declared().items():
        if not ast.get_docstring(function):
            lacking.append(f"{deployed}: a docstring")
        if deployed not in tried:
            lacking.append(f"{deployed}: a test")
        decorator = ast.unparse(function.decorator_list[0])
        if decorator.startswith("endpoint(") and "limit=" not in decorator:
            lacking.append(f"{deployed}: a limit")
        if not path.stem.endswith("endpoints") and deployed != "health":
            lacking.append(f"{deployed}: its place in endpoints.py")
    assert not lacking


def test_only_a_call_of_a_function_is_a_test_of_it() -> None:
    code = """
from main import getFeed as feed, getPost
CLEAN: Any = main.cleanUp
DELETE = main.deletePost
"likePost"; main.likePost; LISTED = ["likePost", main.sharePost]; monkeypatch.setattr(main, "likePost", None)
http(main.WEBHOOKS["vendorWebhook"], "POST"); main.WEBHOOKS["otherWebhook"]
call(feed, {}); schedule(CLEAN, at=now); calls.task(main.settle, {}); ask("setPlan", uid="u1"); say("likePost")
"""
    assert called(ast.walk(ast.parse(code))) == {"getFeed", "cleanUp", "settle", "setPlan", "vendorWebhook"}
    script = "const likePost = 1; // getPost\nawait bob.call( 'getFeed', {}); studio.sharePost({}); call(likePost)"
    assert called_in_javascript(script) == {"getFeed", "sharePost", "call"}


def test_an_endpoint_has_at_most_five_statements() -> None:
    """More than that is a use case, and belongs into the service."""
    long = []
    for deployed, (_, function) in declared().items():
        statements = [node for each in function.body[1:] for node in ast.walk(each) if isinstance(node, ast.stmt)]
        if any("endpoint(" in ast.unparse(decorator) for decorator in function.decorator_list) and len(statements) > 5:
            long.append(f"{deployed}: {len(statements)} statements")
    assert not long


def test_what_main_imports_is_what_is_declared() -> None:
    main = tree(CODE / "main.py")
    imported_names = {alias.name for node in main.body if isinstance(node, ast.ImportFrom) for alias in node.names} - {
        "firestore",
        "log",
        "config",
        "WEBHOOKS",  # of studio/webhook_endpoints.py: a provider's spec declares them
    }
    assert imported_names == set(declared())
