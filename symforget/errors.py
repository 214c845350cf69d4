"""The errors symforget raises on purpose; the command line prints each as one line."""


class SymforgetError(Exception):
    """Base of every deliberate error. Its text names what went wrong, where, and what to do."""


class InputError(SymforgetError):
    """Malformed input: an unknown ID, a bad expression, an unreadable file. Exit code 4."""


class PrecisionNotReached(SymforgetError):
    """A certified evaluation could not reach the digits asked for within its work limit."""


class BeyondDecimals(PrecisionNotReached):
    """A number is known, but too large or too small to be written out."""


class LemmaUnavailable(SymforgetError):
    """A derivation uses a claim whose file could not be read."""


class TimeLimit(SymforgetError):
    """A computation was stopped because its time limit had passed."""
