"""The verdict on a whole layer: every check of every target."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Collection, Sequence

from .. import interpreters
from ..content import Content
from ..contents import distributions
from ..contents.files import LayerFile
from ..contents.native import native_files
from ..errors import BuildError
from ..install import include
from ..log import Log, counted
from ..request import Request
from . import checks, imports, opened, shadowing
from .ahead import Ahead
from .imports import Failure, Report

PYTHON = "python"
NAME_FROM = re.compile(r"cannot import name '(\w+)' from (partially \w+ module )?'([\w.]+)'")
"""How Python says that a package has neither such a name nor such a module."""


def judge(
    wanted: Request,
    contents: Sequence[Content],
    collected: Sequence[LayerFile],
    stage: Path,
    log: Log,
    limit: int,
    ahead: Ahead,
) -> dict[tuple[str, str], int]:
    """Refuse what Lambda cannot use; return the packages with their sizes."""
    log.step(f"auditing {counted(len(collected), 'file')}")
    prefixes = [content.prefix for content in contents]
    checks.check_places(collected, [*prefixes, *wanted.include])
    shared = include.natives_of(collected, wanted.include)
    notes: list[str] = []
    total: dict[tuple[str, str], int] = {}
    for content in contents:
        start = content.prefix + "/"
        mine = {f.name[len(start) :]: f for f in collected if f.name.startswith(start)}
        owners = {start + name: d.name for d in content.found for name in d.files if name in mine}
        for distribution in content.found:
            key = (distribution.name, distribution.version)
            there = [name for name in distribution.files if name in mine]
            # What several distributions have is counted once.
            size = sum(mine[n].size for n in there if owners[start + n] == distribution.name)
            if there:
                total[key] = total.get(key, 0) + size
        notes += checks.notes_on_start(stage / content.prefix, content.found)
        notes += checks.notes_on_boto_of_others(content.found)
        with log.timed("audit"):
            natives, skipped = checks.loadable(
                [*native_files(mine.values(), owners), *shared], content.target
            )
            notes += skipped
            notes += checks.check_native(natives, content.target)
        report = _import(wanted, content, stage, set(mine), notes, log, ahead)
        notes += checks.check_libraries(natives, report.mapped.keys(), content.target)
        again = partial(_import_without, content, stage, report.imported)
        notes += opened.check(report, stage, natives, content.target, wanted.may_fail, again)
    # Now, while files are still packed.
    ahead.close()
    sizes = {f"{name} {version}": size for (name, version), size in total.items()}
    notes += checks.check_size(collected, sizes, limit)
    notes += checks.notes_on_boto({name: size for (name, _), size in total.items()})
    for note in dict.fromkeys(notes):
        log.note(note)
    return total


def _import(
    wanted: Request,
    content: Content,
    stage: Path,
    present: set[str],
    notes: list[str],
    log: Log,
    ahead: Ahead,
) -> Report:
    """Import every module where the target's interpreter is at hand; return what happened."""
    root = stage / content.prefix
    packages = distributions.packages_of(present)
    folders = distributions.site_folders(root)
    modules, main = {}, set()
    for d in content.found:
        own = [file for file in d.files if file in present]
        modules[d.name] = distributions.modules_of(own, packages, folders, d.name)
        top_level = distributions.top_level_of(root, d.info)
        main |= distributions.main_of(d.name, modules[d.name], packages, top_level)
    notes += shadowing.check(modules, present, content.own, content.target)
    interpreter = interpreters.find(content.target)
    if interpreter is None:
        log.note(f"no interpreter for {content.target} here: its modules are not imported")
        return Report()
    names = sorted({module for of_one in modules.values() for module in of_one})
    log.step(f"importing {counted(len(names), 'module')} with python{interpreter.version}")
    with log.timed("import"):
        lib = stage / include.LIB
        report = imports.check(
            interpreter, stage / PYTHON, names, libraries=lib, compiled=ahead.made
        )
        ahead.end()
    if report.start:
        raise _start_error(report.start, content)
    refusals, tolerated = imports.judge(report, modules, content.own, wanted.may_fail, main)
    notes += tolerated
    if refusals:
        raise _import_error(refusals, modules, content, root, wanted)
    return report


