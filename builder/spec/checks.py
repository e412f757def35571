"""Which values a description of an application or a layer may have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Any

from packaging.utils import canonicalize_name

from builder.errors import SpecError
from builder.spec.compute import LAMBDA_PYTHON
from builder.spec.function_entries import problem
from builder.spec.indexes import REGION, Index
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

ERROR, WARN, OFF = "error", "warn", "off"
SIZE_CHECKS = (ERROR, WARN, OFF)
"""What a plan does about a size that it foresees: refuse what cannot fit, say it, not look."""

RPM_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~^:-]*")
"""Names of RPM packages, with or without version and architecture. RPM's own rule for a name is
``[A-Za-z0-9_][A-Za-z0-9._+-]*`` (rpmbuild_internal.h, ALLOWED_CHARS_NAME); ``~`` and ``^`` stand in
versions, ``:`` behind an epoch. It has no room for options, paths, globs, groups and URLs."""

APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,26}[a-z0-9]")
"""Names of applications: a bucket's name (63 characters) also holds account and region."""

TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]{1,256}")
"""ARNs of SNS topics that are not FIFO topics."""

LAMBDA_NAME = re.compile(r"[A-Za-z0-9_-]{1,140}")
"""Names of layers in Lambda (AWS Lambda API reference, PublishLayerVersion)."""

PRINCIPAL = re.compile(r"\d{12}|o-[a-z0-9]{10,32}")
"""Accounts and organizations (AWS Lambda API reference, AddLayerVersionPermission)."""

PARAMETER = re.compile(r"(/[A-Za-z0-9_.-]+){1,15}")
"""Names of parameters with their path (AWS Systems Manager API reference, PutParameter)."""

PARAMETER_LIMIT = 900
"""Characters of such a name: 1,011 less what its ARN has besides."""

DESCRIPTION_LIMIT = 160
"""Characters left of Lambda's 256 once a version's description also carries the token."""


