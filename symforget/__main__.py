"""The entry point of the command: what an interrupt means from its first moment, before anything heavy is imported."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the ``symforget`` command; Ctrl-C and SIGTERM, as cancelled jobs get it, keep what is done (exit code 2)."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        from symforget.cli import main as run

        run()
    except KeyboardInterrupt:  # before a command ran, or after it
        print("symforget: interrupted", file=sys.stderr)
        sys.exit(2)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
