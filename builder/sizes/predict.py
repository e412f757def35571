"""The prediction: resolved as the worker does, then sized from the wheels' tables of contents."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from builder.errors import LayerError
from builder.sizes import graph, skeleton, table, wheel_choice
from builder.sizes.cache import folder, place, quick_folder
from builder.sizes.imports import importers, loader
from builder.sizes.local_worker import Opened, opened
from builder.sizes.model import FileSize, LayerSize, PackageSize, TargetSize
from builder.sizes.table import Table
from builder.sizes.web import Local, Logins, UnreadableError, open_file
from builder.sizes.wheel_choice import WheelFile
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target
from builder.worker.install.include import BIN
from builder.worker.install.install import is_built
from builder.worker.resolve import requirements_text
from builder.worker.target import Resolved

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Wheels read at the same time."""

FILE_HEADERS = 30 + 46
"""Bytes that a zip has for each file beside its name, which it has twice (APPNOTE.TXT, 4.3)."""

FROM_SOURCE = "it has no wheel for the target, so the build makes it from its source"
UNREADABLE = "its wheel cannot be read"
CONSTRAINTS = re.compile(r"(?:-c|--constraint)(?:\s+|=)?([^-=\s]\S*)")
SHA256 = re.compile(r"[0-9a-f]{64}")

Write = Callable[[str], object]


@dataclass(frozen=True)
class _Wheels:
    """What could be read: tables by package, versions of all, and why some are not known."""

    tables: Mapping[str, Table]
    versions: Mapping[str, str]
    unknown: Mapping[str, str]


def predict(
    spec: LayerSpec,
    root: Path,
    say: Write = lambda _: None,
    *,
    builds: bool = True,
    memory: Path | None = None,
) -> LayerSize:
    """Predict the size of a layer; nothing is installed, and nothing of AWS is asked.

    ``say`` gets lines of progress. Without ``builds`` no code of packages runs, and the layer's own
    package is not counted. ``memory`` is a folder for thousands of small files, which is removed by
    the caller. Raise LayerError for what the worker would refuse while it resolves.
    """
    with opened(spec, root, log.debug, builds=builds) as here:
        targets = tuple(_target(here, spec, target, say, memory) for target in spec.targets)
    return LayerSize(spec.name, targets, tuple(_notes(spec, builds=builds)))


def _notes(spec: LayerSpec, *, builds: bool) -> Iterable[str]:
    if "symbols" in spec.slim:
        yield "what slim = symbols saves is known only when it is built: it is not taken off here"
    if not builds and spec.package is not None:
        yield "the layer's own package is not counted: a plan does not build it"
    if spec.system_packages or spec.pre_install:
        yield "system_packages and pre_install run in the build: what they bring is not counted"


def _target(
    here: Opened, spec: LayerSpec, target: Target, say: Write, memory: Path | None
) -> TargetSize:
    say(f"resolving for {target}")
    mine = next(t for t in here.wanted.targets if t.python == target.python)
    resolved = here.resolve(mine)
    files = wheel_choice.choose(resolved.locked, mine, resolved.own.uv, resolved.work)
    say(f"reading the tables of {len(files) + len(resolved.own.wheels)} wheels for {target}")
    wheels = _read(resolved, files)
    with quick_folder(memory) as empty:
        kept = skeleton.build(
            empty,
            wheels.tables,
            spec.exclude,
            spec.slim,
            {wheel.name for wheel in resolved.own.wheels},
            scripts=BIN in spec.include,
        )
    prefix = here.wanted.prefix(mine)
    sized = tuple(
        FileSize(
            file,
            name,
            entry.size,
            entry.packed + FILE_HEADERS + 2 * len(f"{prefix}/{file}".encode()),
        )
        for file, (entry, name) in sorted(kept.files.items())
    )
    texts = {file: text for t in wheels.tables.values() for file, text in t.texts.items()}
    metadata = graph.metadata_of(kept.found, texts)
    modules = {
        skeleton.installed_at(file, name) or "": text
        for name, found in wheels.tables.items()
        for file, text in found.texts.items()
    }
    asked = _asked(here, resolved)
    needs = graph.of(wheels.versions, asked, metadata, target)
    return TargetSize(
        target,
        prefix,
        _packages(wheels, sized),
        sized,
        needs,
        kept.saves,
        spec.slim,
        kept.excluded,
        importers(sized, modules),
        loader(sized, modules),
    )


