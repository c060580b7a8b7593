"""Decisions are pure, and every change of a caller goes through `caller.commit`: what the code itself shows of both.

A decision is a function that takes `Docs`, and what is handed to a commit. It may run many times, so it draws no random
id, reads no clock, asks nobody, and leaves nothing behind in this process.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.test_tidy import HOUSE, house, name, tree

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

COMMITS = {"transact", "commit", "rewrite"}
"""Functions whose second argument is a decision, or a part of one."""
CALLBACKS = {"admit", "details", "effect", "first"}
"""Arguments that are called in a decision."""
IMPURE = (
    *("secrets.", "uuid.", "random.", "time.", "os.", "datetime.datetime.now"),
    *("studiox.kit.ids.new", "studiox.kit.clock.now", "studiox.kit.query.", "studiox.kit.tasks."),
    *(f"studiox.kit.firestore.{each}" for each in ("read", "get", "run", "aggregate", "commit", "delete_all")),
    *(
        "studiox.integrations.stripe.",
        "studiox.integrations.stripe_client.",
        "studiox.integrations.firebase_auth.",
        "studiox.media.objects.",
    ),
)
FILLS = {"put", "update", "append", "pop", "clear", "forget", "note_read", "note_commit", "setdefault", "add"}
"""What changes the state of a process: methods of what a function under `@per_process` returns."""


class Module(NamedTuple):
    """A module with its imports resolved."""

    tree: ast.Module
    imports: Mapping[str, str]
    """{name: what it stands for}, as `studiox.kit.ids` or `studiox.kit.transaction.transact`."""


def module_of(dotted: str, parsed: ast.Module, *, package: bool = False) -> Module:
    above = dotted.split(".") if package else dotted.split(".")[:-1]
    found: dict[str, str] = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            found |= {(each.asname or each.name): each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = above[: len(above) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {each.asname or each.name: f"{source}.{each.name}" for each in node.names}
    return Module(parsed, found)


def house_modules() -> dict[str, Module]:
    modules = {}
    for path in house():
        parts = path.relative_to(HOUSE.parent).with_suffix("").parts
        package = parts[-1] == "__init__"
        dotted = ".".join(parts[:-1] if package else parts)
        modules[dotted] = module_of(dotted, tree(path), package=package)
    return modules


class House:
    """Which function calls which, as far as names show it."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.modules = modules
        self.scopes: dict[ast.AST, tuple[str, tuple[ast.AST, ...]]] = {}
        """Each node: its module, and the classes and functions around it, the innermost last."""
        for dotted, module in modules.items():
            self._enter(dotted, module.tree, ())

    def _enter(self, dotted: str, node: ast.AST, around: tuple[ast.AST, ...]) -> None:
        self.scopes[node] = (dotted, around)
        inner = (*around, node) if isinstance(node, Function | ast.ClassDef) else around
        for child in ast.iter_child_nodes(node):
            self._enter(dotted, child, inner)

    def resolve(self, node: ast.expr) -> Function | str | None:
        """What an expression names: a function of ours, or the dotted name of something else. None: unknown."""
        dotted, around = self.scopes[node]
        if isinstance(node, ast.Lambda):
            return node
        if isinstance(node, ast.Name):
            for scope in reversed(around):
                if isinstance(scope, Function) and node.id in _parameters(scope):
                    return None
                if isinstance(scope, ast.FunctionDef) and (found := _defined(scope, node.id)) is not None:
                    return found
            found = _defined(self.modules[dotted].tree, node.id)
            return found if found is not None else self._named(self.modules[dotted].imports.get(node.id, ""))
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if owner == "self":
                classes = [each for each in around if isinstance(each, ast.ClassDef)]
                return _defined(classes[-1], node.attr) if classes else None
            first, _, rest = owner.partition(".")
            if (source := self.modules[dotted].imports.get(first)) is not None:
                return self._named(".".join(filter(None, [source, rest, node.attr])))
        return None

    def _named(self, dotted: str) -> Function | str | None:
        module, _, last = dotted.rpartition(".")
        if module in self.modules and (found := _defined(self.modules[module].tree, last)) is not None:
            return found if not any(map(dotted.startswith, IMPURE)) else dotted
        return dotted or None

    def decisions(self) -> Iterator[Function]:
        """Every function that takes `Docs` or is handed to a commit. AssertionError for one that cannot be found."""
        for node, (dotted, _) in list(self.scopes.items()):
            if isinstance(node, ast.FunctionDef) and any(_is_docs(each) for each in _arguments(node)):
                yield node
            if not isinstance(node, ast.Call):
                continue
            function = ast.unparse(node.func)
            commits = function.split(".")[-1] in COMMITS and function != "firestore.commit"
            handed = node.args[1:2] if commits else []
            if commits or function == "settle_job":
                handed += [each.value for each in node.keywords if each.arg in CALLBACKS]
            for each in handed:
                if isinstance(found := self.resolve(each), Function):
                    yield found
                else:
                    assert self._is_passed_on(each), f"{dotted}:{each.lineno} {ast.unparse(each)}: name the decision"

    def _is_passed_on(self, handed: ast.expr) -> bool:
        """Whether it is a parameter: where the function is called, the decision is named."""
        around = [each for each in self.scopes[handed][1] if isinstance(each, Function)]
        return isinstance(handed, ast.Name) and any(handed.id in _parameters(each) for each in around)

    def faults(self) -> list[str]:
        """What decisions, and what they call, do that they must not."""
        found, seen, left = set(), set(), list(self.decisions())
        while left:
            function = left.pop()
            if function in seen:
                continue
            seen.add(function)
            dotted, _ = self.scopes[function]
            where = f"{dotted}.{getattr(function, 'name', 'lambda')}"
            for node in ast.walk(function):
                if isinstance(node, ast.Nonlocal | ast.Global):
                    found.add(f"{where}: {ast.unparse(node)}")
                if not isinstance(node, ast.Call):
                    continue
                called = self.resolve(node.func)
                if isinstance(called, str) and any(map(called.startswith, IMPURE)):
                    found.add(f"{where}: {called}")
                elif isinstance(called, Function):
                    left.append(called)
                elif self._fills(node.func):
                    found.add(f"{where}: {ast.unparse(node.func)}")
        return sorted(found)

    def _fills(self, called: ast.expr) -> bool:
        """Whether it is a method like `_cache().put`."""
        if not (isinstance(called, ast.Attribute) and called.attr in FILLS and isinstance(called.value, ast.Call)):
            return False
        made = self.resolve(called.value.func)
        return isinstance(made, ast.FunctionDef) and "per_process" in map(ast.unparse, made.decorator_list)


