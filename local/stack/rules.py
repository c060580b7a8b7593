"""Parses and evaluates Storage security rules, because the official runtime is a download that may be unavailable.

This module parses the statements (match, allow, function). A CEL library evaluates the conditions, with overrides for
the three differences between rules and CEL: `matches` matches the whole string, values of different types are unequal
instead of an error, and `x is type` exists.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import celpy
import celpy.celparser as celparser
import celpy.celtypes as cel
import celpy.evaluation as evaluation
import re2  # type: ignore[import-untyped]

CALL_DEPTH = 20  # the official limit on nested function calls
METHODS = {
    "read": ("get", "list"),
    "write": ("create", "update", "delete"),
    **{method: (method,) for method in ("get", "list", "create", "update", "delete")},
}
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool, cel.BoolType),
    "string": (cel.StringType,),
    "int": (cel.IntType,),
    "float": (cel.DoubleType,),
    "number": (cel.IntType, cel.DoubleType),
    "list": (cel.ListType,),
    "map": (cel.MapType,),
    "timestamp": (cel.TimestampType,),
    "duration": (cel.DurationType,),
}
STRING = r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""
IS_TYPE = re.compile(rf"(?:\b[A-Za-z_][\w.]*(?:\[(?:{STRING}|\w+)\][\w.]*)*)\s+is\s+({'|'.join(TYPES)})\b|{STRING}")
# `firestore.get(/databases/(default)/documents/users/$(uid))`: CEL has no path literals, so the path becomes a string.
SEGMENT = r"\(default\)|[A-Za-z0-9_-]+|\$\([A-Za-z_][\w.]*\)"
LOOKUP = re.compile(rf"\bfirestore\.(get|exists)\(\s*((?:/(?:{SEGMENT}))+)\s*\)|{STRING}")
LOOK_UP: ContextVar[Callable[[str], cel.MapType | None]] = ContextVar("LOOK_UP", default=lambda _path: None)
"""Reads a Firestore document for the rules under evaluation. None if it does not exist or cannot be read."""


@functools.cache
def environment() -> celpy.Environment:
    """It takes a second, which not every process that imports this module needs to spend."""
    return celpy.Environment()


class RulesSyntaxError(Exception):
    """The rules are malformed at `line`, counted from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


@dataclass(frozen=True)
class Expression:
    tree: Any
    line: int


@dataclass(frozen=True)
class Function:
    name: str
    parameters: tuple[str, ...]
    lets: tuple[tuple[str, Expression], ...]
    result: Expression


@dataclass(frozen=True)
class Block:
    """One `match` block, or the service itself, whose pattern is empty, with its contents."""

    pattern: tuple[str, ...] = ()
    allows: list[tuple[frozenset[str], Expression | None]] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    matches: list[Block] = field(default_factory=list)


class Reader:
    """A cursor over the rules' text. Each `read_…` method advances it past what it parsed."""

    def __init__(self, text: str) -> None:
        # Replace comments with blanks, so that line numbers stay correct.
        blank = rf"({STRING})|//[^\n]*|/\*.*?\*/"
        self.text = re.sub(blank, lambda m: m[1] or re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)
        self.at = 0

    def error(self, message: str) -> RulesSyntaxError:
        return RulesSyntaxError(self.text.count("\n", 0, self.at) + 1, message)

    def take(self, pattern: str) -> re.Match[str] | None:
        self.at += len(self.text[self.at :]) - len(self.text[self.at :].lstrip())
        found = re.compile(pattern).match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def expect(self, pattern: str, what: str) -> re.Match[str]:
        found = self.take(pattern)
        if not found:
            rest = self.text[self.at :].split("\n", 1)[0].strip()[:40]
            raise self.error(f"expected {what}, found {rest!r}" if rest else f"expected {what}, found the end")
        return found

    def read_expression(self) -> Expression:
        self.take("")
        end = re.compile(rf"(?:{STRING}|[^;'\"{{}}])*").match(self.text, self.at)
        assert end is not None
        source, line = end[0], self.text.count("\n", 0, self.at) + 1
        if not source.strip():
            raise self.error("expected a condition")
        try:
            tree = environment().compile(IS_TYPE.sub(_call_of_is, LOOKUP.sub(_call_of_lookup, source)))
        except celparser.CELParseError as error:
            raise RulesSyntaxError(line + max((error.line or 1) - 1, 0), f"cannot read {source.strip()!r}") from error
        self.at = end.end()
        self.expect(";", "';'")
        return Expression(tree, line)

    def read_function(self) -> Function:
        name = self.expect(r"[A-Za-z_]\w*", "a function name")[0]
        listed = self.expect(r"\(([\w\s,]*)\)\s*\{", "the parameters and '{'")[1]
        parameters = tuple(parameter.strip() for parameter in listed.split(",") if parameter.strip())
        lets = []
        while let := self.take(r"let\s+([A-Za-z_]\w*)\s*=(?!=)"):
            lets.append((let[1], self.read_expression()))
        self.expect(r"return\b", "'return'")
        result = self.read_expression()
        self.expect(r"\}", "'}'")
        return Function(name, parameters, tuple(lets), result)

    def read_allow(self) -> tuple[frozenset[str], Expression | None]:
        names = [name.strip() for name in self.expect(r"\w+(?:\s*,\s*\w+)*", "read, write, …")[0].split(",")]
        for name in names:
            if name not in METHODS:
                raise self.error(f"unknown method {name!r}")
        methods = frozenset(method for name in names for method in METHODS[name])
        if not self.take(r":\s*if\b"):
            self.expect(";", "': if …' or ';'")
            return methods, None
        return methods, self.read_expression()

    def read_block(self, block: Block) -> Block:
        while not self.take(r"\}"):
            if self.take(r"match\b"):
                path = self.expect(r"(?:/(?:\{\w+(?:=\*\*)?\}|[^\s{}/;]+))+", "a path")[0]
                self.expect(r"\{", "'{'")
                block.matches.append(self.read_block(Block(tuple(path.strip("/").split("/")))))
            elif self.take(r"function\b"):
                function = self.read_function()
                block.functions[function.name] = function
            elif self.take(r"allow\b"):
                block.allows.append(self.read_allow())
            else:
                self.expect(r"\}", "match, allow, function or '}'")
        return block


