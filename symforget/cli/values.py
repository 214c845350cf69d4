"""The command that prints certified values: ``eval``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from symforget.cli import screen
from symforget.cli.options import Digits
from symforget.errors import BeyondDecimals, InputError, PrecisionNotReached, TimeLimit

if TYPE_CHECKING:
    from flint import arb
    from sympy import Expr

SCHEMA = "symforget-value/1"
SECONDS = 60.0
SECONDS_FOR_EXACT = 5.0
# A fraction longer than this is no help to a reader.
LONGEST_FRACTION = 2000


@dataclass(frozen=True)
class Value:
    """A certified value.

    ``decimal``: correctly rounded to ``digits`` significant digits. ``radius``: the enclosure's.
    ``exact``: the value as a fraction, where the expression is a rational number of moderate size.
    """

    expression: str
    digits: int
    decimal: str
    radius: str
    exact: str | None


def evaluate(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help='For example "gate(3/10, 2)".')],
    digits: Digits = 30,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print a value of which every digit is certified."""
    value = certified_value(expression, digits)
    print(_as_json(value) if json else _as_text(value))
    return 0


def certified_value(text: str, digits: int) -> Value:
    """The value of an expression without free symbols.

    Raises:
        InputError: the text is no such expression, or ``digits`` is out of range.
        PrecisionNotReached: the digits could not be certified. TimeLimit: not in time.
    """
    from symforget.language import parse_expression
    from symforget.timelimit import time_limit

    if not 1 <= digits <= 10_000:
        raise InputError(f"--digits must be between 1 and 10000, got {digits}")
    tree = parse_expression(text, {})
    with time_limit(SECONDS, "the evaluation"):
        ball, decimal = _certified_digits(tree, digits)
    return Value(text, digits, decimal, _radius(ball), _exact(tree))


def _certified_digits(tree: Expr, digits: int) -> tuple[arb, str]:
    """Enclosure and digits; a value very near a rounding boundary is enclosed again, more closely.

    A value on a boundary itself would be enclosed more closely for ever, unless the enclosure is exact.
    """
    from symforget.balls import decimal_string, evaluate

    for extra in (0, 20, 200):
        ball = evaluate(tree, {}, digits + extra)
        try:
            return ball, decimal_string(ball, digits)
        except BeyondDecimals:
            raise
        except PrecisionNotReached:
            continue
    raise PrecisionNotReached(
        f"the value lies within 10**-{digits + 200} (relatively) of the boundary between two roundings to "
        f"{digits} digits; ask for another number of digits"
    )


def _radius(ball: arb) -> str:
    """An upper bound of the enclosure's radius, to two digits."""
    if ball.is_exact():
        return "0"
    from symforget.balls import format_decimal, rounded

    return format_decimal(*rounded(ball.rad(), 2, 1))


def _exact(tree: Expr) -> str | None:
    """The fraction, if automatic evaluation shows the expression to be one within seconds."""
    from symforget.timelimit import time_limit
    from symforget.trees import evaluated

    try:
        with time_limit(SECONDS_FOR_EXACT):
            value: Any = evaluated(tree)
    except (TimeLimit, ArithmeticError, ValueError, NotImplementedError):
        return None
    if not value.is_Rational or max(value.p.bit_length(), value.q.bit_length()) > LONGEST_FRACTION * 3:
        return None
    return str(value)


def _as_text(value: Value) -> str:
    from symforget.reports.layout import paragraph

    lines = [value.decimal]
    if value.exact is not None and value.exact != value.decimal:
        lines.append(paragraph(f"= {value.exact} exactly", screen.width()))
    count = "the digit printed is" if value.digits == 1 else f"all {value.digits} significant digits are"
    if value.radius == "0":
        note = "certified: the enclosure is exact, and what is printed is it, correctly rounded"
    else:
        note = f"certified: {count} correctly rounded; the value was enclosed with radius {value.radius}"
    return "\n".join([*lines, paragraph(note, screen.width())])


def _as_json(value: Value) -> str:
    document = {
        "schema": SCHEMA,
        "expression": value.expression,
        "digits": value.digits,
        "value": value.decimal,
        "radius": value.radius,
        "exact": value.exact,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
