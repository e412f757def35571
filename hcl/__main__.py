"""Write the module's files, or say which are stale: ``python -m hcl [--check]``."""

from __future__ import annotations

import sys
from pathlib import Path

from hcl.files import files, readme_of

FOLDER = Path(__file__).parents[1] / "terraform"
README = "README.md"
PAGE = FOLDER / README
"""Written by hand but for its tables."""


def main(arguments: list[str]) -> int:
    """Return the exit status."""
    wanted = {**files(), README: readme_of(_read(PAGE))}
    stale = [n for n, text in wanted.items() if _read(FOLDER / n) != text]
    if arguments == ["--check"]:
        for name in stale:
            sys.stderr.write(f"terraform/{name} is stale: run make module\n")
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).parent.mkdir(exist_ok=True, parents=True)
        (FOLDER / name).write_text(wanted[name], "utf-8")
    return 0


def _read(file: Path) -> str:
    return file.read_text("utf-8") if file.is_file() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
