"""A trial: the worker on this machine, for the layer's target. Nothing is published."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from builder.errors import LayerError
from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from builder.room import working_folder
from builder.sizes.cache import with_tools
from builder.sizes.local_worker import NO_FINGERPRINT, as_layer_errors, unpack
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import UNZIPPED_LIMIT
from builder.worker import interpreters, request
from builder.worker.install.include import LIB
from builder.worker.log import Log

PROGRAM = """
import sys
sys.path[0] = "worker.pyz"
from pathlib import Path
from worker import __main__ as main, build
whole = build.build
build.build = lambda bundle, log, runtime="": whole(bundle, log, 1 << 40, runtime=runtime)
main.main(["build"])
"""
"""The worker's build, less its refusal above the limit: a trial shows what there is."""

LEFT = re.compile(r"layer\.zip|manifest\.json|sbom\.cdx\.json|lock-.*\.txt")
"""What a trial leaves. No provenance: nothing can vouch for what was built on any machine."""

NOTE = re.compile(r"^\s+NOTE: (?P<text>.*)$")
COMPILED = re.compile(r"^(\S+) has no wheel for .* it is built from source$")
ERROR = re.compile(
    r"^ERROR: (?P<what>.*?)(?:\n {2}where: +(?P<where>.*?))?(?:\n {2}expected: +(?P<expected>.*?))?"
    r"(?:\n {2}fix: +(?P<fix>.*?))?\Z",
    re.DOTALL | re.MULTILINE,
)


GRACE = 5.0
"""Seconds that the interrupted worker has to end."""


@dataclass(frozen=True)
class Trial:
    """What a trial made: its folder, sizes in bytes, the worker's notes.

    ``only_there`` says what only CodeBuild can tell.
    """

    name: str
    folder: Path
    size: int
    packed: int
    files: int
    packages: tuple[tuple[str, str, int], ...]
    notes: tuple[str, ...]
    only_there: tuple[str, ...]
    limit: int = UNZIPPED_LIMIT

    @property
    def fits(self) -> bool:
        """Whether Lambda would take it, without a function and other layers."""
        return self.size <= self.limit


def run(spec: LayerSpec, root: Path, into: Path, say: Callable[[str], object]) -> Trial:
    """Build a layer on this machine into a folder; ``say`` gets the lines of the worker's log.

    No system package is installed and no ``pre_install`` runs here. Raise LayerError for what the
    worker refuses.
    """
    here = replace(
        spec,
        system_packages=(),
        pre_install=None,
        include=tuple(part for part in spec.include if part != LIB),
    )
    with as_layer_errors(spec.name), working_folder() as made:
        path = made.resolve() / "bundle"
        unpack(bundle(here, root, source_files(here, root), NO_FINGERPRINT), path)
        (path / ".tools").symlink_to(with_tools(Log(sys.stderr)) / ".tools")
        lines = _run(spec, path, say)
        _leave(path / "out", into)
        manifest = json.loads((path / "out" / "manifest.json").read_text("utf-8"))
        targets = request.read(path / "request.json").targets
    notes = tuple(found["text"] for line in lines if (found := NOTE.match(line)))
    without = [str(target) for target in targets if interpreters.find(target) is None]
    return _trial(spec, into, manifest, notes, tuple(_only_there(spec, notes, without)))


def _trial(
    spec: LayerSpec,
    into: Path,
    manifest: Mapping[str, Any],
    notes: tuple[str, ...],
    only_there: tuple[str, ...],
) -> Trial:
    return Trial(
        spec.name,
        into,
        int(manifest["unzipped_size"]),
        int(manifest["zipped_size"]),
        int(manifest["files"]),
        tuple((p["name"], p["version"], int(p["size"])) for p in manifest["packages"]),
        notes,
        only_there,
    )


def _run(spec: LayerSpec, path: Path, say: Callable[[str], object]) -> list[str]:
    """Run the worker in its bundle; return the lines that it wrote."""
    keeps_aws = any(index.codeartifact for index in spec.indexes)
    env = {k: v for k, v in os.environ.items() if keeps_aws or not k.startswith("AWS_")}
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=path,
        env={**env, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Whatever ends us, ends what it has started too: uv, and compilers.
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        refused = False
        try:
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                refused = refused or line.startswith("ERROR: ")
                if not refused:
                    say(lines[-1])
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        raise _refused(spec, lines)
    return lines


def _end(process: subprocess.Popen[str]) -> None:
    """End the worker's processes: by an interrupt, at which it takes its files away, or at once."""
    for number in ("SIGINT", "SIGKILL") if hasattr(os, "killpg") else ():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.Signals[number])
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(GRACE)
    process.kill()


def _refused(spec: LayerSpec, lines: Sequence[str]) -> LayerError:
    found = ERROR.search("\n".join(lines).rstrip())
    if found is None:
        return LayerError(
            "the worker ended without a word",
            where="\n".join(lines[-12:]),
            expected="a layer, or an error that says what is wrong",
            fix="run it again with --debug",
        )
    parts = {name: re.sub(r"\n {12}", "\n", text or "") for name, text in found.groupdict().items()}
    where = f"layer {spec.name!r}, on this machine: {parts['where']}"
    return LayerError(parts["what"], where=where, expected=parts["expected"], fix=parts["fix"])


def _leave(out: Path, into: Path) -> None:
    try:
        into.mkdir(parents=True, exist_ok=True)
        for file in sorted(out.iterdir()):
            if LEFT.fullmatch(file.name):
                shutil.copyfile(file, into / file.name)
    except OSError as error:
        raise LayerError(
            f"what was built cannot be left there: {error.strerror}",
            where=str(into),
            expected="a folder that you may write to",
            fix="name another one with --output",
        ) from error


def _only_there(spec: LayerSpec, notes: Sequence[str], without: Sequence[str]) -> list[str]:
    """Return what this machine cannot show of the layer."""
    found = []
    for target in without:
        found.append(
            f"whether the modules import: there is no interpreter of {target} on this machine"
        )
    compiled = sorted({match[1] for note in notes if (match := COMPILED.match(note))})
    if compiled:
        found.append(
            f"what {', '.join(compiled)} becomes: it was compiled with this machine's compiler and "
            "glibc, and the build's image is the runtime's own"
        )
    if spec.system_packages:
        found.append(
            f"what the system packages are for ({', '.join(spec.system_packages)}): none was "
            "installed here"
        )
    if spec.pre_install:
        found.append(f"what {spec.pre_install} does: it did not run here")
    if LIB in spec.include:
        found.append("which libraries lib/ gets: they come from the build's image")
    if spec.indexes:
        found.append(
            "whether the build can log in to its indexes: here it was with this machine's logins"
        )
    return found