def _call_of_is(found: re.Match[str]) -> str:
    return f"is_type({found[0].rsplit(' is ', 1)[0].strip()}, '{found[1]}')" if found[1] else found[0]


def _call_of_lookup(found: re.Match[str]) -> str:
    if not found[1]:
        return found[0]
    # The replacement stays on the same lines, so line numbers stay correct.
    parts = re.split(r"\$\(([A-Za-z_][\w.]*)\)", found[2])
    text = " + ".join(part if position % 2 else f"'{part}'" for position, part in enumerate(parts))
    return f"firestore_{found[1]}({text})"


def _firestore_get(path: Any) -> Any:
    document = LOOK_UP.get()(str(path))
    if document is None:
        raise evaluation.CELEvalError("no such document")
    return cel.MapType({cel.StringType("data"): document})


def _equal(left: Any, right: Any) -> cel.BoolType:
    number = (cel.IntType, cel.DoubleType)
    alike = type(left) is type(right) or (isinstance(left, number) and isinstance(right, number))
    return cel.BoolType(alike and bool(left == right))


def _comparison(compare: Callable[[float, float], bool], name: str) -> Callable[[Any, Any], Any]:
    usual = evaluation.base_functions[name]

    def compared(left: Any, right: Any) -> Any:
        if {type(left), type(right)} == {cel.IntType, cel.DoubleType}:
            return cel.BoolType(compare(float(left), float(right)))
        return usual(left, right)

    return compared


def _matches(text: Any, pattern: Any) -> cel.BoolType:
    return cel.BoolType(re2.fullmatch(str(pattern), str(text)) is not None)


def _get(mapping: Any, key: Any, default: Any) -> Any:
    return mapping.get(key, default)


