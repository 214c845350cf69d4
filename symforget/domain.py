"""Where parameters may lie: intervals with exact rational ends, read from text such as "(0, 1]"."""

# SymPy's annotations give Basic or Expr for what is a number or a symbol at run time.
# pyright: reportInvalidTypeForm=false

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from sympy import Integer, Rational, Symbol, oo
from sympy.core.numbers import Infinity, NegativeInfinity

from symforget.errors import InputError

End = Rational | Infinity | NegativeInfinity

_INTERVAL = re.compile(r"([(\[])([^,()\[\]]+),([^,()\[\]]+)([)\]])")
_MOST_DIGITS = 1100
_NUMBER = re.compile(rf"[+-]?(\d{{1,{_MOST_DIGITS}}}(\.\d{{0,40}})?|\.\d{{1,40}})([eE][+-]?\d{{1,3}})?")


@dataclass(frozen=True)
class Interval:
    """The reals between two ends, each an exact rational or an infinity; infinite ends are open.

    Raises:
        InputError: the ends are in the wrong order, or no number lies between them.
    """

    lower: End
    upper: End
    lower_open: bool = False
    upper_open: bool = False

    def __post_init__(self) -> None:
        for side, end in (("lower", self.lower), ("upper", self.upper)):
            if not isinstance(end, Rational | Infinity | NegativeInfinity):
                raise InputError(f"interval: the {side} end {end} is neither a rational number nor oo")
            if end in (oo, -oo):
                object.__setattr__(self, f"{side}_open", True)
        if self.lower > self.upper or (
            self.lower == self.upper and (self.lower_open or self.upper_open or self.lower in (oo, -oo))
        ):
            raise InputError(f"interval {self}: no number lies in it")

    @classmethod
    def parse(cls, text: str) -> "Interval":
        """Read `"(0, 1)"`, `"[1/2, oo)"`, `"(-oo, 3.5]"`; decimals are taken exactly."""
        match = _INTERVAL.fullmatch(text.strip())
        if match is None:
            raise InputError(f'interval "{_shortened(text)}": write it as "(0, 1]" or "[1/2, oo)"')
        left, lower, upper, right = match.groups()
        ends = (_parse_end(lower, text), _parse_end(upper, text))
        for bracket, end in ((left, ends[0]), (right, ends[1])):
            if bracket in "[]" and end in (oo, -oo):
                raise InputError(f'interval "{_shortened(text)}": an infinite end takes a round bracket')
        return cls(*ends, left == "(", right == ")")

    @property
    def is_compact(self) -> bool:
        """Whether both ends belong to the interval."""
        return not (self.lower_open or self.upper_open)

    def contains(self, value: Rational) -> bool:
        """Whether the exact rational `value` lies in the interval."""
        low, high = self._ends
        number = Fraction(int(value.p), int(value.q))
        above = number > low or (number == low and not self.lower_open)
        return above and (number < high or (number == high and not self.upper_open))

    @cached_property
    def _ends(self) -> tuple[Fraction | float, Fraction | float]:
        """Both ends as Python's numbers, which compare many times faster than SymPy's."""
        low, high = (float(e) if e in (oo, -oo) else Fraction(int(e.p), int(e.q)) for e in (self.lower, self.upper))
        return low, high

    def __str__(self) -> str:
        left = "(" if self.lower_open else "["
        right = ")" if self.upper_open else "]"
        return f"{left}{self.lower}, {self.upper}{right}"


Domain = Mapping[Symbol, Interval]


def contradicted(symbol: Symbol, interval: Interval) -> str:
    """What SymPy would take the symbol to be, in words, where its interval allows more; rules use both."""
    low, high = interval.lower, interval.upper
    if symbol.is_positive and (low < 0 or (low == 0 and not interval.lower_open)):
        return "positive"
    if symbol.is_negative and (high > 0 or (high == 0 and not interval.upper_open)):
        return "negative"
    if symbol.is_nonnegative and low < 0:
        return "nonnegative"
    if symbol.is_nonpositive and high > 0:
        return "nonpositive"
    if symbol.is_nonzero and interval.contains(Integer(0)):
        return "not zero"
    return some_numbers_only(symbol)


def some_numbers_only(symbol: Symbol) -> str:
    """What it is declared to be, in words, where that leaves numbers out of every interval."""
    kinds = {
        "an integer": symbol.is_integer,
        "a rational number": symbol.is_rational,
        "an irrational number": symbol.is_irrational,
        "no integer": symbol.is_noninteger,
        "an algebraic number": symbol.is_algebraic,
        "a transcendental number": symbol.is_transcendental,
        "not real": symbol.is_real is False,
    }
    return next((words for words, declared in kinds.items() if declared), "")


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _parse_end(text: str, whole: str) -> End:
    text = text.strip()
    if text.lstrip("+-") == "oo" and len(text) <= 3:
        return -oo if text.startswith("-") else oo
    numerator, slash, denominator = text.partition("/")
    parts = [numerator.strip(), denominator.strip()] if slash else [text]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise InputError(f'interval "{_shortened(whole)}": "{_shortened(text)}" is not a number or oo')
    values = [Rational(part) for part in parts]
    if slash and values[1] == 0:
        raise InputError(f'interval "{_shortened(whole)}": "{_shortened(text)}" divides by zero')
    value = values[0] / (values[1] if slash else Integer(1))
    if max(abs(value.p), value.q) >= 10**_MOST_DIGITS:  # an interval must be readable as it is printed
        raise InputError(f'interval "{_shortened(whole)}": an end has more than {_MOST_DIGITS} digits')
    return value