def _packages(wheels: _Wheels, files: Iterable[FileSize]) -> tuple[PackageSize, ...]:
    sums: dict[str, list[int]] = {name: [0, 0, 0] for name in wheels.versions}
    for file in files:
        mine = sums[file.package]
        mine[0] += file.size
        mine[1] += file.packed
        mine[2] += 1
    return tuple(
        PackageSize(name, wheels.versions[name], size, packed, count, wheels.unknown.get(name, ""))
        for name, (size, packed, count) in sorted(sums.items())
    )


def _read(resolved: Resolved, files: Mapping[str, WheelFile]) -> _Wheels:
    """Read all wheels, several at once."""
    locked, own = resolved.locked, resolved.own
    versions = {pin.name: pin.version for pin in locked.pins}
    tables: dict[str, Table] = {}
    unknown = {pin.name: FROM_SOURCE for pin in locked.pins if is_built(pin, locked)}
    for wheel in own.wheels:
        versions[wheel.name] = wheel.version
        tables[wheel.name] = table.read(Local(wheel.path))
    logins = Logins.of(locked.options, os.environ)

    def read(name: str) -> Table | str:
        try:
            return _table(files[name], logins, resolved.work / f"{name}.whl")
        except UnreadableError as error:
            return f"{UNREADABLE}: {error}"

    names = [pin.name for pin in locked.pins if pin.name in files]
    for pin in locked.pins:
        if pin.name not in files and pin.name not in unknown:
            unknown[pin.name] = "the index names no wheel of it that fits"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, found in zip(names, pool.map(read, names), strict=True):
            if isinstance(found, str):
                unknown[name] = found
            else:
                tables[name] = found
                versions[name] = versions[name] or _version(found)
    return _Wheels(tables, versions, unknown)


def _table(file: WheelFile, logins: Logins, keep: Path) -> Table:
    """Return a wheel's table, from the cache if its hash is known and it was read before."""
    known = bool(SHA256.fullmatch(file.sha256))
    kept = place("tables") / f"{file.sha256}.zip"
    found = table.load(kept) if known else None
    if found is not None:
        return found
    source = open_file(file.url, file.sha256, logins, keep)
    found = table.read(source)
    if known:
        with contextlib.suppress(OSError, LayerError):  # without a cache it is read again
            table.save(found, folder("tables") / kept.name)
    keep.unlink(missing_ok=True)
    return found


def _version(found: Table) -> str:
    """Return the version that a wheel's dist-info folder has in its name."""
    infos = {name.split("/")[0] for name in found.texts if ".dist-info/" in name}
    return sorted(infos)[0].removesuffix(".dist-info").partition("-")[2] if infos else ""


def _asked(here: Opened, resolved: Resolved) -> list[Requirement]:
    """Return what the layer itself asks for: its lines, its files, its packages."""
    wanted, project = here.wanted, resolved.own.uv.cwd
    lines = list(wanted.dependencies)
    lines += [wheel.name for wheel in resolved.own.wheels[:1] if wanted.package is not None]
    constraints: set[Path] = set()
    for file, text in requirements_text.texts(project / path for path in wanted.requirements):
        named = (CONSTRAINTS.match(line.strip()) for line in text.splitlines())
        constraints |= {(file.parent / found[1]).resolve() for found in named if found}
        lines += text.splitlines() if file.resolve() not in constraints else []
    found = []
    for line in lines:
        try:
            found.append(Requirement(re.split(r"\s#|\s--", line, maxsplit=1)[0].strip()))
        except InvalidRequirement:
            continue
    return found
