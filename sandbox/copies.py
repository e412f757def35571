"""A copy of a project, in which Terraform's state is the sandbox's and the targets this machine's.

Nothing is written into the project itself: its state, its lock of providers and what it has
synthesized belong to a real account.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from builder.errors import LayerError
from demo.machine import this_architecture, this_python

LEFT_OUT = {
    ".git", ".hg", ".svn", ".sandbox", ".demo", ".tox", ".nox", "node_modules", "__pycache__",
    ".terraform", ".terraform.lock.hcl", "cdktf.out",
}  # fmt: skip
"""Names that are never copied; and in the copy, names of what the sandbox itself has made."""

OVERRIDE = "sandbox_override.tf"
"""Terraform lays files of such a name over the others (its docs, "Override Files"): this one takes
the place of a backend that only a real account has."""

LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'

REWRITTEN = Path("layers.toml")
"""What :func:`settle` writes; where the project has a link, the copy has a file of its own."""

ELSEWHERE = (
    "backend", "functions", "access_logs", "code_signing", "dead_letter", "kms_key", "notify",
    "permissions_boundary", "roles", "vpc",
)  # fmt: skip
"""Keys that name what only a real account has: a bucket with states, functions, a key, roles."""


def place_of(project: Path, folder: Path) -> Path:
    """Return where the copy of a project is: of its name, apart from others of that name."""
    path = project.resolve()
    return folder / "projects" / f"{zlib.crc32(os.fsencode(path)):08x}" / path.name


def refresh(project: Path, copy: Path) -> None:
    """Make the copy what the project is now; what was made in the copy stays.

    Raise LayerError when a file cannot be copied.
    """
    copy.mkdir(parents=True, exist_ok=True)
    wanted = set(_files(project))
    for old in set(_files(copy)) - wanted:
        (copy / old).unlink()
    for file in wanted:
        target = copy / file
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove(target)
            shutil.copy2(project / file, target, follow_symlinks=file == REWRITTEN)
        except OSError as error:
            raise LayerError(
                f"a file of the project cannot be copied: {error.strerror or error}",
                where=str(project / file),
                expected=f"a file that can be read, and room for it at {target}",
                fix="correct what is named, then run make sandbox again",
            ) from error
    if list(project.glob("*.tf")):
        (copy / OVERRIDE).write_text(LOCAL_STATE, encoding="utf-8")


def forget_states(folder: Path) -> None:
    """Remove Terraform's states, and those of its workspaces, from all copies below a folder."""
    for state in list(folder.glob("projects/**/*.tfstate*")):
        _remove(state)


def _remove(path: Path) -> None:
    """Remove a file, a link or a folder, if it is there; what a link leads to stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """Return the files below a folder that are the project's, relative to it."""
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT or ".tfstate" in path.name or path.name == OVERRIDE:
            continue
        if path.is_dir() and not path.is_symlink():
            if not (path / "pyvenv.cfg").exists():  # a virtual environment
                yield from (Path(path.name, file) for file in _files(path))
        elif path.is_symlink() or path.is_file():
            yield Path(path.name)


def settle(file: Path) -> list[str]:
    """Rewrite the copy's layers.toml for this machine; return what is different, in words.

    The embedded Lambda runs functions in this interpreter: a layer for another version or
    architecture could be built, but not imported.
    """
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    here = {"python": [this_python()], "architecture": this_architecture()}
    layers = document.get("layers", {})
    said = []
    for table in (document.get("app", {}), document.get("defaults", {}), *layers.values()):
        for key, value in here.items():
            if key in table and table[key] != value:
                said.append(f"{key} = {json.dumps(table[key])} is {json.dumps(value)}")
                table[key] = value
        for key in ELSEWHERE:
            if table.pop(key, None) is not None:
                said.append(f"{key} is left out")
    file.write_text(toml(document), encoding="utf-8")
    return sorted(set(said))


def toml(document: Mapping[str, Any]) -> str:
    """Write a document of tables, lists, strings, numbers and booleans as TOML."""
    return "".join(f"{_string(key)} = {_value(value)}\n" for key, value in document.items())


def _string(text: str) -> str:
    # JSON's escapes are TOML's; DEL alone may stand in JSON and not in TOML.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_string(key)} = {_value(found)}" for key, found in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return _string(value) if isinstance(value, str) else json.dumps(value)
