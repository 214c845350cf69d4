"""Put what symforget prints today, and the example derivation file, into README.md.

Run: python docs/make_readme.py (takes as long as `symforget verify`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHOWN = ("overlap/misassignment", "overlap/gate-bounds", "forward_kl/natural-flow", "reverse_kl/force-law")


def verified() -> str:
    """What `symforget verify` prints in a pipe of 100 columns."""
    command = [sys.executable, "-c", "from symforget.cli import main; main()", "verify"]
    done = subprocess.run(
        command, env={**os.environ, "COLUMNS": "100"}, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT
    )
    return done.stdout


def excerpt(printed: str) -> str:
    """Some claims, and everything from the paper's sentences on."""
    claims, _, rest = printed.partition("\nThe paper's sentences")
    blocks = re.split(r"^(?=[a-z]+ +\S+/\S+ )", claims, flags=re.MULTILINE)
    chosen = [block.rstrip() for block in blocks if any(f" {name} " in block for name in SHOWN)]
    return "\n".join([*chosen, "[...]", "", "The paper's sentences" + rest.rstrip()])


def put_in(text: str, name: str, content: str, fence: str) -> str:
    """Replace what stands between the markers of ``name``."""
    pattern = rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)"
    block = f"{fence}\n{content}\n```\n"
    return re.sub(pattern, lambda m: m[1] + block + m[2], text, flags=re.DOTALL)


def main() -> None:
    readme = ROOT / "README.md"
    text = put_in(readme.read_text(), "excerpt", excerpt(verified()), "```text")
    text = put_in(text, "example", (ROOT / "examples" / "kraft.py").read_text().rstrip(), "```python")
    readme.write_text(text)


if __name__ == "__main__":
    main()
