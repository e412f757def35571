"""Which versions one target gets: from the request to its lock."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable
from urllib.parse import quote

from ..errors import BuildError
from ..log import Log, counted
from ..request import Request, Target
from . import project_lock, requirements_text
from . import required_hashes as hashes
from . import wheels as projects
from .local_packages import Own
from .lock import Lock
from .project_lock import Locked
from .resolve import Inputs, Resolver
from .wheels import ProjectWheel

SUPERVISOR = ".supervisor"
"""The folder of the project in which the bundle has the wheel of a service's supervisor."""


def resolve(
    wanted: Request,
    target: Target,
    own: Own,
    work: Path,
    log: Log,
    kept: Locked | None,
    *,
    native: bool,
    listed: bytes | None = None,
) -> Lock:
    """Return the lock for one target; build the wheels of all source folders on the way.

    ``listed`` is a pyproject.toml that only lists dependencies, and takes the package's place.
    """
    project = own.uv.cwd
    own.root_first = bool(wanted.requirements)
    lines = list(wanted.dependencies)
    folders: list[str] = []
    wheels: list[str] = []
    pyproject: Path | None = None
    if wanted.package is not None and listed is not None:
        pyproject = project / wanted.package / "pyproject.toml"
        pyproject.write_bytes(listed)
        own.named_in(pyproject.parent)
    elif wanted.package is not None:
        log.step(f"building the package in {wanted.package}")
        wheel = own.wheel(wanted.package)
        projects.check_extras(wheel, wanted.extras)
        projects.check_target(wheel, target, native=native)
        extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
        source = (project / wanted.package).resolve()
        as_folder = projects.names_sources(source, project.resolve())
        path = source if as_folder else wheel.path.resolve()
        lines.append(f"{wheel.name}{extras} @ file://{quote(str(path))}")
        (folders if as_folder else wheels).append(wheel.name)
    if wanted.supervisor:
        wheel = own.wheel(_supervisor(project))
        lines.append(f"{wheel.name} @ file://{quote(str(wheel.path.resolve()))}")
        wheels.append(wheel.name)
    direct = work / "requirements.in"
    direct.write_text("\n".join(lines) + "\n", encoding="utf-8")
    paths = [direct, *(project / path for path in wanted.requirements)]
    requirements_text.rewrite(project / path for path in wanted.requirements)
    if requirements_text.has_extra_index(paths):
        log.note(
            "requirements have an --extra-index-url, which uv asks before --index-url: what both "
            "have is taken from the extra one"
        )
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
        Inputs(
            (*paths, *([pyproject] if pyproject else [])),
            tuple(folders),
            tuple(wheels),
            constraints,
            overrides,
            wanted.extras if pyproject else (),
        ),
        lambda folder: _named(own.wheel(folder), project, paths),
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


def _named(wheel: ProjectWheel, project: Path, paths: Iterable[Path]) -> str:
    """Return a folder's name, and let requirements say it: its setup.py alone may know it."""
    requirements_text.name_folder(paths, project, project / wheel.folder, wheel.name)
    return wheel.name


def _supervisor(project: Path) -> str:
    """Return where the bundle has the supervisor of hybrid services; raise BuildError for none."""
    found = sorted((project / SUPERVISOR).glob("*.whl"))
    if len(found) == 1:
        return found[0].relative_to(project).as_posix()
    raise BuildError(
        f"the bundle has {len(found)} wheels of the supervisor",
        where=f"project/{SUPERVISOR}",
        expected="the one that lambda-layer puts there",
        fix=f"take a folder {SUPERVISOR} out of the project, if it has one, and build again",
    )


def _keep_to(kept: Locked, found: Lock, wanted: Request, log: Log) -> Lock:
    """Give the lock the project's own hashes; refuse when the project's lock lacks something."""
    locked, lacking = project_lock.keep_to(kept, found)
    if lacking and not (wanted.requirements or wanted.dependencies):
        raise project_lock.stale(kept, lacking)
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