def _import_without(
    content: Content, stage: Path, modules: Sequence[str], libraries: Collection[str]
) -> Report:
    """Import modules where some libraries of this machine cannot be opened."""
    interpreter = interpreters.find(content.target)
    if interpreter is None:
        return Report()
    lib = stage / include.LIB
    return imports.check(interpreter, stage / PYTHON, modules, libraries=lib, hidden=libraries)


def _start_error(said: str, content: Content) -> BuildError:
    """Return the error that the layer's .pth files cannot be processed."""
    found = imports.PTH_ERROR.search(said)
    file = Path(found["file"]).name if found else ""
    owners = [d.name for d in content.found if file in d.files]
    which = f"line {found['line']} of {file}" if found else "a .pth file"
    of = f" of {owners[0]}" if owners else ""
    return BuildError(
        f"{which}{of} fails whenever a function starts",
        where=f"python{content.target.python}, which runs the .pth files of a layer as Lambda does "
        f"(site.addsitedir)\n{said.strip()[-1500:]}",
        expected=".pth files all of whose lines run",
        fix="choose another version of the distribution, or leave the file out with the layer's "
        "exclude if nothing needs it",
    )


def _import_error(
    refusals: Sequence[Failure],
    modules: dict[str, tuple[str, ...]],
    content: Content,
    root: Path,
    wanted: Request,
) -> BuildError:
    target = content.target
    first = refusals[0]
    removed, option = _left_out(first, content, root)
    generated = _own_module(first, modules, content)
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
        fix=f"{removed} was left out by the layer's {option}: take that option off, or narrow it"
        if removed
        else _left_behind(generated, wanted)
        if generated
        else f"add the distribution that has {missing} to the layer's dependencies"
        if absent
        else _advice(first),
    )


def _left_out(failure: Failure, content: Content, root: Path) -> tuple[str, str]:
    """Return what was missing because the layer leaves it out, with the option that does."""
    for file, option in sorted(content.left_out.items()):
        if str(root / file) in failure.chain or str(root.resolve() / file) in failure.chain:
            return file, option
    module = failure.missing.replace(".", "/")
    for file, option in sorted(content.left_out.items()):
        if module and file.startswith((f"{module}/", f"{module}.")):
            return file, option
    return "", ""


def _own_module(failure: Failure, modules: dict[str, tuple[str, ...]], content: Content) -> str:
    """Return the module of the project's own packages that is not there, or ""."""
    own = {m.split(".")[0] for name in content.own for m in modules.get(name, ())}
    named = NAME_FROM.search(failure.message)
    missing = failure.missing
    # Imported by others while it begins, a package lacks names that it has later.
    itself = named and f"/{named[3].replace('.', '/')}/__init__.py:" in failure.place
    if named and (itself or not named[2]):
        missing = f"{named[3]}.{named[1]}"
    elif "ModuleNotFoundError" not in failure.kinds:
        return ""
    # protoc writes `import x_pb2` whatever package the file is in.
    of_protoc = re.search(r"_pb2(_grpc)?$", missing) and failure.module.split(".")[0] in own
    inside = missing.split(".")[0] in own and "." in missing
    return missing if inside or of_protoc else ""


def _left_behind(module: str, wanted: Request) -> str:
    file = f"{module.rpartition('.')[2]}.py"
    return (
        f"if {file} is a generated file that git ignores, which `lambda-layer plan {wanted.layer} "
        f'--files` shows, take it back in with exclude = ["!{file}"]; if it is made later, make it '
        f"before the plan; else the package has no {module}"
    )


def _advice(failure: Failure) -> str:
    # So dlopen(3) says of a library that is not there.
    if "cannot open shared object file" in failure.message:
        return f"choose a package that brings its libraries, or {checks.BRING_LIBRARIES}"
    return (
        "choose versions that work together; what the function never imports can be left out with "
        "the layer's exclude, or be named in may_fail"
    )
