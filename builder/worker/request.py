"""The request: what the bundle asks the worker to build."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .errors import BuildError
from .indexes import Index
from .indexes import parse as parse_index

SCHEMA = 1
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's architectures by the name that ``uname -m`` has for them."""

SEVERAL = (
    *("extras", "requirements", "dependencies", "exclude", "may_fail", "slim"),
    *("system_packages", "include"),
)
"""Keys that hold a list of texts."""


@dataclass(frozen=True)
class Target:
    """One runtime on one architecture, and what native code must fit to run there."""

    python: str
    architecture: str
    glibc: str
    platform: str

    @property
    def machine(self) -> str:
        """The architecture as ``uname -m`` names it."""
        return MACHINES[self.architecture]

    def __str__(self) -> str:
        return f"python{self.python} on {self.architecture}"


@dataclass(frozen=True)
class Licences:
    """SPDX identifiers: ``allow`` are the only ones, unless it is empty; ``deny`` go before."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allow or self.deny)


@dataclass(frozen=True)
class Request:
    """What ``request.json`` says; ``several`` when it is narrowed to one target of several.

    ``image`` says that what is built goes into a container image, ``supervisor`` that it is one of
    a hybrid service, whose supervisor is a wheel in the bundle.
    """

    layer: str
    fingerprint: str
    targets: tuple[Target, ...]
    package: str | None = None
    extras: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    may_fail: tuple[str, ...] = ()
    slim: tuple[str, ...] = ()
    system_packages: tuple[str, ...] = ()
    pre_install: str | None = None
    include: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    exclude_newer: str = ""
    licences: Licences = Licences()
    several: bool = False
    image: bool = False
    supervisor: bool = False

    def only(self, runtime: str) -> Request:
        """Return the request for one target's part, which stays where it is in the whole layer.

        ``runtime`` is a name such as ``python3.12``; raise BuildError when it is no target's.
        """
        found = tuple(t for t in self.targets if f"python{t.python}" == runtime)
        if found:
            return replace(self, targets=found, several=len(self.targets) > 1)
        raise BuildError(
            f"the layer has no target {runtime!r}",
            where="the environment variable LAYER_TARGET",
            expected="one of " + ", ".join(f"python{target.python}" for target in self.targets),
            fix="start the build with lambda-layer or terraform apply",
        )

    def prefix(self, target: Target) -> str:
        """The folder of the layer that holds the target's modules.

        Lambda searches ``python`` and ``python/lib/pythonX.Y/site-packages`` (AWS Lambda developer
        guide, "Packaging your layer content"); files of several versions are never merged.
        """
        if len(self.targets) == 1 and not self.several:
            return "python"
        return f"python/lib/python{target.python}/site-packages"


def read(path: Path) -> Request:
    """Read ``request.json``; raise BuildError when it is not one."""
    try:
        return parse(json.loads(path.read_bytes().decode("utf-8")))
    except FileNotFoundError as error:
        raise BuildError(
            "there is no request.json here",
            where=str(path.parent),
            expected="an unpacked bundle as the current folder",
            fix="unpack the bundle and run the worker inside it",
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BuildError(
            f"the request cannot be read: {type(error).__name__}: {error}",
            where=str(path),
            expected=f"JSON as in docs/protocol.md, schema {SCHEMA}",
            fix="build the bundle again with the version of fast-lambda-layer that has this worker",
        ) from error


def parse(document: dict[str, Any]) -> Request:
    """Make a request from its JSON; raise ValueError, TypeError or KeyError when it is wrong."""
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']} is unknown")
    lists: dict[str, Any] = {
        key: tuple(_text(item) for item in _list(document.get(key))) for key in SEVERAL
    }
    request = Request(
        layer=_text(document["layer"]),
        fingerprint=_text(document["fingerprint"]),
        targets=tuple(_target(item) for item in _list(document["targets"])),
        package=_text_or_none(document.get("package")),
        pre_install=_text_or_none(document.get("pre_install")),
        indexes=tuple(parse_index(item) for item in _list(document.get("indexes"))),
        exclude_newer=_text(document.get("exclude_newer") or ""),
        licences=_licences(document.get("licences") or {}),
        image=document.get("image") is True,
        supervisor=document.get("supervisor") is True,
        **lists,
    )
    if not request.targets:
        raise ValueError("no target is named")
    if not (request.package is not None or request.requirements or request.dependencies):
        raise ValueError("nothing is asked for")
    for path in (request.package or ".", request.pre_install or ".", *request.requirements):
        if path.startswith("/") or ".." in path.split("/"):
            raise ValueError(f"{path!r} is outside the project")
    return request


def _target(item: dict[str, str]) -> Target:
    target = Target(*(_text(item[key]) for key in ("python", "architecture", "glibc", "platform")))
    if not re.fullmatch(r"3\.\d+", target.python) or not re.fullmatch(r"2\.\d+", target.glibc):
        raise ValueError(f"{item} is no target")
    if target.architecture not in MACHINES:
        raise ValueError(f"architecture {target.architecture!r} is unknown")
    return target


def _licences(rules: dict[str, object]) -> Licences:
    lists = {key: tuple(_text(word) for word in _list(words)) for key, words in rules.items()}
    return Licences(**lists)


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _list(value: object) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise TypeError(f"{value!r:.100} is not a list")
    return value or []


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
