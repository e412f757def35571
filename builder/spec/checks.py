"""What the description of a layer may say: each value, with the reason where it is not ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from builder.errors import SpecError
from builder.spec.function_entries import problem
from builder.spec.indexes import Index
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES
from builder.spec.url_logins import login_in

LAYER_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}[a-z0-9]|[a-z]")
"""Names of layers: Lambda allows ``[a-zA-Z0-9-_]{1,140}``; ours are also S3 prefixes and parts of
role names, so they are shorter and lower case."""

SLIM = ("boto", "docs", "metadata", "stubs", "symbols", "tests")
"""What can be left out of dependencies; bytecode always is."""
SAFE_SLIM = ("metadata", "stubs", "tests")

INCLUDE = ("bin", "lib")
"""What a layer can hold beside python/: /opt/bin is on the PATH, /opt/lib on LD_LIBRARY_PATH (AWS
Lambda developer guide, "Defined runtime environment variables")."""

RPM_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~^:-]*")
"""Names of RPM packages, with or without version and architecture. RPM's own rule for a name is
``[A-Za-z0-9_][A-Za-z0-9._+-]*`` (rpmbuild_internal.h, ALLOWED_CHARS_NAME); ``~`` and ``^`` stand in
versions, ``:`` behind an epoch. It has no room for options, paths, globs, groups and URLs."""

SEVERAL = (
    *("python", "requirements", "dependencies", "extras", "exclude", "slim", "functions"),
    *("may_fail", "system_packages", "include"),
)
"""The fields that hold several strings."""

DESCRIPTION_LIMIT = 160
"""Characters left of Lambda's 256 once a version's description also carries the token."""


class Check:
    """Finds what is wrong in a description, and says where it stands."""

    def __init__(self, where: str) -> None:
        self.where = where

    def all_of(self, fields: Mapping[str, Any]) -> None:
        """Raise SpecError for the first value of a LayerSpec that cannot be right."""
        self.name(fields["name"])
        self.targets(fields["python"], fields["architecture"])
        self.paths("package", [] if fields["package"] is None else [fields["package"]])
        self.paths("requirements", fields["requirements"])
        self.dependencies(fields["dependencies"])
        self.contents(fields)
        self.extras(fields["extras"], has_package=fields["package"] is not None)
        self.some_of("slim", fields["slim"], SLIM)
        self.description(fields["description"])
        self.functions(fields["functions"])
        self.keep(fields["keep"])
        self.may_fail(fields["may_fail"])
        self.system_packages(fields["system_packages"])
        self.paths("pre_install", [] if fields["pre_install"] is None else [fields["pre_install"]])
        self.some_of("include", fields["include"], INCLUDE)

    def error(self, key: str, what: str, expected: str, fix: str = "") -> SpecError:
        """Make the error for one key."""
        fix = fix or f"change {key} in {self.where}"
        return SpecError(what, where=f"{self.where}, key {key!r}", expected=expected, fix=fix)

    def several(self, key: str, value: Any) -> tuple[str, ...]:
        """Return the strings of a field; one string alone would be taken letter by letter."""
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        one = "one string" if isinstance(value, str) else f"{value!r}"
        raise self.error(key, f"{key} is {one}", f"several strings, such as {key}=['...']")

    def name(self, name: str) -> None:
        """Check the layer's name."""
        if not LAYER_NAME.fullmatch(name):
            raise self.error(
                "name",
                f"{name!r} cannot name a layer",
                "1 to 64 lower-case letters, digits and hyphens, a letter first",
            )

    def targets(self, python: Sequence[str], architecture: str) -> None:
        """Check Python versions and architecture."""
        known = ", ".join(RUNTIMES)
        if not python:
            raise self.error("python", "no Python version is named", f"some of {known}")
        for version in python:
            if version not in RUNTIMES:
                raise self.error(
                    "python", f"Lambda has no runtime python{version}", f"one of {known}"
                )
        if len(set(python)) != len(python):
            raise self.error("python", "a Python version is named twice", "each version once")
        if architecture not in ARCHITECTURES:
            raise self.error(
                "architecture",
                f"Lambda has no architecture {architecture!r}",
                " or ".join(ARCHITECTURES),
            )

    def paths(self, key: str, paths: Iterable[str]) -> None:
        """Check that paths stay inside the project."""
        for path in paths:
            pure = PurePosixPath(path)
            if not path or pure.is_absolute() or ".." in pure.parts or "\\" in path:
                raise self.error(
                    key,
                    f"{path!r} is outside the project",
                    "a path below the project's root, relative to it, with forward slashes",
                )

    def dependencies(self, dependencies: Iterable[str]) -> None:
        """Check that each dependency is a PEP 508 requirement."""
        for text in dependencies:
            try:
                Requirement(text)
            except InvalidRequirement as error:
                raise self.error(
                    "dependencies",
                    f"{text!r} is not a requirement: {error}".splitlines()[0],
                    "PEP 508 requirements such as 'pydantic>=2,<3'",
                ) from error
            host = login_in(text)
            if host:
                raise self.error(
                    "dependencies",
                    f"a dependency has a password for {host} in its URL",
                    "URLs without credentials: they would end up in Terraform's state",
                    "describe the index under [indexes.NAME] with a secret, and name it in indexes",
                )

    def contents(self, fields: Mapping[str, Any]) -> None:
        """Check that there is something to build."""
        if not (fields["package"] or fields["requirements"] or fields["dependencies"]):
            raise self.error(
                "package",
                "the layer has nothing in it",
                "at least one of package, requirements, dependencies",
                f'add for example package = "." or dependencies = ["requests"] to {self.where}',
            )

    def extras(self, extras: Iterable[str], *, has_package: bool) -> None:
        """Check that extras have a package, and names as extras have."""
        if extras and not has_package:
            raise self.error(
                "extras",
                "extras are named, but no package that has them",
                "package = DIR beside extras; extras of dependencies go into the requirement",
                "write for example dependencies = ['pydantic[email]'] instead",
            )
        for extra in extras:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", canonicalize_name(extra)):
                raise self.error(
                    "extras", f"{extra!r} cannot name an extra", "a PEP 685 extra name"
                )

    def some_of(self, key: str, values: Iterable[str], known: Sequence[str]) -> None:
        """Check words of which there are only so many."""
        for value in values:
            if value not in known:
                raise self.error(key, f"{key} cannot be {value!r}", f"some of {', '.join(known)}")

    def description(self, description: str) -> None:
        """Check the description's length."""
        if len(description) > DESCRIPTION_LIMIT:
            raise self.error(
                "description",
                f"the description has {len(description)} characters",
                f"at most {DESCRIPTION_LIMIT} (Lambda's 256 less the token we add)",
            )

    def keep(self, keep: int) -> None:
        """Check how many versions are to be kept."""
        # True is an int in Python, and no number of versions.
        if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:
            raise self.error("keep", f"keep is {keep!r}", "a number of versions, 1 or more")

    def functions(self, functions: Iterable[str]) -> None:
        """Check that each entry names functions that can be changed."""
        for entry in functions:
            found = problem(entry)
            if found is not None:
                what, expected = found
                raise self.error("functions", what, expected)

    def may_fail(self, modules: Iterable[str]) -> None:
        """Check that each is the name of a module."""
        for module in modules:
            if not all(part.isidentifier() for part in module.split(".")):
                raise self.error(
                    "may_fail",
                    f"{module!r} cannot name a module",
                    "names as in an import statement, such as 'package.module'",
                )

    def system_packages(self, names: Iterable[str]) -> None:
        """Check that each is the name of an RPM package, and nothing else that dnf would take."""
        for name in names:
            if not RPM_NAME.fullmatch(name):
                raise self.error(
                    "system_packages",
                    f"{name!r} cannot name a package of Amazon Linux",
                    "names of RPM packages such as 'libxml2-devel', without options, paths, globs "
                    "or groups",
                    "for all else write a script and name it with pre_install",
                )

    def indexes(self, indexes: Any) -> tuple[Index, ...]:
        """Return indexes, each one once, and at most one of them in PyPI's place."""
        if not isinstance(indexes, list | tuple) or not all(isinstance(i, Index) for i in indexes):
            raise self.error("indexes", f"{indexes!r} are no indexes", "indexes, as [Index(...)]")
        names = [index.name for index in indexes]
        defaults = [index.name for index in indexes if index.default]
        if len(set(names)) != len(names):
            raise self.error("indexes", "an index is named twice", "each index once")
        if len(defaults) > 1:
            raise self.error(
                "indexes",
                f"{' and '.join(defaults)} both are to replace PyPI",
                "at most one index with default = true",
                "leave default = true to the one that is asked last",
            )
        return tuple(indexes)