def _defined(scope: ast.AST, wanted: str) -> ast.FunctionDef | None:
    """The function of this name that the scope itself defines."""
    return _functions(scope).get(wanted)


@functools.cache
def _functions(scope: ast.AST) -> dict[str, ast.FunctionDef]:
    """The functions that the scope itself defines; of several with one name, the last."""
    inner = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    found: dict[str, ast.FunctionDef] = {}
    left = list(ast.iter_child_nodes(scope))
    while left:
        node = left.pop()
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, node)
        if not isinstance(node, inner):
            left += ast.iter_child_nodes(node)
    return found


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _parameters(function: Function) -> set[str]:
    return {each.arg for each in _arguments(function)}


def _is_docs(argument: ast.arg) -> bool:
    return argument.annotation is not None and ast.unparse(argument.annotation) in ("Docs", "transaction.Docs")


@functools.cache
def everything() -> House:
    """What is deployed, resolved once for every rule here."""
    return House(house_modules())


def test_decisions_are_pure() -> None:
    assert not everything().faults()


def test_the_search_finds_decisions() -> None:
    """Those that the house is known to have, in each of the ways in which it hands them over."""
    found = set()
    for each in everything().decisions():
        dotted, _ = everything().scopes[each]
        found.add(f"{dotted.removeprefix('studiox.')}:{getattr(each, 'name', 'lambda')}")
    assert len(found) > 140
    assert found >= {
        *("studio.service:decide", "studio.settlement:decide", "studio.settlement:details", "studio.service:count"),
        *("tokens.service:debit", "kit.audit:decide_and_record", "kit.rate_limits:lambda", "api.callers:admit"),
        *("auth.service:first", "billing.context:lambda", "billing.webhook:lambda", "community.publishing:finish"),
    }


