"""A process for each layer that hashes its files, as other modules have it: ten at once."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from subprocess import run

from bench.measure import Failed

AT_ONCE = 10
"""Data sources that Terraform reads at once (terraform plan, -parallelism)."""

ARTIFACTS = "builds"
"""Folder of the plans below the one that Terraform works in: the module's ``artifacts_dir``."""

SCRIPT = """
import argparse, hashlib, json, logging, os, pathlib, shutil, subprocess, sys, tempfile, zipfile
folder, out = map(pathlib.Path, sys.argv[1:])
digest = hashlib.sha256()
files = sorted(path for path in folder.rglob("*") if path.is_file())
for path in files:
    digest.update(str(path.relative_to(folder)).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 13):
            digest.update(block)
plan = json.dumps({"filename": digest.hexdigest(), "build_plan": [["zip", str(folder), None]]})
out.mkdir(exist_ok=True)
(out / f"{digest.hexdigest()}.plan.json").write_text(plan)
print(plan)
"""
"""What `package.py prepare` of the module terraform-aws-lambda does for each layer, made anew,
because no package index has it: a process for each data source, which hashes all files of the
layer's source and writes a plan. It asks AWS nothing."""


Work = Callable[[Sequence[str], Path, Mapping[str, str]], None]
"""Takes the layers' names, the folder that has a folder of each, and the environment."""


def hashers(package_py: Path | None) -> dict[str, Work]:
    """Return who hashes, by a name for a table: our script, and the module's file if given."""
    found: dict[str, Work] = {"our stand-in script": by_script}
    if package_py:
        found["package.py prepare"] = partial(by_package_py, package_py)
    return found


def by_script(names: Sequence[str], root: Path, env: Mapping[str, str]) -> None:
    """Hash layers, folders in ``root``, with a script of the same steps; raise Failed."""
    command = [sys.executable, "-c", SCRIPT]
    _each(names, lambda name: printed([*command, name, ARTIFACTS], env, cwd=root))


def by_package_py(
    package_py: Path, names: Sequence[str], root: Path, env: Mapping[str, str]
) -> None:
    """Hash layers, folders in ``root``, with the module's own file; raise Failed.

    As its data source "external" runs it: in the folder that Terraform works in.
    """
    command = [sys.executable, str(package_py.absolute()), "prepare"]

    def prepared(name: str) -> str:
        asked = json.dumps(query(name, package_py, root))
        answer = printed(command, env, asked, cwd=root)
        try:
            return str(json.loads(answer)["build_plan_filename"])
        except (ValueError, KeyError, TypeError) as error:
            raise Failed(
                f"{package_py} is not package.py of the module terraform-aws-lambda: 'prepare' "
                f"should answer JSON with a build_plan_filename, and answered {answer[:200]!r}"
            ) from error

    made = {root / file for file in _each(names, prepared) if (root / file).is_file()}
    if len(made) != len(names):
        raise Failed(f"{package_py} prepared {len(made)} plans for {len(names)} layers")


def query(name: str, package_py: Path, root: Path) -> dict[str, str]:
    """Return what the module's package.tf asks for a layer, with defaults for all but the source.

    Its version 7ced602, without ``docker``: a null is left out by the provider "external".
    Later files read ``hash_internal`` and ``quiet`` besides.
    """
    paths = {"module": str(package_py.parent), "root": ".", "cwd": str(root)}
    return {
        "paths": json.dumps(paths),
        "artifacts_dir": ARTIFACTS,
        "runtime": "python3.13",
        "source_path": json.dumps(name),
        "hash_extra": "",
        "hash_extra_paths": "[]",
        "hash_internal": "[]",
        "recreate_missing_package": "true",
        "quiet": "true",
    }


def printed(
    command: Sequence[str], env: Mapping[str, str], text: str = "", cwd: Path | None = None
) -> str:
    """Return what a command prints that gets the text; raise Failed unless it succeeds."""
    done = run(
        list(command), env=dict(env), input=text, cwd=cwd, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    return done.stdout


def _each(names: Sequence[str], work: Callable[[str], str]) -> list[str]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, names))
