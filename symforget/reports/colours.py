"""Which colour repeats which verdict; no colour says anything that the words do not."""

from symforget.claims import Verdict

STYLES = {
    Verdict.PROVED: "green",
    Verdict.CERTIFIED: "green",
    Verdict.SUPPORTED: "cyan",
    Verdict.UNDECIDED: "yellow",
    Verdict.REFUTED: "bold red",
    Verdict.ERROR: "bold red",
}