class Check:
    """Finds what is wrong in a description, and says where it stands.

    A method that takes a key and a value returns the value as the spec holds it, or raises
    SpecError.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    def error(self, key: str, what: str, expected: str, fix: str = "") -> SpecError:
        """Make the error for one key."""
        fix = fix or f"change {key} in {self.where}"
        return SpecError(what, key=key, where=self.where, expected=expected, fix=fix)

    def text(self, key: str, value: Any) -> str:
        """Take a string."""
        if isinstance(value, str):
            return value
        raise self.error(key, f"{key} is {value!r}", "a string")

    def several(self, key: str, value: Any) -> tuple[str, ...]:
        """Take several strings; one string alone would be taken letter by letter."""
        if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            return tuple(value)
        one = "one string" if isinstance(value, str) else f"{value!r}"
        raise self.error(key, f"{key} is {one}", f"several strings, such as {key}=['...']")

    def flag(self, key: str, value: Any) -> bool:
        """Take a truth value."""
        if isinstance(value, bool):
            return value
        raise self.error(key, f"{key} is {value!r}", "true or false")

    def table(self, key: str, value: Any) -> Mapping[str, Any]:
        """Take a table of what JSON can say: strings, numbers, truth values, lists, tables."""
        if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
            with suppress(TypeError, ValueError):
                json.dumps(dict(value))
                return value
        raise self.error(key, f"{key} is {value!r}", 'a table such as { bucket = "state" }')

    def layer_name(self, name: Any) -> None:
        """Check the name of a layer."""
        if not LAYER_NAME.fullmatch(self.text("name", name)):
            raise self.error(
                "name",
                f"{name!r} cannot name a layer",
                "1 to 64 lower-case letters, digits and hyphens, a letter first",
            )

    def app_name(self, key: str, value: Any) -> str:
        """Take the name of an application."""
        if APP_NAME.fullmatch(self.text(key, value)):
            return str(value)
        raise self.error(
            key,
            f"{value!r} cannot name an application",
            "2 to 28 lower-case letters, digits and hyphens, a letter first",
            'for example name = "billing"',
        )

    def region(self, key: str, value: Any) -> str:
        """Take the name of a region, or nothing."""
        if not self.text(key, value) or REGION.fullmatch(value):
            return str(value)
        raise self.error(
            key,
            f"{value!r} is no region of AWS",
            "a region such as eu-west-1",
        )

    def topic(self, key: str, value: Any) -> str:
        """Take the ARN of an SNS topic, or nothing."""
        if not self.text(key, value) or TOPIC_ARN.fullmatch(value):
            return str(value)
        raise self.error(
            key,
            f"{value!r} is not the ARN of an SNS topic",
            "an ARN such as arn:aws:sns:eu-west-1:123456789012:builds",
            "copy it from: aws sns list-topics",
        )

    def python(self, key: str, value: Any) -> tuple[str, ...]:
        """Take Python versions."""
        versions, known = self.several(key, value), ", ".join(RUNTIMES)
        if not versions:
            raise self.error(key, "no Python version is named", f"some of {known}")
        for version in versions:
            if version not in RUNTIMES:
                raise self.error(key, f"Lambda has no runtime python{version}", f"one of {known}")
        if len(set(versions)) != len(versions):
            raise self.error(key, "a Python version is named twice", "each version once")
        return versions

    def architecture(self, key: str, value: Any) -> str:
        """Take an architecture."""
        if self.text(key, value) in ARCHITECTURES:
            return str(value)
        what = f"Lambda has no architecture {value!r}"
        raise self.error(key, what, " or ".join(ARCHITECTURES))

    def path(self, key: str, value: Any) -> str:
        """Take a path that stays inside the project."""
        path = self.text(key, value)
        pure = PurePosixPath(path)
        if path and not pure.is_absolute() and ".." not in pure.parts and "\\" not in path:
            return path
        raise self.error(
            key,
            f"{path!r} is outside the project",
            "a path below the project's root, relative to it, with forward slashes",
        )

    def paths(self, key: str, value: Any) -> tuple[str, ...]:
        """Take paths that stay inside the project."""
        return tuple(self.path(key, path) for path in self.several(key, value))

    def dependencies(self, key: str, value: Any) -> tuple[str, ...]:
        """Take PEP 508 requirements without passwords."""
        dependencies = self.several(key, value)
        if not dependencies:
            return ()
        # Only here: it takes longer to import than the rest of a description to read.
        from packaging.requirements import InvalidRequirement, Requirement

        for text in dependencies:
            try:
                wanted = Requirement(text)
            except InvalidRequirement as error:
                raise self.error(
                    key,
                    f"{text!r} is not a requirement: {error}".splitlines()[0],
                    "PEP 508 requirements such as 'pydantic>=2,<3'",
                ) from error
            self._address(key, wanted.url or "")
            host = login_in(text)
            if host:
                raise self.error(
                    key,
                    f"a dependency has a password for {host} in its URL",
                    "URLs without credentials: they would end up in Terraform's state",
                    "describe the index under [indexes.NAME] with a secret, and name it in indexes",
                )
        return dependencies

    def _address(self, key: str, url: str) -> None:
        """Refuse what is elsewhere in the build: its own files, and values of its environment."""
        if url.lower().startswith("file:"):
            raise self.error(
                key,
                f"{url!r} is a file of one machine",
                "a requirement that CodeBuild can install, too",
                "name a folder of the project with package, or its path in a requirements file",
            )
        if "${" in url:
            raise self.error(
                key,
                f"{url!r} names a variable of the environment",
                "a whole URL: what stands for the variable in the build would be written to logs",
                "write the URL without it; for a login describe the index under [indexes.NAME]",
            )

    def extras(self, key: str, value: Any) -> tuple[str, ...]:
        """Take names of extras."""
        extras = self.several(key, value)
        for extra in extras:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", canonicalize_name(extra)):
                raise self.error(key, f"{extra!r} cannot name an extra", "a PEP 685 extra name")
        return extras

    def description(self, key: str, value: Any) -> str:
        """Take a description that is not too long."""
        description = self.text(key, value)
        if len(description) <= DESCRIPTION_LIMIT:
            return description
        raise self.error(
            key,
            f"the description has {len(description)} characters",
            f"at most {DESCRIPTION_LIMIT} (Lambda's 256 less the token we add)",
        )

    def keep(self, key: str, value: Any) -> int:
        """Take how many versions are kept: 0 for all of them."""
        # True is an int in Python, and no number of versions.
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(key, f"keep is {value!r}", "a number of versions, 1 or more")
        return value

    def functions(self, key: str, value: Any) -> tuple[str, ...]:
        """Take entries that name functions that can be changed."""
        entries = self.several(key, value)
        for entry in entries:
            found = problem(entry)
            if found is not None:
                what, expected = found
                raise self.error(key, what, expected)
        return entries

    def lambda_name(self, key: str, value: Any) -> str:
        """Take the name that a layer has in Lambda, or nothing."""
        if not self.text(key, value) or LAMBDA_NAME.fullmatch(value):
            return str(value)
        raise self.error(
            key,
            f"{value!r} cannot name a layer in Lambda",
            "1 to 140 letters, digits, hyphens and underscores: no ARN, and no version",
        )

    def share(self, key: str, value: Any) -> tuple[str, ...]:
        """Take accounts and organizations, each one once."""
        entries = self.several(key, value)
        for entry in entries:
            if not PRINCIPAL.fullmatch(entry):
                raise self.error(
                    key,
                    f"{entry!r} is no account and no organization",
                    "twelve digits, or the id of an organization such as o-a1b2c3d4e5",
                    "name accounts or an organization; a layer cannot be shared with everybody",
                )
        if len(set(entries)) != len(entries):
            raise self.error(key, "an account is named twice", "each one once")
        return entries

    def parameter(self, key: str, value: Any) -> str:
        """Take the name of a parameter that AWS does not keep for itself, or nothing."""
        name = self.text(key, value)
        reserved = name.lower().startswith(("/aws", "/ssm"))
        if not name or (
            PARAMETER.fullmatch(name) and len(name) <= PARAMETER_LIMIT and not reserved
        ):
            return name
        raise self.error(
            key,
            f"{name!r} cannot name a parameter",
            "a path such as /layers/web: letters, digits and _.- between slashes; not /aws, /ssm",
        )

    def modules(self, key: str, value: Any) -> tuple[str, ...]:
        """Take names of modules."""
        modules = self.several(key, value)
        for module in modules:
            if not all(part.isidentifier() for part in module.split(".")):
                raise self.error(
                    key,
                    f"{module!r} cannot name a module",
                    "names as in an import statement, such as 'package.module'",
                )
        return modules

    def rpm_names(self, key: str, value: Any) -> tuple[str, ...]:
        """Take names of RPM packages, and nothing else that dnf would take."""
        names = self.several(key, value)
        for name in names:
            if not RPM_NAME.fullmatch(name):
                raise self.error(
                    key,
                    f"{name!r} cannot name a package of Amazon Linux",
                    "names of RPM packages such as 'libxml2-devel', without options, paths, globs "
                    "or groups",
                    "for all else write a script and name it with pre_install",
                )
        return names

    def indexes(self, key: str, value: Any) -> tuple[Index, ...]:
        """Take indexes, each one once, and at most one of them in PyPI's place."""
        if not isinstance(value, list | tuple) or not all(isinstance(i, Index) for i in value):
            raise self.error(key, f"{value!r} are no indexes", "indexes, as [Index(...)]")
        names = [index.name for index in value]
        defaults = [index.name for index in value if index.default]
        if len(set(names)) != len(names):
            raise self.error(key, "an index is named twice", "each index once")
        if len(defaults) > 1:
            raise self.error(
                key,
                f"{' and '.join(defaults)} both are to replace PyPI",
                "at most one index with default = true",
                "leave default = true to the one that is asked last",
            )
        return tuple(value)

    def contents(self, *sources: object) -> None:
        """Check that there is something to build."""
        if not any(sources):
            raise self.error(
                "package",
                "the layer has nothing in it",
                "at least one of package, requirements, dependencies",
                f'add for example package = "." or dependencies = ["requests"] to {self.where}',
            )

    def extras_have_a_package(self, extras: tuple[str, ...], package: str | None) -> None:
        """Check that extras are those of a package."""
        if extras and package is None:
            raise self.error(
                "extras",
                "extras are named, but no package that has them",
                "package = DIR beside extras; extras of dependencies go into the requirement",
                "write for example dependencies = ['pydantic[email]'] instead",
            )

    def lambda_compute(self, compute: str, python: tuple[str, ...], root: bool) -> None:
        """Check that a layer whose builds must run on Lambda compute can be built there."""
        if compute != "lambda":
            return
        fix = f'use compute = "auto" or "container" in {self.where}'
        for version in python:
            if version not in LAMBDA_PYTHON:
                what = f"CodeBuild's Lambda compute has no image of python{version}"
                raise self.error("compute", what, f"some of {', '.join(LAMBDA_PYTHON)}", fix)
        if root:
            what = "system_packages need root, which CodeBuild's Lambda compute has not"
            raise self.error("compute", what, "a layer without system_packages", fix)


def some_of(known: Sequence[str]) -> Callable[[Check, str, Any], tuple[str, ...]]:
    """Return the check of a key that holds words of which there are only so many."""

    def check_words(check: Check, key: str, value: Any) -> tuple[str, ...]:
        words = check.several(key, value)
        for word in words:
            if word not in known:
                raise check.error(key, f"{key} cannot be {word!r}", f"some of {', '.join(known)}")
        return words

    return check_words


def one_of(known: Sequence[str]) -> Callable[[Check, str, Any], str]:
    """Return the check of a key that holds one of some words."""

    def check_word(check: Check, key: str, value: Any) -> str:
        if check.text(key, value) in known:
            return str(value)
        raise check.error(key, f"{key} cannot be {value!r}", f"one of {', '.join(known)}")

    return check_word
