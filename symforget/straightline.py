"""Integrands as straight-line code: what does not depend on the variable of integration is evaluated once.

A quadrature calls its integrand some hundred times with the same parameters. The instructions of a compiled
expression are split into those that follow the last variable and those that do not; the latter are evaluated when the
parameters are given, and the former become one Python function without a loop, so that FLINT does most of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flint import acb

from symforget.operations import (
    Add,
    IntegerPower,
    Multiply,
    Number,
    Operation,
    Unary,
    integer_power,
)

Line = Callable[[acb, bool], acb]
"""f(x, analytic), as `symforget.quadrature` takes it."""

Tape = Sequence[tuple[Operation, tuple[int, ...]]]


class StraightLine:
    """The instructions of an expression of ``count`` variables, its value at ``result``, as code along the last one."""

    def __init__(self, tape: Tape, count: int, result: int) -> None:
        self._count, self._result = count, result
        self._steps = list(enumerate(tape, start=count))
        self._follows = {count - 1}
        for place, (_, arguments) in self._steps:
            if self._follows.intersection(arguments):
                self._follows.add(place)
        self._bound: dict[str, Any] = {"acb": acb, "integer_power": integer_power}
        self._folded: list[tuple[str, Operation, tuple[int, ...]]] = []
        self._make = self._compile() if result in self._follows else None

    def at(self, args: Sequence[Number], analytic: bool) -> Line:
        """The function of the last variable for these values of the others.

        ``analytic``: whether it must be analytic in the parameters too, since they belong to an outer integral.
        """
        values: list[Any] = [*args, None]
        for place, (operation, arguments) in self._steps:
            steady = place not in self._follows
            values.append(operation.value([values[i] for i in arguments], analytic) if steady else None)
        if self._make is None:
            constant = acb(values[self._result])
            return lambda x, inner: constant
        folded = {
            name: operation.value([values[i] for i in arguments], analytic)
            for name, operation, arguments in self._folded
        }
        return self._make(values, folded, analytic)

    def _compile(self) -> Callable[[list[Any], dict[str, Number], bool], Line]:
        """Source of a function that binds the steady values and returns the line; compiled once."""
        body = [f"  {_name(place)} = {self._term(place, *step)}" for place, step in self._moving()]
        needed = sorted({i for _, (_, places) in self._moving() for i in places} - self._follows)
        binding = [f" {_name(i)} = values[{i}]" for i in needed]
        binding += [f" {name} = folded['{name}']" for name, *_ in self._folded]
        source = "\n".join(
            [
                "def make(values, folded, outer):",
                *binding,
                f" def line({_name(self._count - 1)}, inner):",
                "  analytic = inner or outer",
                *body,
                f"  return acb({_name(self._result)})",
                " return line",
            ]
        )
        exec(compile(source, "<straight line>", "exec"), self._bound)  # every name in it is made here
        return self._bound["make"]

    def _moving(self) -> list[tuple[int, tuple[Operation, tuple[int, ...]]]]:
        return [(place, step) for place, step in self._steps if place in self._follows]

    def _term(self, place: int, operation: Operation, arguments: tuple[int, ...]) -> str:
        names = [_name(i) for i in arguments]
        if isinstance(operation, Add | Multiply):
            return (" + " if isinstance(operation, Add) else " * ").join(self._fold(place, operation, arguments))
        if isinstance(operation, IntegerPower):
            return _POWERS.get(operation.n, f"integer_power({{x}}, {operation.n})").format(x=names[0])
        if isinstance(operation, Unary) and operation.rule.method:
            return f"{names[0]}.{operation.rule.method}()"
        self._bound[f"value_{place}"] = operation.value
        return f"value_{place}(({', '.join(names)},), analytic)"

    def _fold(self, place: int, operation: Operation, arguments: tuple[int, ...]) -> list[str]:
        """The arguments, steady ones joined into one."""
        steady = tuple(i for i in arguments if i not in self._follows)
        moving = [_name(i) for i in arguments if i in self._follows]
        if len(steady) < 2:
            return [*(_name(i) for i in steady), *moving]
        self._folded.append((f"folded_{place}", operation, steady))
        return [f"folded_{place}", *moving]


_POWERS = {1: "{x}", 2: "{x} * {x}", -1: "1 / {x}", -2: "1 / ({x} * {x})"}


def _name(place: int) -> str:
    return f"v{place}"
