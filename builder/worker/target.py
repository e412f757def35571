"""Filling: one target's folder, from its versions to the files that the layer will have."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Sequence

from . import interpreters
from .audit import checks, collisions
from .audit.ahead import Ahead
from .audit.collisions import Settled
from .audit.verdict import PYTHON
from .content import Content
from .contents import distributions, files
from .contents.distributions import Distribution
from .install import include
from .install import install as installing
from .log import Log, counted, human
from .pack import pack
from .request import Request, Target
from .resolve import project_lock, target_lock, wheels_alone
from .resolve import uv as uvs
from .resolve import wheels as projects
from .resolve.build_lock import BuildLock
from .resolve.local_packages import Own
from .resolve.lock import Lock
from .resolve.uv import Uv
from .resolve.wheels import ProjectWheel
from .slim import cleanup, options
from .slim.options import Saved

LISTED = "listed.toml"
"""Where the bundle holds a pyproject.toml that only lists dependencies; it is not always there."""


@dataclass(frozen=True)
class Resolved:
    """One target's versions, and the folder, uv and packages that installing them needs."""

    work: Path
    own: Own
    builds: BuildLock
    locked: Lock


def resolve(  # noqa: PLR0913 - what a prediction does otherwise is by keyword
    wanted: Request,
    target: Target,
    uv: Path,
    bundle: Path,
    place: Path,
    log: Log,
    *,
    native: bool | None = None,
    cache: Path | None = None,
    kind: type[Uv] = Uv,
) -> Resolved:
    """Resolve for one target, in a new folder below ``place``.

    ``native`` says whether what has no wheel can be compiled; by default, whether an interpreter of
    the target is at hand. ``cache`` is a cache of uv that is kept; by default it is a new one.
    ``kind`` is how uv is called.
    """
    # A new folder each time: uv remembers what it built of a path, whatever changed inside.
    work = Path(tempfile.mkdtemp(prefix=f"{target.python}-", dir=place))
    project = work / "project"
    if (bundle / "project").is_dir():
        shutil.copytree(bundle / "project", project, symlinks=True)
    else:
        project.mkdir()
    uvs.check_settings(project)
    interpreter = interpreters.find(target)
    python = interpreter.path if interpreter else sys.executable
    builds = BuildLock(work / "build-lock.txt")
    own_cache = cache or work / "uv"
    program = kind(uv, project, python, log, own_cache, builds, wanted.exclude_newer)
    own = Own(program, project, work / "wheels")
    kept = project_lock.read(bundle)
    if native is None:
        native = interpreter is not None
    with log.timed("resolve"):
        listed = bundle / LISTED
        content = listed.read_bytes() if listed.is_file() else None
        locked = target_lock.resolve(
            wanted, target, own, work, log, kept, native=native, listed=content
        )
    return Resolved(work, own, builds, locked)


def fill(
    wanted: Request,
    target: Target,
    uv: Path,
    bundle: Path,
    stage: Path,
    log: Log,
    ahead: Ahead,
) -> Content:
    """Resolve and install for one target; return what is there now.

    ``ahead`` begins to compile what the import check will load.
    """
    kind = wheels_alone.of_image(os.environ, [target])
    resolved = resolve(wanted, target, uv, bundle, stage.parent, log, kind=kind)
    work, own, locked = resolved.work, resolved.own, resolved.locked
    (bundle / "out" / f"lock-{target.python}.txt").write_text(
        locked.text(_header(wanted, target, own.wheels)), encoding="utf-8"
    )
    prefix = wanted.prefix(target)
    root = stage / prefix
    with log.timed("install"):
        for wheel in own.wheels:
            projects.without_paths(wheel.path)
        installing.install(own.uv, locked, own.wheels, target, root, work, log)
    interpreter = interpreters.find(target)
    if interpreter is not None:
        ahead.start(interpreter, stage / PYTHON, root)
    with log.timed("slim"):
        found = distributions.read(root)
        pins = [(pin.name, pin.version) for pin in locked.pins]
        pins += [(wheel.name, wheel.version) for wheel in own.wheels]
        checks.check_installed(pins, found, root, target)
        names = {wheel.name for wheel in own.wheels}
        settled = _settle(wanted, target, root, found, own, locked, work, log)
        found = settled.found
        if include.BIN in wanted.include:
            include.take_scripts(root, found, stage)
        saved, left_out = _slim(wanted, root, found, names, log)
        # Stripped files are others than those that were compared with RECORD.
        proven = {} if options.SYMBOLS in wanted.slim else settled.proven
        sealed = {f"{prefix}/{name}": digest for name, digest in _seal(root, proven).items()}
    needed = tuple(resolved.builds.pins)
    return Content(target, prefix, found, names, locked, saved, left_out, sealed, needed)


def _seal(root: Path, proven: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the SHA-256 of each file; those that were proven are not read again."""
    return {**proven, **pack.seal(files.collect(root, proven))}


def _settle(
    wanted: Request,
    target: Target,
    root: Path,
    found: list[Distribution],
    own: Own,
    locked: Lock,
    work: Path,
    log: Log,
) -> Settled:
    """Leave nothing to the order of installation; return what is there then."""

    def alone(name: str) -> Path:
        return installing.install_alone(own.uv, locked, own.wheels, name, target, work)

    names = {wheel.name for wheel in own.wheels}
    scripts = include.BIN in wanted.include
    return collisions.settle(
        root, found, names, alone, target, log, exclude=wanted.exclude, scripts=scripts
    )


def _slim(
    wanted: Request, root: Path, found: Sequence[Distribution], own: set[str], log: Log
) -> tuple[tuple[Saved, ...], Mapping[str, str]]:
    """Leave out what the layer does not need; say what that saved, and what is gone."""
    removed = cleanup.slim(root, wanted.exclude)
    if removed.scripts and include.BIN not in wanted.include:
        log.debug(f"left out bin/: {', '.join(removed.scripts)}")
        scripts = counted(len(removed.scripts), "command-line script")
        log.step(f"left out {scripts}: layers hold modules")
    if removed.excluded:
        gone = counted(removed.excluded, "excluded file")
        log.step(f"left out {gone}, {human(removed.excluded_size)}")
    left_out = dict.fromkeys(removed.gone, "exclude")
    saved = options.lighten(root, wanted.slim, found, own, left_out)
    for part in saved:
        if part.files:
            files_gone = counted(part.files, "file")
            log.step(f"slimmed {part.what}: {files_gone}, {human(part.size)} saved")
    return (Saved("bytecode", removed.bytecode, removed.bytecode_size), *saved), left_out


def _header(wanted: Request, target: Target, wheels: Sequence[ProjectWheel]) -> list[str]:
    lines = [f"layer {wanted.layer}, {target}, resolved by uv {uvs.version()}"]
    return lines + [f"{w.name} {w.version} is built from {w.folder}" for w in wheels]
