"""The code blocks of the README and of docs/."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
        *(ROOT / name / "README.md" for name in ("examples/ci", "terraform")),
        *sorted(ROOT.glob("docs/*.md")),
    )
}
FENCE = re.compile(r"^([ ]*)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^##+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block: the heading that it stands below, its language and its text."""

    heading: str
    language: str
    text: str

    @property
    def file(self) -> str:
        """The file that the block shows, "" for none: its first line is ``# NAME``."""
        found = re.match(r"# ([\w./-]+\.\w+)\n", self.text)
        return found[1] if found else ""


def blocks(page: str) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = PAGES[page].read_text(encoding="utf-8")
    # What looks like a heading inside of a block is none.
    prose = FENCE.sub(lambda found: " " * len(found[0]), text)
    headings = [(found.start(), found[1]) for found in HEADING.finditer(prose)]
    return [
        Block(
            next((title for start, title in reversed(headings) if start < found.start()), ""),
            found[2],
            textwrap.dedent(found[3]),
        )
        for found in FENCE.finditer(text)
    ]
