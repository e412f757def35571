"""Source folders of the project: each becomes a wheel by its own PEP 517 backend."""

from __future__ import annotations

import base64
import email
import hashlib
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..contents.distributions import NOT_TO_IMPORT, problem_of
from ..errors import BuildError
from ..names import normalize
from ..request import Target
from ..zips import BROKEN
from .explain import message
from .uv import Uv

VCS_VERSIONING = (
    "setuptools-scm",
    "setuptools_scm",
    "hatch-vcs",
    "hatch_vcs",
    "pdm-backend",
    "versioningit",
)
BUNDLE_VERSION = "0"
INFO = r"[^/]+\.dist-info"
LARGEST_METADATA = 16 << 20
"""Bytes; the longest descriptions of projects have some 100 kB."""
LOCAL_REQUIREMENT = re.compile(
    rb"(?m)^(Requires-Dist: [A-Za-z0-9][\w.-]*(?: ?\[[^]\n]*\])?) ?@ ?file:[^\s;]*"
)
UNDECIDED = re.compile(
    r"Multiple top-level (?P<kind>packages|modules) discovered in a flat-layout: "
    r"\[(?P<names>[^][]*)\]"
)
"""What setuptools says when it cannot choose (its documentation, "Package Discovery")."""


@dataclass(frozen=True)
class ProjectWheel:
    """The wheel of one source folder."""

    name: str
    version: str
    extras: tuple[str, ...]
    folder: str
    path: Path


def build(uv: Uv, folder: Path, shown: str, out: Path) -> ProjectWheel:
    """Build a folder's wheel into ``out``; raise BuildError when its backend fails."""
    before = set(out.glob("*.whl")) if out.is_dir() else set()
    outcome = uv.build_wheel(folder, out, version_variables(folder))
    made = sorted(set(out.glob("*.whl")) - before) if out.is_dir() else []
    if not outcome.ok or not made:
        undecided = UNDECIDED.search(outcome.output)
        if undecided:
            raise _undecided(shown, undecided["kind"], undecided["names"])
        raise BuildError(
            f"the package in {shown} cannot be built",
            where=f"{shown}/{_project_file(folder)}\n{message(outcome.output)}",
            expected="a pyproject.toml or a setup.py that makes a wheel of these files",
            fix=f"try `uv build --wheel {shown}` on a copy of it: the bundle has neither .git nor "
            "the files that .gitignore leaves out",
        )
    return read(made[0], shown)


def _project_file(folder: Path) -> str:
    alone = (folder / "setup.py").is_file() and not (folder / "pyproject.toml").is_file()
    return "setup.py" if alone else "pyproject.toml"


def _undecided(shown: str, kind: str, listed: str) -> BuildError:
    names = sorted(re.findall(r"'([^']+)'", listed))
    key = "packages" if kind == "packages" else "py-modules"
    return BuildError(
        f"{shown} has several {kind} of which setuptools cannot choose: {', '.join(names)}",
        where=f"{shown}/pyproject.toml: nothing in it says which belong to the layer",
        expected="one package beside pyproject.toml or below src/, or a list",
        fix=f'name them in pyproject.toml, such as [tool.setuptools] {key} = ["{names[0]}"], or '
        f"move them into {shown}/src/",
    )


def read(wheel: Path, shown: str) -> ProjectWheel:
    """Read a wheel's name, version and extras from its metadata; raise BuildError without them.

    It may be a file that the project keeps, or what a strange backend wrote.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            file = _metadata_of(archive)
            metadata = email.message_from_bytes(archive.read(file))
    except BROKEN as error:
        raise _no_wheel(wheel, shown, str(error)) from error
    problem = problem_of(metadata)
    if problem:
        raise _no_wheel(wheel, shown, f"{file}: {problem}")
    return ProjectWheel(
        name=normalize(str(metadata["Name"])),
        version=str(metadata["Version"]),
        extras=tuple(normalize(str(e)) for e in metadata.get_all("Provides-Extra") or ()),
        folder=shown,
        path=wheel,
    )


def _metadata_of(archive: zipfile.ZipFile) -> str:
    """Return the name of a wheel's METADATA; raise LookupError unless there is one of it."""
    found = [name for name in archive.namelist() if re.fullmatch(INFO + "/METADATA", name)]
    if len(found) != 1:
        raise LookupError(f"it has {len(found)} files *.dist-info/METADATA")
    size = archive.getinfo(found[0]).file_size
    if size > LARGEST_METADATA:
        raise LookupError(f"its METADATA has {size} bytes")
    return found[0]


