"""The expression language: what may be written in a claim, and the SymPy tree it stands for.

The text is read by a whitelist over Python's `ast`; nothing in it is ever run. The tree is built with
`evaluate=False` throughout, except that arithmetic between rational numbers is carried out exactly within
a bound on their size. So reading a text takes time linear in its length whatever it says
(`gamma(10**9)` or `exp(10**9*log(2))` cost nothing here), and a claim is kept as its author wrote it:
`1 < 2` stays a relation. `trees.evaluated` gives SymPy's automatic form, for use under a time limit.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sympy
from sympy.core.relational import Relational

from symforget.errors import InputError
from symforget.sourcetext import MAX_DEPTH, MAX_NAME, SourceText, described

MAX_LITERAL_DIGITS = 400
MAX_DECIMAL_EXPONENT = 1000
MAX_BITS = 4096
MAX_EXPONENT = 10_000
MAX_DERIVATIVE_ORDER = 8


@dataclass(frozen=True)
class FunctionName:
    """A function of the language: how many arguments it takes, and where its SymPy counterpart lives.

    `most` is None where any number of arguments from `least` on is accepted.
    """

    module: str
    attribute: str
    least: int
    most: int | None

    def load(self) -> Callable[..., Any]:
        """Import the SymPy class, only when a text uses it."""
        return getattr(importlib.import_module(self.module), self.attribute)


def _family(module: str, arities: Mapping[str, int]) -> dict[str, FunctionName]:
    return {name: FunctionName(module, name, arity, arity) for name, arity in arities.items()}


_ELEMENTARY = ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sech", "erf", "Abs", "gamma")

#: Every function a text may call. To teach the language a new quantity, add its line here.
FUNCTIONS: dict[str, FunctionName] = {
    **_family("sympy", dict.fromkeys(_ELEMENTARY, 1)),
    "sqrt": FunctionName("sympy", "sqrt", 1, 1),
    "Min": FunctionName("sympy", "Min", 1, None),
    "Max": FunctionName("sympy", "Max", 1, None),
    **_family("symforget.functions", {"Phi": 1}),
    **_family(
        "symforget.gate.symbolic",
        {
            "gate": 2,
            "gate_s": 2,
            "gate_s_derivative": 3,
            "misassignment_old": 2,
            "misassignment_new": 2,
            "information": 2,
        },
    ),
    **_family(
        "symforget.model",
        {"bhattacharyya": 1, "total_variation": 1, "chi_square": 1, "forward_kl": 2, "reverse_kl": 3},
    ),
    **_family(
        "symforget.fisher",
        {"fisher_smallest_eigenvalue": 2, "fisher_largest_eigenvalue": 2, "fisher_condition_number": 2},
    ),
    **_family("symforget.objectives.replay", {"starvation_batch": 3}),
    **_family("symforget.objectives.oapl", {"oapl_odds": 3}),
    **_family("symforget.objectives.sdft", {"sdft_slow_rate": 4}),
    **_family("symforget.objectives.ttt_discover", {"critical_anchor": 3}),
    **_family("symforget.tables.quantities", {"retained_odds": 4}),
}

CONSTANTS: dict[str, sympy.Expr] = {"pi": sympy.pi, "E": sympy.E}

#: Forms that bind a name or differentiate; their arguments are read in a special way.
BINDERS = ("normal", "integrate", "limit", "diff")

RESERVED = frozenset(FUNCTIONS) | frozenset(CONSTANTS) | frozenset(BINDERS) | {"oo"}

RELATIONS: dict[type[ast.cmpop], type[Relational]] = {
    ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
    ast.LtE: sympy.Le,
    ast.Lt: sympy.Lt,
    ast.GtE: sympy.Ge,
    ast.Gt: sympy.Gt,
}

_BY_SIGN = {"==": sympy.Eq, "!=": sympy.Ne, "<=": sympy.Le, "<": sympy.Lt, ">=": sympy.Ge, ">": sympy.Gt}


def parse_expression(text: str, symbols: Mapping[str, sympy.Symbol]) -> sympy.Expr:
    """Read one expression over the given symbols; the tree is not evaluated.

    Raises InputError, whose text starts with the column, for anything outside the language or beyond its
    limits of size.
    """
    source = SourceText(text)
    node = source.tree()
    if isinstance(node, ast.Compare):
        raise source.error(node, "an expression is wanted here, not a relation")
    return _Reader(source, symbols).expression(node)


def parse_statement(text: str, symbols: Mapping[str, sympy.Symbol]) -> Relational:
    """Read two expressions joined by one of == != <= < >= >; neither they nor the relation are evaluated.

    Raises InputError as `parse_expression` does.
    """
    source = SourceText(text)
    node = source.tree()
    if not isinstance(node, ast.Compare):
        raise InputError("a statement needs two expressions joined by one of == != <= < >= >")
    if len(node.ops) != 1:
        raise source.error(node.comparators[1], "one relation at a time: write a chain as several claims")
    reader = _Reader(source, symbols)
    left, right = reader.expression(node.left), reader.expression(node.comparators[0])
    return cast(Relational, RELATIONS[type(node.ops[0])](left, right, evaluate=False))


def relate(left: sympy.Expr, sign: str, right: sympy.Expr) -> Relational:
    """The unevaluated relation between two expressions; `sign` is one of == != <= < >= >."""
    return cast(Relational, _BY_SIGN[sign](left, right, evaluate=False))


def check_symbol_name(name: str) -> None:
    """Raise InputError unless `name` may be declared as a symbol."""
    if len(name) > MAX_NAME:
        raise InputError(f"the name {name[:20]}... is longer than {MAX_NAME} characters")
    for position, character in enumerate(name, start=1):
        if ord(character) > 127:
            raise InputError(f"character {position} of a symbol's name is {described(character)}")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", name):
        raise InputError(f"{name!r} is not a name: letters, digits and _ only, not starting with a digit")
    if keyword.iskeyword(name):
        raise InputError(f"{name!r} is a reserved word; call the symbol {name[:3]}_ or the like")
    if name in RESERVED:
        raise InputError(f"{name!r} already means something in the language; call the symbol otherwise")


class _Reader:
    """Walks the whitelisted nodes of one text. `scope` maps each name in sight to its symbol."""

    def __init__(self, source: SourceText, symbols: Mapping[str, sympy.Symbol]) -> None:
        self.source = source
        self.scope = dict(symbols)
        self.depth = 0

    def expression(self, node: ast.expr) -> sympy.Expr:
        if self.depth >= MAX_DEPTH:
            raise self.source.error(node, f"the expression is nested more than {MAX_DEPTH} deep")
        self.depth += 1
        try:
            return self._dispatch(node)
        finally:
            self.depth -= 1

    def _dispatch(self, node: ast.expr) -> sympy.Expr:
        match node:
            case ast.Constant():
                return self._number(node)
            case ast.Name():
                return self._name(node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._signed(node)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._sum(node)
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return self._product(node)
            case ast.BinOp(op=ast.Pow()):
                return self._power(node)
            case ast.Call():
                return self._call(node)
            case ast.Compare():
                raise self.source.error(node, "a relation may not stand inside an expression")
        raise self.source.error(node, "this is not part of the language")

    def _number(self, node: ast.Constant) -> sympy.Expr:
        text = self.source.segment(node)
        match = re.fullmatch(r"(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?", text)
        if match is None or isinstance(node.value, str | bytes):
            raise self.source.error(node, f"{text!r} is not a number")
        if len(match[1]) + len(match[2]) > MAX_LITERAL_DIGITS:
            raise self.source.error(node, f"a number has more than {MAX_LITERAL_DIGITS} digits")
        if match[3] and (len(match[3]) > 6 or abs(int(match[3])) > MAX_DECIMAL_EXPONENT):
            raise self.source.error(node, f"a decimal exponent is beyond {MAX_DECIMAL_EXPONENT}")
        scale = int(match[3] or 0) - len(match[2])
        return sympy.Rational(int(match[1] + match[2])) * sympy.Integer(10) ** scale

    def _name(self, node: ast.Name) -> sympy.Expr:
        name = node.id
        if name in self.scope:
            return self.scope[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name == "oo":
            raise self.source.error(node, "oo may only be an end of integrate or the point of limit")
        if name in RESERVED:
            raise self.source.error(node, f"{name} is a function: it needs its arguments in brackets")
        raise self.source.error(node, f"unknown name {name!r}{self._suggestion(name)}")

    def _suggestion(self, name: str) -> str:
        near = difflib.get_close_matches(name, [*self.scope, *sorted(RESERVED)], n=1)
        return f"; did you mean {near[0]}?" if near else "; declare it under [symbols]"

    def _signed(self, node: ast.UnaryOp) -> sympy.Expr:
        value = self.expression(node.operand)
        return value if isinstance(node.op, ast.UAdd) else _negative(value)

    def _sum(self, node: ast.BinOp) -> sympy.Expr:
        """Read a left-leaning chain of + and - in a loop, so that long sums do not count as depth."""
        terms: list[sympy.Expr] = []
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Add | ast.Sub):
            term = self.expression(current.right)
            terms.append(term if isinstance(current.op, ast.Add) else _negative(term))
            current = current.left
        terms.append(self.expression(current))
        terms.reverse()
        return self._folded(node, sympy.Add, terms)

    def _product(self, node: ast.BinOp) -> sympy.Expr:
        factors: list[sympy.Expr] = []
        current: ast.expr = node
        while isinstance(current, ast.BinOp) and isinstance(current.op, ast.Mult | ast.Div):
            factor = self.expression(current.right)
            if isinstance(current.op, ast.Div):
                factor = self._raised(current.right, factor, sympy.Integer(-1))
            factors.append(factor)
            current = current.left
        factors.append(self.expression(current))
        factors.reverse()
        return self._folded(node, sympy.Mul, factors)

    def _folded(self, node: ast.expr, operation: type, parts: Sequence[sympy.Expr]) -> sympy.Expr:
        """Combine the rational parts exactly, keep the others as they stand."""
        numbers = [part for part in parts if isinstance(part, sympy.Rational)]
        others = [part for part in parts if not isinstance(part, sympy.Rational)]
        number = operation.identity
        for part in numbers:
            number = self._bounded(node, operation(number, part))
        if not others:
            return number
        if number != operation.identity:
            position = 0 if operation is sympy.Mul or isinstance(parts[0], sympy.Rational) else len(others)
            others.insert(position, number)
        return others[0] if len(others) == 1 else operation(*others, evaluate=False)

    def _bounded(self, node: ast.expr, value: sympy.Rational) -> sympy.Rational:
        if _bits(value) > MAX_BITS:
            raise self.source.error(node, f"a number here has more than {MAX_BITS} bits")
        return value

    def _power(self, node: ast.BinOp) -> sympy.Expr:
        return self._raised(node, self.expression(node.left), self.expression(node.right))

    def _raised(self, node: ast.expr, base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
        if isinstance(exponent, sympy.Rational) and abs(exponent) > MAX_EXPONENT:
            raise self.source.error(node, f"an exponent is beyond {MAX_EXPONENT}")
        if base == 0 and isinstance(exponent, sympy.Rational) and exponent <= 0:
            what = "division by zero" if exponent < 0 else "0**0 has no agreed value"
            raise self.source.error(node, what)
        if isinstance(base, sympy.Rational) and isinstance(exponent, sympy.Integer):
            if base not in (0, 1, -1) and _bits(base) * abs(int(exponent)) > MAX_BITS:
                raise self.source.error(node, f"this power has more than {MAX_BITS} bits")
            return base**exponent
        return sympy.Pow(base, exponent, evaluate=False)

    def _call(self, node: ast.Call) -> sympy.Expr:
        if not isinstance(node.func, ast.Name):
            raise self.source.error(node, "only a named function can be called")
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.source.error(argument, "this is not part of the language")
        if node.keywords:
            raise self.source.error(node.keywords[0].value, "arguments have no names")
        name = node.func.id
        if name in BINDERS:
            return getattr(self, f"_{name}")(node)
        if name in self.scope or name in CONSTANTS or name == "oo":
            raise self.source.error(node, f"{name} is not a function; is a * missing?")
        if name not in FUNCTIONS:
            near = difflib.get_close_matches(name, [*FUNCTIONS, *BINDERS], n=1)
            raise self.source.error(node, f"unknown function {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
        return self._function(node, name)

    def _function(self, node: ast.Call, name: str) -> sympy.Expr:
        entry = FUNCTIONS[name]
        count = len(node.args)
        if count < entry.least or (entry.most is not None and count > entry.most):
            wanted = f"{entry.least}" if entry.most == entry.least else f"at least {entry.least}"
            raise self.source.error(node, f"{name} takes {wanted} arguments, {count} given")
        arguments = [self.expression(argument) for argument in node.args]
        if name == "sqrt":
            return sympy.Pow(arguments[0], sympy.Rational(1, 2), evaluate=False)
        function = cast(Any, entry.load())
        if isinstance(function, type) and issubclass(function, sympy.Function | sympy.Min | sympy.Max):
            return cast(sympy.Expr, function(*arguments, evaluate=False))
        return function(*arguments)

    def _arguments(self, node: ast.Call, *counts: int, form: str) -> list[ast.expr]:
        if len(node.args) not in counts:
            raise self.source.error(node, f"write {form}")
        return node.args

    def _bound(self, node: ast.expr, form: str) -> str:
        """The name a form binds; it may not already mean anything, so that no text is ambiguous."""
        if not isinstance(node, ast.Name):
            raise self.source.error(node, f"a bare name is wanted here: {form}")
        if node.id in RESERVED:
            raise self.source.error(node, f"{node.id!r} already means something in the language")
        if node.id in self.scope:
            raise self.source.error(node, f"{node.id!r} is already in use; bind another name")
        return node.id

    def _inside(self, node: ast.expr, name: str) -> tuple[sympy.Expr, sympy.Symbol]:
        symbol = sympy.Symbol(name, real=True)
        self.scope[name] = symbol
        try:
            return self.expression(node), symbol
        finally:
            del self.scope[name]

    def _end(self, node: ast.expr) -> sympy.Expr:
        """An end of integration or the point of a limit: an expression, oo or -oo."""
        match node:
            case ast.Name(id="oo"):
                return sympy.oo
            case ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="oo")):
                return sympy.S.NegativeInfinity
        return self.expression(node)

    def _normal(self, node: ast.Call) -> sympy.Expr:
        form = "normal(expression, z)"
        body, bound = self._arguments(node, 2, form=form)
        integrand, symbol = self._inside(body, self._bound(bound, form))
        from symforget.functions import normal

        # normal(...) itself would rename the bound variable by substitution, which evaluates the body.
        return sympy.Expr.__new__(normal, sympy.Lambda(symbol, integrand))

    def _integrate(self, node: ast.Call) -> sympy.Expr:
        form = "integrate(expression, x, a, b)"
        body, bound, lower, upper = self._arguments(node, 4, form=form)
        name = self._bound(bound, form)
        ends = self._end(lower), self._end(upper)
        integrand, symbol = self._inside(body, name)
        return sympy.Integral(integrand, (symbol, *ends))

    def _limit(self, node: ast.Call) -> sympy.Expr:
        form = "limit(expression, x, point)"
        body, bound, point = self._arguments(node, 3, form=form)
        name = self._bound(bound, form)
        target: Any = self._end(point)
        inside, symbol = self._inside(body, name)
        direction = "+-" if target not in (sympy.oo, -sympy.oo) else "+"
        return sympy.Limit(inside, symbol, target, dir=direction)

    def _diff(self, node: ast.Call) -> sympy.Expr:
        form = "diff(expression, x) or diff(expression, x, n)"
        body, variable, *order = self._arguments(node, 2, 3, form=form)
        if not isinstance(variable, ast.Name) or variable.id not in self.scope:
            raise self.source.error(variable, f"a symbol in use is wanted here: {form}")
        count = self.expression(order[0]) if order else sympy.Integer(1)
        if not isinstance(count, sympy.Integer) or not 1 <= count <= MAX_DERIVATIVE_ORDER:
            raise self.source.error(node, f"the order of diff must be from 1 to {MAX_DERIVATIVE_ORDER}")
        return sympy.Derivative(self.expression(body), (self.scope[variable.id], count), evaluate=False)


def _negative(value: sympy.Expr) -> sympy.Expr:
    if isinstance(value, sympy.Rational):
        return -value
    return sympy.Mul(sympy.Integer(-1), value, evaluate=False)


def _bits(value: sympy.Rational) -> int:
    return max(int(value.p).bit_length(), int(value.q).bit_length())
