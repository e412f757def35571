"""The build: from ``request.json`` to ``out/``, one step after the other."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Mapping, Sequence
from urllib.parse import quote

from . import (
    audit,
    distributions,
    files,
    hashes,
    imports,
    include,
    indexes,
    interpreters,
    lighten,
    manifest,
    pack,
    projects,
    request,
    sbom,
    system,
)
from . import install as installing
from . import locked as locking
from . import slim as slimming
from . import uv as uvs
from .distributions import Distribution
from .errors import BuildError
from .files import LayerFile
from .imports import Failure
from .lighten import Saved
from .lock import Lock
from .locked import Locked
from .log import Log, counted, human
from .manifest import Circumstances, Package
from .projects import ProjectWheel
from .request import Request, Target
from .resolve import Inputs, Resolver
from .uv import Uv

LARGEST_SHOWN = 8


@dataclass
class Content:
    """What one target's folder holds, as far as the manifest tells it."""

    target: Target
    prefix: str
    found: list[Distribution] = field(default_factory=list)
    own: set[str] = field(default_factory=set)
    locked: Lock = field(default_factory=lambda: Lock(()))
    saved: tuple[Saved, ...] = ()


def build(bundle: Path, log: Log, limit: int = audit.UNZIPPED_LIMIT, *, runtime: str = "") -> None:
    """Build the layer that the bundle asks for; raise BuildError when it cannot be right.

    With ``runtime``, such as ``python3.12``, only what the layer has for that target.
    """
    started_at = manifest.now()
    wanted = request.read(bundle / "request.json")
    wanted = wanted.only(runtime) if runtime else wanted
    uv = uvs.find(bundle)
    out, work = _fresh(bundle / "out"), _fresh(bundle / ".build")
    targets = ", ".join(str(target) for target in wanted.targets)
    log.step(f"layer {wanted.layer} for {targets} (worker {manifest.worker_version()})")
    stage = work / "layer"
    system.prepare(wanted, bundle, work / "extra", log)
    indexes.log_in(wanted.indexes, os.environ, log)
    contents = [_fill(wanted, target, uv, bundle, stage, log) for target in wanted.targets]
    include.take_extra(wanted, work / "extra", stage, log)
    collected = [_without_paths(file) for file in files.collect(stage)]
    sizes = _audit(wanted, contents, collected, stage, log, limit)
    log.step(f"packing {counted(len(collected), 'file')}")
    packed = pack.pack(collected, out / "layer.zip")
    unzipped = sum(file.size for file in collected)
    packages = _packages(sizes, contents)
    circumstances = Circumstances(
        started_at,
        manifest.now(),
        tuple(manifest.lock_of(path) for path in sorted(out.glob("lock-*.txt"))),
        lighten.total(content.saved for content in contents),
    )
    document = manifest.document(wanted, packed, unzipped, len(collected), packages, circumstances)
    manifest.write(out / "sbom.cdx.json", sbom.bill(document))
    manifest.write(out / "provenance.json", sbom.provenance(document))
    manifest.write(out / "manifest.json", document)
    _report(packages, log)
    log.step(
        f"done: {counted(len(packages), 'package')}, {counted(len(collected), 'file')}, "
        f"{human(unzipped)} unzipped, {human(packed.size)} zipped"
    )
    if not log.verbose:
        shutil.rmtree(work, ignore_errors=True)


def _packages(sizes: Mapping[tuple[str, str], int], contents: Sequence[Content]) -> list[Package]:
    """Return the packages with what their metadata and the locks say of them."""
    known = {(d.name, d.version): d for content in contents for d in content.found}
    allowed: dict[str, set[str]] = {}
    for content in contents:
        for pin in content.locked.pins:
            allowed.setdefault(pin.name, set()).update(pin.hashes)
    return [
        Package(
            name,
            version,
            size,
            known[name, version].license,
            known[name, version].record_sha256,
            tuple(sorted(allowed.get(name, ()))),
        )
        for (name, version), size in sorted(sizes.items())
    ]


