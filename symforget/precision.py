"""How the working precision of FLINT, global to the process, is set and restored."""

from collections.abc import Iterator
from contextlib import contextmanager

from flint import ctx


@contextmanager
def workprec(bits: int) -> Iterator[None]:
    """Work at `bits` bits inside the `with` statement; restore the precision on every way out."""
    previous = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = previous
