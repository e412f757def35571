"""What to build: the description of one layer, checked when it is made."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from builder.errors import SpecError
from builder.runtimes import ARCHITECTURES, RUNTIMES, Target

SCHEMA = 1

LAYER_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}[a-z0-9]|[a-z]")
"""Names of layers: Lambda allows ``[a-zA-Z0-9-_]{1,140}``; ours are also S3 prefixes and parts of
role names, so they are shorter and lower case."""

APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,26}[a-z0-9]")
"""Names of applications: a bucket's name (63 characters) also holds account and region."""

TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]{1,256}")
"""ARNs of SNS topics that are not FIFO topics."""

FUNCTION_NAME = re.compile(
    r"(arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:)?[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9$_-]+)?"
)
"""Names and ARNs of functions; the last group is a version or alias."""

SLIM = ("boto", "docs", "metadata", "stubs", "symbols", "tests")
"""What can be left out of dependencies; bytecode always is."""
SAFE_SLIM = ("metadata", "stubs", "tests")

SEVERAL = ("python", "requirements", "dependencies", "extras", "exclude", "slim", "functions")
"""The fields that hold several strings."""

DESCRIPTION_LIMIT = 160
"""Characters left of Lambda's 256 once a version's description also carries the token."""


@dataclass(frozen=True)
class LayerSpec:
    """All that describes a layer build.

    ``package`` is a folder with a pyproject.toml, ``requirements`` are requirements files; both
    are POSIX paths relative to the project's root. ``dependencies`` are PEP 508 requirements,
    ``extras`` are extras of the package, ``python`` are versions like "3.12", ``exclude`` are
    gitignore patterns over the source and the layer's files, ``slim`` names what is left out of
    dependencies (one of SLIM each), ``functions`` are names or ARNs of
    Lambda functions that move to each new version.

    Raises :class:`~builder.errors.SpecError` when a value cannot be right.
    """

    name: str
    python: tuple[str, ...]
    architecture: str
    package: str | None = None
    requirements: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    description: str = ""
    exclude: tuple[str, ...] = ()
    slim: tuple[str, ...] = SAFE_SLIM
    functions: tuple[str, ...] = ()
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check = Check(self.where or f"layer {self.name!r}")
        for key in SEVERAL:
            # Lists are what people write in Python; the class is frozen, hence the detour.
            object.__setattr__(self, key, check.several(key, getattr(self, key)))
        check.all_of(self)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The runtimes the layer is for, lowest version first."""
        ordered = sorted(self.python, key=lambda v: tuple(int(part) for part in v.split(".")))
        return tuple(Target(python, self.architecture) for python in ordered)

    def to_json(self) -> str:
        """Return the spec as canonical JSON: the same spec gives the same bytes."""
        fields = asdict(self)
        del fields["where"]
        return json.dumps({"schema": SCHEMA, **fields}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> LayerSpec:
        """Read what :meth:`to_json` wrote; raise SpecError for anything else."""
        try:
            document = json.loads(text)
            schema = document.pop("schema")
            fields: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in document.items()
            }
            if schema == SCHEMA:
                return cls(**fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SpecError(
                "the layer spec cannot be read",
                where=f"query key 'spec': {error}",
                expected="the JSON that LayerSpec.to_json() writes",
                fix="synthesize the stack again with this version of fast-lambda-layer",
            ) from error
        raise SpecError(
            f"the layer spec has schema {schema}",
            where="query key 'spec'",
            expected=f"schema {SCHEMA}",
            fix="use the version of fast-lambda-layer that synthesized this stack",
        )


@dataclass(frozen=True)
class AppSpec:
    """An application: a set of layers that share one bucket and one CodeBuild project.

    ``region`` is empty when it comes from the provider or the environment. ``backend`` holds the
    settings of Terraform's S3 backend, or None for a local state file. ``sync_mode`` says whether
    releases are waited for, unless somebody says otherwise; None is nobody's word. ``async_mode``
    lets them finish without anybody. ``notify`` is the ARN of an SNS topic that hears of failed
    builds then.
    """

    name: str
    region: str = ""
    backend: Mapping[str, str] | None = None
    sync_mode: bool | None = None
    async_mode: bool = False
    notify: str = ""
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if self.notify and not TOPIC_ARN.fullmatch(self.notify):
            raise SpecError(
                f"{self.notify!r} is not the ARN of an SNS topic",
                where=f"{self.where or '[app]'}, key 'notify'",
                expected="an ARN such as arn:aws:sns:eu-west-1:123456789012:builds",
                fix="copy it from: aws sns list-topics",
            )
        if not APP_NAME.fullmatch(self.name):
            raise SpecError(
                f"{self.name!r} cannot name an application",
                where=self.where or "[app] name",
                expected="2 to 28 lower-case letters, digits and hyphens, a letter first",
                fix='for example name = "billing"',
            )

    @property
    def has_publisher(self) -> bool:
        """Whether releases can finish without anybody (async mode)."""
        return self.async_mode or self.sync_mode is False

    @property
    def publisher(self) -> str:
        """The name of the function that finishes releases in async mode."""
        return f"{self.project}-publisher"

    @property
    def project(self) -> str:
        """The CodeBuild project's name."""
        return f"{self.name}-layers"

    @property
    def log_group(self) -> str:
        """The CloudWatch log group of all builds."""
        return f"/aws/codebuild/{self.project}"

    def bucket(self, account: str, region: str) -> str:
        """The bucket's name: unique in the world, known before it exists."""
        return f"{self.name}-layers-{account}-{region}"

    def layer_name(self, layer: str) -> str:
        """The name the layer has in Lambda."""
        return f"{self.name}-{layer}"

    def build_role(self, layer: str, region: str) -> str:
        """The name of the role under which the layer's builds run (64 characters at most)."""
        if len(layer) > 14:
            layer = f"{layer[:7]}-{hashlib.sha256(layer.encode()).hexdigest()[:6]}"
        return f"{self.name}-{layer}-{region}-build"