def _fresh(folder: Path) -> Path:
    """Return an empty folder at the path: nothing of an earlier build may get into this one."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def _fill(
    wanted: Request, target: Target, uv: Path, bundle: Path, stage: Path, log: Log
) -> Content:
    """Resolve and install for one target; return what is there now."""
    # A new folder each time: uv remembers what it built of a path, whatever changed inside.
    work = Path(tempfile.mkdtemp(prefix=f"{target.python}-", dir=stage.parent))
    project = work / "project"
    if (bundle / "project").is_dir():
        shutil.copytree(bundle / "project", project, symlinks=True)
    else:
        project.mkdir()
    interpreter = interpreters.find(target)
    python = interpreter.path if interpreter else sys.executable
    own = Own(Uv(uv, project, python, log), project, work / "wheels")
    kept = locking.read(bundle)
    locked = _resolve(wanted, target, own, work, log, kept, native=interpreter is not None)
    (bundle / "out" / f"lock-{target.python}.txt").write_text(
        locked.text(_header(wanted, target, own.wheels)), encoding="utf-8"
    )
    prefix = wanted.prefix(target)
    root = stage / prefix
    installing.install(own.uv, locked, own.wheels, target, root, work, log)
    found = distributions.read(root)
    pins = [(pin.name, pin.version) for pin in locked.pins]
    audit.check_installed(
        [*pins, *((wheel.name, wheel.version) for wheel in own.wheels)], found, root, target
    )
    if include.BIN in wanted.include:
        include.take_scripts(root, found, stage)
    removed = slimming.slim(root, wanted.exclude)
    if removed.scripts and include.BIN not in wanted.include:
        log.debug(f"left out bin/: {', '.join(removed.scripts)}")
        scripts = counted(len(removed.scripts), "command-line script")
        log.step(f"left out {scripts}: layers hold modules")
    if removed.excluded:
        gone = counted(removed.excluded, "excluded file")
        log.step(f"left out {gone}, {human(removed.excluded_size)}")
    names = {wheel.name for wheel in own.wheels}
    saved = lighten.lighten(root, wanted.slim, found, names)
    for part in saved:
        if part.files:
            files_gone = counted(part.files, "file")
            log.step(f"slimmed {part.what}: {files_gone}, {human(part.size)} saved")
    bytecode = Saved("bytecode", removed.bytecode, removed.bytecode_size)
    return Content(target, prefix, found, names, locked, (bytecode, *saved))


class Own:
    """The project's own source folders, each built into a wheel once."""

    def __init__(self, uv: Uv, project: Path, out: Path) -> None:
        self.uv = uv
        self.wheels: list[ProjectWheel] = []
        self._project = project
        self._out = out
        self._built: dict[Path, ProjectWheel] = {}

    def wheel(self, folder: str) -> ProjectWheel:
        """Return the wheel of a folder, as uv or the request names it."""
        path = self._find(folder)
        if path not in self._built:
            shown = path.relative_to(self._project.resolve()).as_posix()
            # A folder for each wheel: two packages of one name must not replace each other.
            out = self._out / str(len(self._built))
            self._built[path] = projects.build(self.uv, path, shown, out)
            self.wheels.append(self._built[path])
        return self._built[path]

    def _find(self, folder: str) -> Path:
        """Find a folder that uv names relative to whatever file or package named it."""
        bases = [self._project, *self._built]
        for base in bases:
            path = (base / folder.replace("file://", "")).resolve()
            inside = self._project.resolve() in (path, *path.parents)
            if inside and path.is_dir():
                return path
        raise BuildError(
            f"a local dependency is not in the bundle: {folder}",
            where="tool.uv.sources, or a path in the requirements",
            expected="a folder inside the project",
            fix="move it below the project's root and name its folder among the layer's sources",
        )


def _resolve(
    wanted: Request,
    target: Target,
    own: Own,
    work: Path,
    log: Log,
    kept: Locked | None,
    *,
    native: bool,
) -> Lock:
    """Return the lock for one target; build the wheels of all source folders on the way."""
    project = own.uv.cwd
    lines = list(wanted.dependencies)
    folders: list[str] = []
    wheels: list[str] = []
    if wanted.package is not None:
        log.step(f"building the package in {wanted.package}")
        wheel = own.wheel(wanted.package)
        projects.check_extras(wheel, wanted.extras)
        projects.check_target(wheel, target, native=native)
        extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
        source = (project / wanted.package).resolve()
        as_folder = projects.names_sources(source)
        path = source if as_folder else wheel.path.resolve()
        lines.append(f"{wheel.name}{extras} @ file://{quote(str(path))}")
        (folders if as_folder else wheels).append(wheel.name)
    listed = work / "requirements.in"
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    paths = [listed, *(project / path for path in wanted.requirements)]
    log.step(f"resolving {_described(wanted)} for {target}")
    resolver = Resolver(own.uv, target, work, log, native=native)
    constraints = overrides = None
    if kept is not None:
        log.step(f"keeping to {kept.source}")
        constraints = work / "constraints.txt"
        constraints.write_text(kept.constraints(), encoding="utf-8")
        overrides = work / "overrides.txt"
        overrides.write_text(kept.overrides(), encoding="utf-8")
    locked = resolver.resolve(
        Inputs(tuple(paths), tuple(folders), tuple(wheels), constraints, overrides),
        lambda folder: own.wheel(folder).name,
    )
    for folder in locked.folders:
        projects.check_target(own.wheel(folder), target, native=native)
    if kept is not None:
        locked = _keep_to(kept, locked, wanted, log)
    locked = hashes.keep_to(hashes.read(paths), locked)
    older = dict(locked.older)
    for name in locked.from_source:
        other = f" ({older[name]} has)" if name in older else ""
        log.note(f"{name} has no wheel for {target}{other}; it is built from source")
    return locked


def _keep_to(kept: Locked, found: Lock, wanted: Request, log: Log) -> Lock:
    """Give the lock the project's own hashes; refuse when the project's lock lacks something."""
    locked, lacking = locking.keep_to(kept, found)
    if lacking and not (wanted.requirements or wanted.dependencies):
        raise locking.stale(kept, lacking)
    if lacking:
        log.note(f"not in {kept.source}, and resolved now: {', '.join(lacking)}")
    return locked


