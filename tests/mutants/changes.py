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
OTHER = {"min": "max", "max": "min", "any": "all", "all": "any"}
Parent = ast.AST | None


class Change(NamedTuple):
    """One mutant: `node` is replaced by `other` where the module is compiled."""

    node: ast.AST
    other: ast.AST

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", 0)

    def __str__(self) -> str:
        """Independent of the line's number, so that a reason can be given for it."""
        return f"{_text(self.node)} -> {_text(self.other)}"


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())


def changes(module: ast.Module) -> list[Change]:
    """Every change of the module, in the order of its lines."""
    found = [Change(node, other) for node in _code(module) for other in _others(node)]
    return sorted(found, key=lambda change: change.line)


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """What runs: without annotations, docstrings and what a class is declared with."""
    yield node
    skipped = {"annotation", "returns", "decorator_list", "keywords"} if not isinstance(node, ast.Call) else set[str]()
    for field, value in ast.iter_fields(node):
        if field not in skipped:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_docstring(child):
                    yield from _code(child)


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
        case ast.BinOp(left, ast.Add() | ast.Sub() as op, right) if not _is_text(left):
            yield ast.BinOp(left, ast.Sub() if isinstance(op, ast.Add) else ast.Add(), right)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Call(ast.Name(name), arguments, keywords) if name in OTHER:
            yield ast.Call(ast.Name(OTHER[name], ast.Load()), arguments, keywords)
        case ast.Return(value) if value is not None and _text(value) != "None":
            logical = isinstance(value, ast.Compare | ast.BoolOp) or _text(value).startswith("not ")
            for constant in (True, False) if logical else (None,):
                yield ast.Return(ast.Constant(constant))
        case ast.Raise() | ast.AugAssign() | ast.Delete() | ast.Continue() | ast.Break() | ast.Expr(ast.Call()):
            yield ast.Pass()
        case ast.Assign([ast.Subscript() | ast.Attribute()]):
            yield ast.Pass()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


class _Replaced(ast.NodeTransformer):
    def __init__(self, change: Change) -> None:
        self.change = change

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.change.node:
            return ast.copy_location(self.change.other, node)
        return super().visit(node)  # type: ignore[no-any-return]


def changed(source: str, number: int) -> tuple[ast.Module, Change]:
    """The module with its change of this number made, and the change as it was found."""
    module = ast.parse(source)
    change = changes(module)[number]
    made = _Replaced(change).visit(module)
    assert isinstance(made, ast.Module)
    return ast.fix_missing_locations(made), change
