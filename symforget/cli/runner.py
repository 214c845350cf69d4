"""How commands are run: every failure becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, Never

import typer
from typer.core import TyperGroup

from symforget.errors import InputError, SymforgetError

INTERRUPTED, INTERNAL_ERROR, BAD_INPUT, NONE_FOUND = 2, 3, 4, 5
NOT_ESTABLISHED = 1
TRACEBACK_VARIABLE = "SYMFORGET_TRACEBACK"
# The common base of every usage error, whether typer brings its own copy of click or uses the package.
UsageError: Any = typer.BadParameter.__mro__[1]


class CommandGroup(TyperGroup):
    """The group of all commands; a command returns its exit code, or None for 0."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Never:
        """Run one command line and leave with its exit code."""
        sys.exit(self._run(sys.argv[1:] if args is None else list(args), prog_name or "symforget"))

    def _run(self, args: list[str], prog_name: str) -> int:
        _tolerate_narrow_encodings()
        try:
            with self.make_context(prog_name, args) as context:
                code = self.invoke(context) or 0
            sys.stdout.flush()
            return code
        except typer.Exit as leave:
            return leave.exit_code
        except UsageError as error:
            return _fail(_one_line(error.format_message()), BAD_INPUT)
        except InputError as error:
            return _fail(" ".join(str(error).split()), BAD_INPUT)
        except SymforgetError as error:
            return _fail(" ".join(str(error).split()), NOT_ESTABLISHED)
        except (KeyboardInterrupt, typer.Abort):
            return _fail("interrupted", INTERRUPTED)
        except BrokenPipeError:
            _discard_output()
            return 0
        except OSError as error:
            _discard_output()
            return _fail(f"the output cannot be written: {error.strerror or error}", BAD_INPUT)
        except Exception as error:
            return _internal_error(error)


def print_version(wanted: bool) -> None:
    """The callback of ``--version``."""
    if wanted:
        from importlib.metadata import version

        print(f"symforget {version('symforget')}")
        raise typer.Exit(0)


def _fail(message: str, code: int) -> int:
    print(f"symforget: {message}", file=sys.stderr)
    return code


def _one_line(message: str) -> str:
    """A message of the option parser's, which begins with a capital letter, in the style of ours, which do not."""
    text = " ".join(message.split())
    if text[1:2].isupper():
        return text
    return text[:1].lower() + text[1:]


def _internal_error(error: Exception) -> int:
    """One line that says it is our defect; the traceback only for who asks."""
    if os.environ.get(TRACEBACK_VARIABLE):
        traceback.print_exception(error)
    said = " ".join(f"{type(error).__name__}: {error}".split())
    hint = f"this is a defect of symforget; {TRACEBACK_VARIABLE}=1 shows where"
    return _fail(f"internal error: {said} ({hint})", INTERNAL_ERROR)


def _discard_output() -> None:
    """Whoever read our output has left, so the flush at exit must not fail either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _tolerate_narrow_encodings() -> None:
    """A terminal that lacks a character shows ``?`` in its place rather than ending the run; nobody may be there."""
    if sys.stdout is None:  # closed by the shell
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