def _described(wanted: Request) -> str:
    parts = []
    if wanted.package is not None:
        parts.append(f"{wanted.package}{list(wanted.extras) or ''}".replace("'", ""))
    parts += wanted.requirements
    if wanted.dependencies:
        parts.append(counted(len(wanted.dependencies), "dependency", "dependencies"))
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)


def _header(wanted: Request, target: Target, wheels: Sequence[ProjectWheel]) -> list[str]:
    lines = [f"layer {wanted.layer}, {target}, resolved by uv {uvs.version()}"]
    return lines + [f"{w.name} {w.version} is built from {w.folder}" for w in wheels]


def _without_paths(file: LayerFile) -> LayerFile:
    """Give RECORD only the files that are still there: uv's own differ from machine to machine."""
    if not file.name.endswith(".dist-info/RECORD"):
        return file
    record = file.path.read_text(encoding="utf-8")
    root = file.path.parent.parent
    listed = [row for row in distributions.record_paths(record) if (root / row).exists()]
    kept = distributions.record_of_present(record, set(listed))
    return file.replaced(kept.encode("utf-8"))


def _audit(
    wanted: Request,
    contents: Sequence[Content],
    collected: Sequence[LayerFile],
    stage: Path,
    log: Log,
    limit: int,
) -> dict[tuple[str, str], int]:
    """Refuse what Lambda cannot use; return the packages with their sizes."""
    log.step(f"auditing {counted(len(collected), 'file')}")
    prefixes = [content.prefix for content in contents]
    audit.check_places(collected, [*prefixes, *wanted.include])
    shared = include.natives_of(collected, wanted.include)
    notes: list[str] = []
    total: dict[tuple[str, str], int] = {}
    for content in contents:
        start = content.prefix + "/"
        mine = {f.name[len(start) :]: f for f in collected if f.name.startswith(start)}
        owners = {start + name: d.name for d in content.found for name in d.files if name in mine}
        for distribution in content.found:
            key = (distribution.name, distribution.version)
            size = sum(mine[name].size for name in distribution.files if name in mine)
            if any(name in mine for name in distribution.files):
                total[key] = total.get(key, 0) + size
        natives = [*audit.native_files(mine.values(), owners), *shared]
        notes += audit.check_native(natives, content.target)
        loaded = _import(wanted, content, stage / content.prefix, set(mine), notes, log)
        notes += audit.check_libraries(natives, loaded)
    sizes = {f"{name} {version}": size for (name, version), size in total.items()}
    notes += audit.check_size(collected, sizes, limit)
    notes += audit.notes_on_boto({name: size for (name, _), size in total.items()})
    for note in dict.fromkeys(notes):
        log.note(note)
    return total


def _import(
    wanted: Request,
    content: Content,
    root: Path,
    present: set[str],
    notes: list[str],
    log: Log,
) -> set[Path]:
    """Import every module where the target's interpreter is at hand; return what was loaded."""
    interpreter = interpreters.find(content.target)
    if interpreter is None:
        log.note(f"no interpreter for {content.target} here: its modules are not imported")
        return set()
    packages = distributions.packages_of(present)
    modules = {
        d.name: distributions.modules_of([f for f in d.files if f in present], packages)
        for d in content.found
    }
    names = sorted({module for of_one in modules.values() for module in of_one})
    log.step(f"importing {counted(len(names), 'module')} with python{interpreter.version}")
    libraries = root.parents[content.prefix.count("/")] / include.LIB
    report = imports.check(interpreter, root, names, libraries=libraries)
    refusals, tolerated = imports.judge(report, modules, content.own, wanted.may_fail)
    notes += tolerated
    if refusals:
        raise _import_error(refusals, modules, content.target)
    return report.loaded


def _import_error(
    refusals: Sequence[Failure], modules: dict[str, tuple[str, ...]], target: Target
) -> BuildError:
    first = refusals[0]
    owners = sorted({name for name, own in modules.items() for f in refusals if f.module in own})
    missing = first.missing.split(".")[0]
    absent = "ModuleNotFoundError" in first.kinds and missing and missing != first.module
    where = [
        f"{f.module}: {f.message}" + (f"\n  at {f.place}" if f.place else "") for f in refusals
    ]
    return BuildError(
        f"{first.module} cannot be imported by {target}"
        + (f", nor {len(refusals) - 1} more modules" if len(refusals) > 1 else ""),
        where=f"{', '.join(owners)}\n" + "\n".join(where[:5]),
        expected="modules that import with the standard library and the layer alone",
        fix=f"add the distribution that has {missing} to the layer's dependencies"
        if absent
        else "choose versions that work together; what the function never imports can be left out "
        "with the layer's exclude",
    )


def _report(packages: Sequence[Package], log: Log) -> None:
    """Show which packages take the most."""
    largest = sorted(packages, key=lambda package: -package.size)
    rows = [f"{human(p.size):>9}  {p.name} {p.version}" for p in largest[:LARGEST_SHOWN]]
    rest = largest[LARGEST_SHOWN:]
    if rest:
        rows.append(f"{human(sum(p.size for p in rest)):>9}  {len(rest)} more")
    log.table(rows)
