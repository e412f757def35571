"""What runs whenever Python starts, whatever a function imports.

(Python's documentation of the module site: lines of .pth files that begin with ``import``, and the
modules sitecustomize and usercustomize.)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, Sequence

from .distributions import Distribution

LONGEST_LINE = 120
"""Characters that are kept of a line of a .pth file."""
MODULES = ("sitecustomize", "usercustomize")


@dataclass(frozen=True)
class Start:
    """A file that runs at the start: its place, the package that it is of ("" for none), its first
    line that runs ("" for a module), and whether that is not all.
    """

    file: str
    package: str
    line: str = ""
    more: bool = False


def read(root: Path, found: Sequence[Distribution]) -> Iterator[Start]:
    """Yield what runs at the start of what is in a target's folder."""
    owners = {file: distribution.name for distribution in found for file in distribution.files}
    for path in sorted(root.glob("*.pth")):
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        run = [line for line in lines if line.startswith(("import ", "import\t"))]
        if run:
            more = bool(run[0][LONGEST_LINE:] or run[1:])
            yield Start(path.name, owners.get(path.name, ""), run[0][:LONGEST_LINE], more)
    for name in MODULES:
        file = next((f for f in (f"{name}.py", f"{name}/__init__.py") if (root / f).is_file()), "")
        if file:
            yield Start(file, owners.get(file, ""))
