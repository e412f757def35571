"""What README and docs/ show in HCL is HCL, written as `terraform fmt` writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.markdown import PAGES, blocks
from tests.patience import PATIENCE

SHOWN = [
    pytest.param(block.text, id=f"{page} {number}")
    for page in PAGES
    for number, block in enumerate(blocks(page))
    if block.language == "hcl"
]


@pytest.mark.parametrize("text", SHOWN)
def test_it_is_as_terraform_writes_it(text: str, terraform: Path) -> None:
    done = subprocess.run(
        [terraform, "fmt", "-"], input=text, capture_output=True, text=True, timeout=PATIENCE,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == text


def test_there_is_some() -> None:
    assert len(SHOWN) >= 2
