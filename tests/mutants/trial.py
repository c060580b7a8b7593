"""Tries the changes of one module against the tests that cover it.

A change inside a function takes the cheap way: one process imports the code and collects the tests, and is forked for
each change. The child gives the function its changed code and runs the tests that call it, the fastest first. What runs
when the module is imported (a constant, a field's default) needs a process that imports everything anew.

A change counts as killed when a test fails that passes without it, or when the tests take ten times their CPU time. A
process that ends in any other way is reported. Bytecode is never written for a changed module: it is compiled from its
syntax tree.
"""

from __future__ import annotations

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import itertools
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutants.changes import Change, changed, changes

SURVIVED, KILLED, BROKEN, AT_IMPORT = 10, 11, 12, 13
"""How a process ends that tried a change. AT_IMPORT: the change needs a process that imports it."""
MOST_CPU = 10
"""A change that lets the tests run for so many times their CPU time, and LEAST_CPU_S, never ends."""
LEAST_CPU_S = 20
STUCK_S = 600
SLOW_S = 30.0
"""Tests that take more CPU time are not used: a rule deserves a quick test."""
Key = tuple[str, int]
"""A function: its qualified name and its first line."""


class Module(NamedTuple):
    name: str
    path: Path
    tests: tuple[str, ...]
    root: Path
    """Where pytest runs."""
    slow: tuple[str, ...]
    """Tests that are left out."""
    scratch: Path
    """An empty folder: what the tests print, what they call and how long they take."""


class Verdicts(NamedTuple):
    tried: int
    survivors: tuple[Change, ...]
    broken: tuple[str, ...]
    """What could not be tried, and why."""


def try_changes(module: Module, wanted: Callable[[str], bool]) -> Verdicts:
    """Try every change whose text is wanted."""
    tree = ast.parse(module.path.read_text())
    tried = [each for each in changes(tree) if wanted(str(each))]
    verdicts = module.scratch / "verdicts.json"
    verdicts.unlink(missing_ok=True)
    said = module.scratch / "output.txt"
    # Examples are the same each time, so that a kill can be repeated; a failing one is not made smaller.
    settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")
    _forked(lambda: _pytest(module, _Session(module, tree, tried, verdicts)), said, STUCK_S * 100)
    if not verdicts.exists():
        return Verdicts(0, (), (f"the tests fail without any change: see {said}",))
    found: list[int] = json.loads(verdicts.read_text())
    durations: dict[str, float] = json.loads((module.scratch / "durations.json").read_text())
    limit = _cpu_limit(durations) + 30  # what the imports take
    for number, change in enumerate(tried):
        if found[number] == AT_IMPORT:
            found[number] = _forked(partial(_anew, module, tree, change, durations), said, limit)
    survivors = tuple(change for change, verdict in zip(tried, found, strict=True) if verdict == SURVIVED)
    broken = tuple(
        f"{change} ended with {verdict}"
        for change, verdict in zip(tried, found, strict=True)
        if verdict not in (SURVIVED, KILLED)
    )
    return Verdicts(len(tried), survivors, broken)


def _cpu_limit(durations: dict[str, float]) -> int:
    return LEAST_CPU_S + int(MOST_CPU * sum(durations.values()))


def _forked(work: Callable[[], int], output: Path, cpu_s: int) -> int:
    """How `work` ends in a child that may use so much CPU time: its result, BROKEN, or minus a signal's number."""
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 10))
            signal.alarm(max(cpu_s, STUCK_S))
            with output.open("a") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            code = work()
        except BaseException:  # noqa: BLE001 - reported as BROKEN
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    ended = os.waitstatus_to_exitcode(status)
    return KILLED if ended == -signal.SIGXCPU else ended


def _pytest(module: Module, plugin: object) -> int:
    # Captured in memory: files would be shared by all forks.
    options = ["-q", "--capture=sys", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "--rootdir", str(module.root)]
    options += [f"--deselect={each}" for each in module.slow]
    return int(pytest.main([*options, *module.tests], plugins=[plugin]))


class _Tests:
    """A plugin that runs tests one by one until one fails."""

    failed = ""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}
        """{test: CPU seconds}"""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = report.nodeid

    def run(self, items: Sequence[pytest.Item]) -> int:
        for item, after in itertools.zip_longest(items, items[1:]):
            begun = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            self.took[item.nodeid] = time.process_time() - begun
            if self.failed:
                return KILLED
        return SURVIVED


