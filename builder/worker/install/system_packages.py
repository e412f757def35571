"""What is installed in the build image before the layer: RPM packages, and what a script does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Mapping, Sequence

from ..errors import BuildError
from ..log import Log, counted
from ..process import Outcome, with_retries
from ..request import Request

PROGRAMS = ("dnf", "yum")
"""Amazon Linux 2023 has dnf, Amazon Linux 2 yum (user guides of both, "Package management")."""

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~^:-]*")
"""Names of RPM packages (see RPM_NAME in the builder): nothing else gets on the command line."""

UNKNOWN = re.compile(r"(?:No match for argument:|No package|Unable to find a match:) +([^\s:]+)")
"""What dnf and yum say of a package that there is not. yum 3 installs the others all the same, and
ends well if there are any."""

ROOT = "superuser privileges"

SECRET = re.compile(r"UV_INDEX_\w+_PASSWORD")
"""Variables that only uv needs."""

SCRIPT = """
trap '_status=$?; printf "%s\\n" "$_status" "$LINENO" "${BASH_SOURCE[0]}" > "$LAYER_FAILURE"' ERR
. "./$LAYER_SCRIPT"
"""
"""Runs the script so that the line of a command that fails is known; its path stays outside."""

TAIL = 15


def prepare(wanted: Request, bundle: Path, extra: Path, log: Log) -> None:
    """Install the system packages, then run the script; raise BuildError when that fails.

    The script finds ``extra/bin`` and ``extra/lib`` as LAYER_BIN and LAYER_LIB: what it puts there
    goes into the layer, if the layer's ``include`` says so.
    """
    for name in ("bin", "lib"):
        (extra / name).mkdir(parents=True)
    if wanted.system_packages:
        _install(wanted.system_packages, bundle, log)
    if wanted.pre_install is not None:
        _run_script(wanted, bundle, extra, log)


def _install(names: Sequence[str], bundle: Path, log: Log) -> None:
    strange = [name for name in names if not NAME.fullmatch(name)]
    if strange:
        raise BuildError(
            f"{strange[0]!r} cannot name a package of Amazon Linux",
            where="system_packages",
            expected="names of RPM packages, without options, paths, globs or groups",
            fix="correct the name",
        )
    program = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if program is None:
        raise BuildError(
            f"system packages are asked for, and there is neither {' nor '.join(PROGRAMS)}",
            where=f"system_packages: {', '.join(names)}",
            expected="a build image of Amazon Linux, such as the runtime's own",
            fix="build on the runtime's image, or do without system_packages",
        )
    log.step(f"installing {counted(len(names), 'system package')} with {Path(program).name}")
    command = [program, "install", "-y", *names]
    outcome = with_retries(lambda: _run(command, bundle, {}, log), log=log)
    unknown = [name for name in UNKNOWN.findall(outcome.output) if name in names]
    if outcome.ok and not unknown:
        return
    if unknown:
        raise BuildError(
            f"Amazon Linux has no package {' and no '.join(dict.fromkeys(unknown))}",
            where=f"system_packages\n{outcome.tail(TAIL)}",
            expected="packages of the enabled repositories of the build image",
            fix="correct the name; what another repository has can be installed with pre_install",
        )
    raise BuildError(
        f"the system packages cannot be installed: {Path(program).name} ended with status "
        f"{outcome.status}",
        where=f"system_packages: {', '.join(names)}\n{outcome.tail(TAIL)}",
        expected="packages that can be installed together in the build image",
        fix="builds in CodeBuild run as root; run this one as root too"
        if ROOT in outcome.output
        else "read what it says above",
    )


def _run_script(wanted: Request, bundle: Path, extra: Path, log: Log) -> None:
    script = str(wanted.pre_install)
    project = bundle / "project"
    if not (project / script).is_file():
        raise BuildError(
            f"there is no {script}",
            where="pre_install",
            expected="a file of the project",
            fix="build the bundle again",
        )
    failure = extra / "failure"
    log.step(f"running {script}")
    variables = {
        "LAYER_BIN": str(extra / "bin"),
        "LAYER_LIB": str(extra / "lib"),
        "LAYER_PYTHON": " ".join(target.python for target in wanted.targets),
        "LAYER_FAILURE": str(failure),
        "LAYER_SCRIPT": script,
    }
    command = ["bash", "--noprofile", "--norc", "-eE", "-o", "pipefail", "-c", SCRIPT, script]
    outcome = _run(command, project, variables, log)
    if outcome.ok:
        return
    place, details = _failure(failure, project)
    raise BuildError(
        f"{script} failed {place or f'with status {outcome.status}'}",
        where="\n".join(part for part in (details, outcome.tail(TAIL)) if part),
        expected="a script whose every command succeeds (bash -e -o pipefail)",
        fix="correct the script; a command that may fail is written `command || true`",
    )


def _failure(report: Path, project: Path) -> tuple[str, str]:
    """Return where a command failed, and that line; empty when the script ended itself."""
    if not report.is_file():
        return "", ""
    status, line, file = report.read_text(encoding="utf-8").rstrip("\n").split("\n", 2)
    path = project / file
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    text = lines[int(line) - 1].strip() if int(line) <= len(lines) else ""
    shown = file.removeprefix("./")  # another one, if the script reads one
    return f"in line {line}", f"{shown}: {text}\nended with status {status}"


def _run(command: Sequence[str], cwd: Path, variables: Mapping[str, str], log: Log) -> Outcome:
    """Run a program, all of whose output goes into the log."""
    kept = {name: value for name, value in os.environ.items() if not SECRET.fullmatch(name)}
    lines = []
    with subprocess.Popen(
        list(command),
        cwd=cwd,
        env={**kept, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            log.table([f"| {line.rstrip()}"])
    return Outcome(tuple(command), process.returncode, "".join(lines))
