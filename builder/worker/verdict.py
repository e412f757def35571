"""The verdict on a whole layer: every check of every target."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

from . import audit, distributions, imports, include, interpreters
from .errors import BuildError
from .files import LayerFile
from .fill import Content
from .imports import Failure
from .log import Log, counted
from .request import Request, Target


def judge(
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
        with log.timed("audit"):
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
    with log.timed("import"):
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
        else _advice(first),
    )


def _advice(failure: Failure) -> str:
    # So dlopen(3) says of a library that is not there.
    if "cannot open shared object file" in failure.message:
        return f"choose a package that brings its libraries, or {audit.BRING_LIBRARIES}"
    return (
        "choose versions that work together; what the function never imports can be left out with "
        "the layer's exclude"
    )