class _Session(_Tests):
    """Tries the changes inside functions, in forks of the process that collected the tests."""

    def __init__(self, module: Module, tree: ast.Module, tried: Sequence[Change], verdicts: Path) -> None:
        super().__init__()
        self.module, self.tree, self.tried, self.verdicts = module, tree, tried, verdicts
        self.called: set[Key] = set()
        sys.settrace(self._trace)

    def _trace(self, frame: FrameType, _event: str, _argument: Any) -> None:
        code = frame.f_code
        if code.co_filename == str(self.module.path):
            self.called.add(_key(code))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.settrace(None)
        if self.failed:
            return True
        at_import, output = self.called, self.module.scratch / "output.txt"
        if _forked(lambda: self._time(session.items), output, STUCK_S * 10) != SURVIVED:
            return True
        times: dict[str, float] = json.loads((self.module.scratch / "durations.json").read_text())
        items = sorted([item for item in session.items if item.nodeid in times], key=lambda item: times[item.nodeid])
        # In their new order too, or what fails might be the order.
        if _forked(lambda: self._watch(items), output, STUCK_S * 10) != SURVIVED:
            return True
        calls: dict[str, list[list[Any]]] = json.loads((self.module.scratch / "calls.json").read_text())
        gc.unfreeze()  # or the functions would not be found
        functions = _functions(str(self.module.path))
        gc.freeze()
        verdicts = []
        for change in self.tried:
            key = _key_of(change)
            if key is None or key in at_import or key not in functions:
                verdicts.append(AT_IMPORT)
                continue
            covering = [item for item in items if list(key) in calls[item.nodeid]]
            verdicts.append(_forked(partial(self._try, change, functions, covering), output, _cpu_limit(times)))
        self.verdicts.write_text(json.dumps(verdicts))
        return True

    def _time(self, items: Sequence[pytest.Item]) -> int:
        """How long each test takes, without the slow ones."""
        verdict = self.run(items)
        quick = {name: spent for name, spent in self.took.items() if spent < SLOW_S}
        (self.module.scratch / "durations.json").write_text(json.dumps(quick))
        return verdict

    def _watch(self, items: Sequence[pytest.Item]) -> int:
        """Which functions each test calls."""
        calls = {}
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        for item in items:
            self.called = set()
            if self.run([item]) == KILLED:
                return KILLED
            calls[item.nodeid] = sorted(self.called)
        (self.module.scratch / "calls.json").write_text(json.dumps(calls))
        return SURVIVED

    def _try(self, change: Change, functions: dict[Key, list[FunctionType]], covering: Sequence[pytest.Item]) -> int:
        code = _compiled(self.module, changed(self.tree, change))
        for each in _codes(code):
            for function in functions.get(_key(each), ()):
                if len(function.__code__.co_freevars) != len(each.co_freevars):
                    return AT_IMPORT
                function.__code__ = each
        return self.run(covering)


def _compiled(module: Module, tree: ast.Module) -> CodeType:
    code: CodeType = compile(tree, str(module.path), "exec", dont_inherit=True)
    return code


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a module's functions and methods, without the functions inside them."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            is_function = each.co_flags & 0x1  # CO_OPTIMIZED: not a class's body
            yield from [each] if is_function else _codes(each)


def _key(code: CodeType) -> Key:
    return code.co_qualname, code.co_firstlineno


def _key_of(change: Change) -> Key | None:
    if change.function is None:
        return None
    return change.name, min([change.function.lineno, *[each.lineno for each in change.function.decorator_list]])


def _functions(path: str) -> dict[Key, list[FunctionType]]:
    """Every function of this file that is loaded."""
    found: dict[Key, list[FunctionType]] = {}
    for each in gc.get_objects():
        if type(each) is FunctionType and each.__code__.co_filename == path:
            found.setdefault(_key(each.__code__), []).append(each)
    return found


class _Anew(_Tests):
    """Runs the tests in a process that imported the changed module, the fastest first."""

    ended = KILLED

    def __init__(self, durations: dict[str, float]) -> None:
        super().__init__()
        self.durations = durations

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = [item for item in session.items if item.nodeid in self.durations]
        if not self.failed:
            self.ended = self.run(sorted(items, key=lambda item: self.durations[item.nodeid]))
        return True


def _anew(module: Module, tree: ast.Module, change: Change, durations: dict[str, float]) -> int:
    sys.meta_path.insert(0, _Loader(module, _compiled(module, changed(tree, change))))
    plugin = _Anew(durations)
    _pytest(module, plugin)
    return plugin.ended


class _Loader(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads one module from its changed code."""

    def __init__(self, module: Module, code: CodeType) -> None:
        self.module, self.code = module, code

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.module.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code, vars(module))