def _no_wheel(wheel: Path, shown: str, why: str) -> BuildError:
    kept = shown.endswith(".whl")
    return BuildError(
        f"{shown} is no wheel" if kept else f"the build of {shown} made a file that is no wheel",
        where=f"{wheel.name}: {why}",
        expected="a zip with one NAME-VERSION.dist-info/METADATA, which has Name and Version (PEP "
        "427)",
        fix="build it again, or take it from where it came from"
        if kept
        else f"see what the build backend in {shown}/pyproject.toml writes: `uv build --wheel "
        f"{shown}`",
    )


def check_extras(wheel: ProjectWheel, extras: tuple[str, ...]) -> None:
    """Raise BuildError when an extra is asked for that the package does not have."""
    for extra in extras:
        if normalize(extra) not in wheel.extras:
            raise BuildError(
                f"{wheel.name} has no extra {extra!r}",
                where=f"{wheel.folder}/pyproject.toml",
                expected=f"one of {', '.join(wheel.extras)}"
                if wheel.extras
                else "no extras at all",
                fix=f"correct extras in the layer's description, or add {extra!r} to "
                "[project.optional-dependencies]",
            )


def check_target(wheel: ProjectWheel, target: Target, *, native: bool) -> None:
    """Raise BuildError when a wheel holds compiled code that was not compiled for the target."""
    if native or wheel.path.stem.endswith("-any"):
        return
    raise BuildError(
        f"{wheel.name} has compiled code, and this machine cannot compile it for {target}",
        where=f"{wheel.folder}: its build made {wheel.path.name}",
        expected=f"a pure Python package, or a build on an image of {target}",
        fix="let one layer have one Python version, so that its build runs on the image of that "
        "runtime and architecture",
    )


def names_sources(folder: Path, project: Path) -> bool:
    """Whether uv is configured where dependencies come from: no wheel can carry that.

    The root of a workspace, which is above the folder, can do so for its members.
    """
    for place in (folder, *folder.parents):
        pyproject = place / "pyproject.toml"
        text = pyproject.read_text(encoding="utf-8") if pyproject.is_file() else ""
        if "tool.uv" in text and "sources" in text:
            return True
        if place == project:
            break
    return False


def left_out(folder: Path, wheel: Path) -> list[str]:
    """Return the folder's modules and packages that its wheel lacks, if nothing says which to take.

    Without [build-system] it is setuptools that looks for them, and it leaves out modules beside
    packages, packages beside src/, and names such as tools and utils (its user guide, "Package
    Discovery").
    """
    pyproject = folder / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8") if pyproject.is_file() else ""
    chosen = re.search(r"(?m)^[ \t]*\[(build-system|tool\.setuptools)\b", text)
    if chosen or any((folder / name).exists() for name in ("setup.py", "setup.cfg")):
        return []
    with zipfile.ZipFile(wheel) as archive:
        there = {re.split(r"[/.]", name)[0] for name in archive.namelist()}
    packages = {path.parent.name: f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    modules = {path.stem: path.name for path in folder.glob("*.py")}
    return sorted(
        shown
        for name, shown in {**modules, **packages}.items()
        if name.isidentifier() and name not in there and name not in NOT_TO_IMPORT
    )


def without_paths(wheel: Path) -> None:
    """Take paths of this machine out of what a wheel requires: each build has others.

    Backends write ``name @ file:///...`` for dependencies by path.
    """
    with zipfile.ZipFile(wheel) as archive:
        meta = _metadata_of(archive)
        before = archive.read(meta)
        after = LOCAL_REQUIREMENT.sub(rb"\1", before)
        if after == before:
            return
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    digest = base64.urlsafe_b64encode(hashlib.sha256(after).digest()).rstrip(b"=").decode()
    row = f"{meta},sha256={digest},{len(after)}".encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in entries:
            if info.filename == meta:
                content = after
            elif re.fullmatch(INFO + "/RECORD", info.filename):
                pattern = rb"(?m)^" + re.escape(meta.encode()) + rb",[^\r\n]*"
                content = re.sub(pattern, row, content)
            archive.writestr(info, content)


def version_variables(folder: Path) -> dict[str, str]:
    """Return what lets a backend that asks git for the version work in a bundle without git."""
    try:
        pyproject = (folder / "pyproject.toml").read_text(encoding="utf-8")
    except OSError:
        return {}
    if (folder / ".git").exists() or not any(word in pyproject for word in VCS_VERSIONING):
        return {}
    names = ("SETUPTOOLS_SCM_PRETEND_VERSION", "PDM_BUILD_SCM_VERSION")
    return dict.fromkeys(names, BUNDLE_VERSION)
