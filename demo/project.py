"""The demo's project: a copy of this one, so that editing a source file harms nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from builder.errors import LayerError
from builder.spec.layers_toml import load_config
from demo.machine import this_architecture, this_python

REPOSITORY = Path(__file__).resolve().parent.parent
COPIED = ("main.py", "layers.toml", "cdktf.json", "examples")
EDITED = Path("examples/receipts/src/receipts/__init__.py")
PATIENCE = 600.0
"""Seconds that a synthesis may take: a hundred times what it takes."""


@dataclass(frozen=True)
class Project:
    """A folder with layers.toml, main.py and the sources of two layers."""

    folder: Path

    @property
    def app(self) -> str:
        """The application's name."""
        return load_config(self.folder / "layers.toml").app.name

    @property
    def synthesized(self) -> Path:
        """Where the Terraform JSON of the only stack is."""
        (stack,) = (self.folder / "cdktf.out" / "stacks").iterdir()
        return stack

    def synthesize(self, environment: Mapping[str, str]) -> None:
        """Write the Terraform JSON: python main.py, with the function that proves the layers."""
        done = subprocess.run(
            [sys.executable, "main.py", "--proof"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode != 0:
            raise LayerError(
                "python main.py failed",
                where=str(self.folder),
                expected="Terraform JSON in cdktf.out",
                fix=(done.stderr or done.stdout).strip()[-2000:],
            )

    def edit(self) -> str:
        """Change one source file of the receipts package; return the path and what is new in it."""
        file = self.folder / EDITED
        text = file.read_text(encoding="utf-8")
        changed = re.sub(r'__version__ = "[^"]+"', '__version__ = "2.0.0"', text, count=1)
        if changed == text:
            raise LayerError("the example has no version to edit", where=str(file))
        file.write_text(changed, encoding="utf-8")
        return EDITED.as_posix()


def make_project(folder: Path) -> Project:
    """Copy the project, with this machine's Python and architecture as the layers' target.

    The embedded Lambda runs functions in this interpreter; that is the only reason to build for
    what this machine happens to be.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in COPIED:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, folder / name)
    _retarget(folder / "layers.toml")
    return Project(folder)


def _retarget(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    text = re.sub(r"(?m)^python = .*$", f"python = {json.dumps([this_python()])}", text)
    text = re.sub(r"(?m)^architecture = .*$", f'architecture = "{this_architecture()}"', text)
    file.write_text(text, encoding="utf-8")
