"""What `size` is asked about: layers by name, requirements files, or requirements right here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from builder.errors import SpecError
from builder.spec.layer_spec import LayerSpec
from builder.spec.layers_toml import Config
from builder.spec.runtimes import Target

DEFAULT = Target("3.13", "x86_64")
"""The target of what is in no layers.toml; x86_64 is Lambda's own default (AWS Lambda developer
guide, "Lambda instruction set architectures")."""

AD_HOC = "requirements"
"""The name of what is in no layers.toml, unless it begins with a requirement."""


ARCHIVES = {".whl", ".gz", ".zip"}


@dataclass(frozen=True)
class Asked:
    """A layer to size, and the folder that its paths are relative to."""

    spec: LayerSpec
    root: Path


@dataclass(frozen=True)
class Changes:
    """What options on the command line put in the place of a layer's own; empty: nothing."""

    python: tuple[str, ...] = ()
    architecture: tuple[str, ...] = ()
    slim: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


def asked(
    words: Sequence[str], config: Path, load: Callable[[], Config], changes: Changes
) -> list[Asked]:
    """Return the layers that words mean: all of layers.toml without any.

    A word is a layer of layers.toml, or else a file that is there, or else a requirement. With
    several runtimes or architectures in ``changes`` there is one for each. Raise SpecError for a
    word that is none of it.
    """
    found = load() if config.is_file() or not words else None
    layers = [spec for word in words for spec in _named(found, word)]
    if found is not None and not words:
        layers = list(found.layers)
    others = [word for word in words if not _named(found, word)]
    if layers and others:
        raise SpecError(
            f"{others[0]!r} stands beside the layer {layers[0].name!r}",
            where=f"layers of {config.name}, and files or requirements",
            expected="either layers, or files and requirements",
            fix="ask for the one, then for the other",
        )
    if layers:
        root = config.parent.resolve()
        return [Asked(spec, root) for layer in layers for spec in _changed(layer, changes)]
    spec, root = _ad_hoc(others, changes)
    return [Asked(each, root) for each in _changed(spec, changes)]


def _named(config: Config | None, word: str) -> list[LayerSpec]:
    """Return the layers of a name: several where ``split`` made them."""
    if config is None:
        return []
    section = f"[layers.{word}]"
    return [s for s in config.layers if s.name == word or s.where.endswith(section)]


def _changed(spec: LayerSpec, changes: Changes) -> list[LayerSpec]:
    slim = spec.slim if changes.slim is None else changes.slim
    spec = replace(spec, slim=slim, exclude=(*spec.exclude, *changes.exclude))
    if not changes.python and not changes.architecture:
        return [spec]
    pythons: list[tuple[str, ...]] = [(python,) for python in changes.python]
    architectures = changes.architecture or (spec.architecture,)
    return [
        # The images of its builds are for its own targets, and change no size.
        replace(spec, python=python, architecture=architecture, images=())
        for python, architecture in product(pythons or [spec.python], architectures)
    ]


def _ad_hoc(words: Sequence[str], changes: Changes) -> tuple[LayerSpec, Path]:
    """Return a layer of requirements files and requirements."""
    files = [Path(word) for word in words if Path(word).is_file()]
    lines = [word for word in words if not Path(word).is_file()]
    for line in lines:
        _check(line)
    for file in files:
        if file.suffix in ARCHIVES:
            raise SpecError(
                f"{file} is a package, and no list of requirements",
                where=str(file.resolve()),
                expected="a requirements file or a pyproject.toml",
                fix=f"ask for it as a requirement: 'NAME @ {file.resolve().as_uri()}'",
            )
    root = Path.cwd().resolve()
    if any(root not in file.resolve().parents for file in files):
        root = files[0].resolve().parent
    paths = []
    for file in files:
        if root not in file.resolve().parents:
            raise SpecError(
                f"{file} is not below {root}",
                where=str(file.resolve()),
                expected="files below one folder",
                fix="ask for one file at a time",
            )
        paths.append(file.resolve().relative_to(root).as_posix())
    projects = [path for path in paths if path.rpartition("/")[2] == "pyproject.toml"]
    if len(projects) > 1:
        raise SpecError(
            "several pyproject.toml are named",
            where=", ".join(projects),
            expected="one package in a layer",
            fix="ask for one at a time",
        )
    package = (projects[0].rpartition("/")[0] or ".") if projects else None
    spec = LayerSpec(
        name=_name(lines),
        python=changes.python or (DEFAULT.python,),
        architecture=(changes.architecture or (DEFAULT.architecture,))[0],
        package=package,
        requirements=tuple(path for path in paths if path not in projects),
        dependencies=tuple(lines),
        where="the command line",
    )
    return spec, root


def _name(lines: Sequence[str]) -> str:
    if not lines:
        return AD_HOC
    more = f"-and-{len(lines) - 1}-more" if len(lines) > 1 else ""
    name = canonicalize_name(Requirement(lines[0]).name)[:30]
    # A layer's name begins with a letter.
    return f"{name}{more}" if name[0].isalpha() else AD_HOC


def _check(line: str) -> None:
    try:
        Requirement(line)
    except InvalidRequirement as error:
        raise SpecError(
            f"{line!r} is no layer, no file and no requirement",
            where="the command line",
            expected="a layer of layers.toml, a requirements file, or a requirement (PEP 508)",
            fix="correct the name; quote requirements for the shell, as in 'requests>=2.32'",
        ) from error