PLANTED = """
import random, time
from studiox.kit import clock, firestore, ids
from studiox.kit.clock import now as moment
from studiox.kit.ids import new
from studiox.kit.process import per_process
from studiox.kit.transaction import Docs, transact
from .other import helper

@per_process
def _cache(): ...

def uses(caller):
    tried, at = 0, clock.now()
    def decide(docs):
        nonlocal tried
        docs.put("a", at)
        docs.after_commit.append(print)
    caller.commit("k", decide, target=None)

def handed(key):
    transact(key, lambda docs: docs.create(ids.new(), {}))
    transact(key, further)

def further(docs):
    deeper()

def deeper():
    return random.choice([time.time(), moment(), new()])

def takes(a, docs: Docs):
    _cache().put("a", 1)
    return helper()

class Kind:
    def check(self, docs: Docs): return self._look()
    def _look(self): return firestore.read("users/u1")

def fine(docs: Docs, now):
    cache = dict(docs.changes)
    cache.update(a=1)
    return now
"""


def test_the_search_finds_faults() -> None:
    other = "import uuid\ndef helper(): return uuid.uuid4()"
    parsed = {"studiox.a.b": module_of("studiox.a.b", ast.parse(PLANTED))}
    parsed["studiox.a.other"] = module_of("studiox.a.other", ast.parse(other))
    assert House(parsed).faults() == [
        "studiox.a.b._look: studiox.kit.firestore.read",
        "studiox.a.b.decide: nonlocal tried",
        "studiox.a.b.deeper: random.choice",
        "studiox.a.b.deeper: studiox.kit.clock.now",
        "studiox.a.b.deeper: studiox.kit.ids.new",
        "studiox.a.b.deeper: time.time",
        "studiox.a.b.lambda: studiox.kit.ids.new",
        "studiox.a.b.takes: _cache().put",
        "studiox.a.other.helper: uuid.uuid4",
    ]


CALLERS = {"Anyone", "Reader", "User", "VerifiedUser", "Buyer", "AccountHolder", "RecentAccountHolder", "Admin"}


def commits_past_its_caller(parsed: ast.Module) -> bool:
    """Whether a module that knows its caller commits in another way, without check, charge and audit entry."""
    names = {
        alias.name
        for node in ast.walk(parsed)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[-1] in MODULES
        for alias in node.names
    }
    return bool(names & CALLERS) and "transact" in names


MODULES = {"callables", "callers", "transaction"}


def test_who_knows_its_caller_commits_by_it() -> None:
    """`commit` checks the caller, charges the rate limit and wants to know what the audit entry is about."""
    assert [name(path) for path in house() if commits_past_its_caller(tree(path))] == []
    bad = "from studiox.api.callables import User\nfrom studiox.kit.transaction import Docs, transact"
    assert commits_past_its_caller(ast.parse(bad))


def test_charges_and_audit_entries_are_made_in_one_place() -> None:
    made = {f"studiox.kit.{each}": each.split(".")[0] for each in ("audit.AuditEntry", "windows.Window")}
    found = []
    for node, (dotted, _) in everything().scopes.items():
        if isinstance(node, ast.Call) and everything().resolve(node.func) in made:
            found.append(f"{dotted}:{node.lineno} writes what only kit/ may write")
        if isinstance(node, ast.Attribute) and node.attr == "rate_limit" and not dotted.startswith("studiox.api."):
            found.append(f"{dotted}:{node.lineno} charges: only caller.commit does")
    assert not found
