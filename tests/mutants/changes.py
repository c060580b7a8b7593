"""The small changes that are tried, found in a module's syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
OTHER = {"min": "max", "max": "min", "any": "all", "all": "any"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Change(NamedTuple):
    """One mutant: `node` is replaced by `other` where the module is compiled."""

    node: ast.AST
    other: ast.AST
    context: ast.AST
    """What is shown of it: the node, or the expression around a number."""
    function: Function | None
    """The outermost function whose body it is in; None for what runs when the module is imported."""
    name: str
    """The function's name with its class."""

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", 0)

    def __str__(self) -> str:
        """Independent of the line's number, so that a reason can be given for it."""
        return f"{self.name}: {_text(self.context)} -> {_text(_with(self.context, self))}"


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


def changes(module: ast.Module) -> list[Change]:
    """Every change of the module, in the order of its lines."""
    found = [
        Change(place.node, other, place.context, place.function, place.name)
        for place in _code(_Place(module, module, None, "module"))
        for other in _others(place.node)
    ]
    return sorted(found, key=lambda change: change.line)


class _Place(NamedTuple):
    node: ast.AST
    context: ast.AST
    function: Function | None
    name: str


def _code(place: _Place) -> Iterator[_Place]:
    """What runs: without annotations, docstrings and what a class is declared with."""
    yield place
    node = place.node
    skipped = {"annotation", "returns", "decorator_list", "keywords"} if not isinstance(node, ast.Call) else set[str]()
    for field, value in ast.iter_fields(node):
        if field not in skipped:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_docstring(child):
                    yield from _code(_below(place, field, child))


def _below(place: _Place, field: str, child: ast.AST) -> _Place:
    node, function, name = place.node, place.function, place.name
    if function is None and isinstance(child, ast.ClassDef | Function):
        name = child.name if name == "module" else f"{name}.{child.name}"
    if function is None and isinstance(node, Function) and field == "body":
        function = node
    whole = isinstance(child, ast.Constant)
    return _Place(child, place.context if whole else child, function, name)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _others(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.Compare(left, ops, comparators):
            for number, op in enumerate(ops):
                flipped = [*ops[:number], COMPARISONS[type(op)](), *ops[number + 1 :]]
                yield ast.Compare(left, flipped, comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC and not _is_text(left):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.If(condition, body, orelse) if not _is_logical(condition):
            yield ast.If(ast.UnaryOp(ast.Not(), condition), body, orelse)
        case ast.IfExp(condition, body, orelse) if not _is_logical(condition):
            yield ast.IfExp(ast.UnaryOp(ast.Not(), condition), body, orelse)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Call(ast.Name(name), arguments, keywords) if name in OTHER:
            yield ast.Call(ast.Name(OTHER[name], ast.Load()), arguments, keywords)
        case ast.Return(value) if value is not None and _text(value) != "None":
            for constant in (True, False) if _is_logical(value) else (None,):
                yield ast.Return(ast.Constant(constant))
        case ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Continue() | ast.Break() | ast.Expr(ast.Call()):
            yield ast.Pass()
        case ast.Assign([ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


def _is_logical(node: ast.AST) -> bool:
    """Whether another change negates it already."""
    return isinstance(node, ast.Compare | ast.BoolOp) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


class _Replaced(ast.NodeTransformer):
    """A copy of what leads to the change; the tree itself stays as it is."""

    def __init__(self, change: Change) -> None:
        self.change = change

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.change.node:
            return ast.copy_location(self.change.other, node)
        copied = type(node)(**{field: _copied(value) for field, value in ast.iter_fields(node)})
        return super().generic_visit(ast.copy_location(copied, node))


def _copied(value: object) -> object:
    return list(value) if isinstance(value, list) else value


def _with(node: ast.AST, change: Change) -> ast.AST:
    return ast.fix_missing_locations(_Replaced(change).visit(node))


def changed(module: ast.Module, change: Change) -> ast.Module:
    """The module with this change of it made."""
    made = _with(module, change)
    assert isinstance(made, ast.Module)
    return made