class Check:
    """Finds what is wrong in a spec, and says where it stands."""

    def __init__(self, where: str) -> None:
        self.where = where

    def all_of(self, spec: LayerSpec) -> None:
        """Raise SpecError for the first value that cannot be right."""
        self.name(spec.name)
        self.targets(spec)
        self.paths("package", [] if spec.package is None else [spec.package])
        self.paths("requirements", spec.requirements)
        self.dependencies(spec.dependencies)
        self.contents(spec)
        self.slim(spec.slim)
        self.description(spec.description)
        self.functions(spec.functions)

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

    def targets(self, spec: LayerSpec) -> None:
        """Check Python versions and architecture."""
        known = ", ".join(RUNTIMES)
        if not spec.python:
            raise self.error("python", "no Python version is named", f"some of {known}")
        for version in spec.python:
            if version not in RUNTIMES:
                raise self.error(
                    "python", f"Lambda has no runtime python{version}", f"one of {known}"
                )
        if len(set(spec.python)) != len(spec.python):
            raise self.error("python", "a Python version is named twice", "each version once")
        if spec.architecture not in ARCHITECTURES:
            raise self.error(
                "architecture",
                f"Lambda has no architecture {spec.architecture!r}",
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

    def contents(self, spec: LayerSpec) -> None:
        """Check that there is something to build, and that extras have a package."""
        if not (spec.package or spec.requirements or spec.dependencies):
            raise self.error(
                "package",
                "the layer has nothing in it",
                "at least one of package, requirements, dependencies",
                f'add for example package = "." or dependencies = ["requests"] to {self.where}',
            )
        if spec.extras and not spec.package:
            raise self.error(
                "extras",
                "extras are named, but no package that has them",
                "package = DIR beside extras; extras of dependencies go into the requirement",
                "write for example dependencies = ['pydantic[email]'] instead",
            )
        for extra in spec.extras:
            if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", canonicalize_name(extra)):
                raise self.error(
                    "extras", f"{extra!r} cannot name an extra", "a PEP 685 extra name"
                )

    def slim(self, options: Iterable[str]) -> None:
        """Check what is to be left out of dependencies."""
        for option in options:
            if option not in SLIM:
                raise self.error(
                    "slim",
                    f"{option!r} is nothing that can be left out",
                    f"some of {', '.join(SLIM)}",
                )

    def description(self, description: str) -> None:
        """Check the description's length."""
        if len(description) > DESCRIPTION_LIMIT:
            raise self.error(
                "description",
                f"the description has {len(description)} characters",
                f"at most {DESCRIPTION_LIMIT} (Lambda's 256 less the token we add)",
            )

    def functions(self, functions: Iterable[str]) -> None:
        """Check that each function is named, and that it is the one that can be changed."""
        for function in functions:
            found = FUNCTION_NAME.fullmatch(function)
            if not found:
                raise self.error(
                    "functions",
                    f"{function!r} cannot name a Lambda function",
                    "a function name (1 to 64 letters, digits, - and _) or a function ARN",
                )
            if found[2] not in (None, ":$LATEST"):
                # Lambda developer guide, "Versions": a published version never changes.
                raise self.error(
                    "functions",
                    f"{function!r} names a version or alias, whose layers never change",
                    "the function itself, without a version or alias",
                )