def _split(text: Any, pattern: Any) -> cel.ListType:
    return cel.ListType([cel.StringType(part) for part in re2.split(str(pattern), str(text))])


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which returns any error that the library passes as an argument.

    Without this, `request.auth.uid != x` would be true for a caller without a uid.
    """

    def called(*arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, evaluation.CELEvalError):
                return argument
        try:
            return function(*arguments)
        except evaluation.CELEvalError as error:
            return error

    return called


OVERRIDES: dict[str, Callable[..., Any]] = {
    "_==_": _equal,
    "_!=_": lambda left, right: cel.BoolType(not _equal(left, right)),
    "_<_": _comparison(lambda left, right: left < right, "_<_"),
    "_<=_": _comparison(lambda left, right: left <= right, "_<=_"),
    "_>_": _comparison(lambda left, right: left > right, "_>_"),
    "_>=_": _comparison(lambda left, right: left >= right, "_>=_"),
    "is_type": lambda value, name: cel.BoolType(isinstance(value, TYPES[str(name)])),
    "matches": _matches,
    "split": _split,
    "lower": lambda text: cel.StringType(text.lower()),
    "upper": lambda text: cel.StringType(text.upper()),
    "trim": lambda text: cel.StringType(text.strip()),
    "get": _get,
    "firestore_get": _firestore_get,
    "firestore_exists": lambda path: cel.BoolType(LOOK_UP.get()(str(path)) is not None),
    "keys": lambda mapping: cel.ListType(list(mapping.keys())),
    "values": lambda mapping: cel.ListType(list(mapping.values())),
    "hasAny": lambda items, wanted: cel.BoolType(any(item in items for item in wanted)),
    "hasAll": lambda items, wanted: cel.BoolType(all(item in items for item in wanted)),
    "hasOnly": lambda items, wanted: cel.BoolType(all(item in wanted for item in items)),
}
BUILT_IN = {name: _strict(function) for name, function in OVERRIDES.items()}


@dataclass
class Ruleset:
    version: int
    root: Block

    @classmethod
    def parse(cls, text: str) -> Ruleset:
        """Parse and check the rules in `text`. RulesSyntaxError names the line."""
        reader = Reader(text)
        version = reader.take(r"rules_version\s*=\s*['\"]([12])['\"]\s*;?")
        reader.expect(r"service\s+firebase\.storage\s*\{", "service firebase.storage {")
        root = reader.read_block(Block())
        if reader.take(r"\S"):
            raise reader.error("nothing may follow the service")
        _check_calls(root, {})
        return cls(int(version[1]) if version else 1, root)

    def permits(self, method: str, path: str, variables: Mapping[str, Any]) -> bool:
        """Whether an `allow` that matches `path` grants `method`. A condition that fails to evaluate grants nothing."""
        segments = [segment for segment in path.split("/") if segment]
        return self._grants(self.root, segments, method, dict(variables), {})

    def _grants(
        self, block: Block, segments: list[str], method: str, known: dict[str, Any], outer: dict[str, Function]
    ) -> bool:
        functions = {**outer, **block.functions}
        for bound, rest in self._bindings(block.pattern, segments):
            scope = {**known, **bound}
            if not rest:
                for methods, condition in block.allows:
                    if method in methods and (condition is None or _holds(condition, scope, functions)):
                        return True
            if any(self._grants(inner, rest, method, scope, functions) for inner in block.matches):
                return True
        return False

    def _bindings(self, pattern: tuple[str, ...], segments: list[str]) -> Iterator[tuple[dict[str, Any], list[str]]]:
        """Every match of `pattern` with the beginning of `segments`, as (bound variables, remaining segments)."""
        if not pattern:
            yield {}, segments
            return
        first, rest = pattern[0], pattern[1:]
        if first.endswith("=**}"):
            least = 0 if self.version == 2 else 1
            for taken in range(least, len(segments) + 1):
                value = cel.StringType("/".join(segments[:taken]))
                for bound, left in self._bindings(rest, segments[taken:]):
                    yield {first[1:-4]: value, **bound}, left
        elif segments and (first.startswith("{") or first == segments[0]):
            named = {first[1:-1]: cel.StringType(segments[0])} if first.startswith("{") else {}
            for bound, left in self._bindings(rest, segments[1:]):
                yield {**named, **bound}, left


def _holds(condition: Expression, scope: Mapping[str, Any], functions: Mapping[str, Function]) -> bool:
    try:
        answer = _evaluate(condition, scope, scope, functions, 0)
        return isinstance(answer, bool | cel.BoolType) and bool(answer)
    except evaluation.CELEvalError:
        return False


def _evaluate(
    expression: Expression,
    names: Mapping[str, Any],
    scope: Mapping[str, Any],
    functions: Mapping[str, Function],
    depth: int,
) -> Any:
    """`names`: the variables of this expression. `scope`: the variables of every function beside its parameters."""

    def caller(function: Function) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if depth >= CALL_DEPTH or len(arguments) != len(function.parameters):
                raise evaluation.CELEvalError(f"cannot call {function.name}")
            local = {**scope, **dict(zip(function.parameters, arguments, strict=True))}
            for name, value in function.lets:
                local[name] = _evaluate(value, local, scope, functions, depth + 1)
            return _evaluate(function.result, local, scope, functions, depth + 1)

        return call

    callable_by_name = {**BUILT_IN, **{name: _strict(caller(function)) for name, function in functions.items()}}
    program = environment().program(expression.tree, functions=callable_by_name)
    return program.evaluate(dict(names))


def _check_calls(block: Block, outer: Mapping[str, Function]) -> None:
    """Reject calls of undefined functions; in a request they would look like a denial. RulesSyntaxError."""
    functions = {**outer, **block.functions}
    expressions = [condition for _, condition in block.allows if condition is not None]
    for function in block.functions.values():
        expressions += [value for _, value in function.lets] + [function.result]
    for expression in expressions:
        for ident in expression.tree.find_data("ident"):
            if str(ident.children[0]) == "firestore":
                raise RulesSyntaxError(
                    expression.line, "this runtime cannot read Firestore so: get or exists of a path"
                )
        for kind in ("ident_arg", "dot_ident_arg", "member_dot_arg"):
            for call in expression.tree.find_data(kind):
                name = str(next(token for token in call.children if getattr(token, "type", "") == "IDENT"))
                if name not in functions and name not in BUILT_IN and name not in evaluation.base_functions:
                    raise RulesSyntaxError(expression.line, f"unknown function {name!r}")
    for inner in block.matches:
        _check_calls(inner, functions)
