"""What the README and docs/ show is what there is."""

import re
import textwrap
from pathlib import Path

import pytest

from builder.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
}
FENCE = re.compile(r"^([ ]*)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """Return the language and the text of each block of a page."""
    found = FENCE.findall(PAGES[page].read_text(encoding="utf-8"))
    return [(language, textwrap.dedent(text)) for _, language, text in found]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_python_is_python(page: str) -> None:
    for number, (language, text) in enumerate(blocks(page), 1):
        if language == "python":
            compile(text, f"{page}, block {number}", "exec")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_block_is_one_of_ours(page: str) -> None:
    for _language, text in blocks(page):
        for name in re.findall(r"^\s*lambda-layer ([a-z]+)\b", text, re.MULTILINE):
            assert name in COMMANDS, f"{page}: lambda-layer {name}"


def test_pages_have_blocks_of_python() -> None:
    assert sum(language == "python" for page in PAGES for language, _ in blocks(page)) >= 3
