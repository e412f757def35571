"""What to build: the description of a layer, and of the application that it is part of."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from builder.errors import SpecError
from builder.spec.checks import SAFE_SLIM, SEVERAL, Check
from builder.spec.function_entries import Scope
from builder.spec.indexes import CodeArtifact as CodeArtifact
from builder.spec.indexes import Index as Index
from builder.spec.runtimes import Target

SCHEMA = 1

APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,26}[a-z0-9]")
"""Names of applications: a bucket's name (63 characters) also holds account and region."""

TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]{1,256}")
"""ARNs of SNS topics that are not FIFO topics."""


@dataclass(frozen=True)
class LayerSpec:
    """All that describes a layer build.

    ``package`` is a folder with a pyproject.toml, ``requirements`` are requirements files; both
    are POSIX paths relative to the project's root. ``dependencies`` are PEP 508 requirements,
    ``extras`` are extras of the package, ``python`` are versions like "3.12", ``exclude`` are
    gitignore patterns over the source and the layer's files, ``slim`` names what is left out of
    dependencies (some of checks.SLIM), ``functions`` says which Lambda functions move to each new
    version: names, ARNs, ``tag:KEY=VALUE`` or ``*`` (builder/spec/function_entries.py), ``keep`` is
    how many versions are left after a release (0: all).

    ``may_fail`` are modules that need not import in the audit. ``system_packages`` are RPM packages
    that are installed before the build, then the script ``pre_install`` is run, a path like
    ``package``. ``include`` names what the layer holds beside python/ (some of checks.INCLUDE),
    ``indexes`` are package indexes, asked in this order.

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
    may_fail: tuple[str, ...] = ()
    system_packages: tuple[str, ...] = ()
    pre_install: str | None = None
    include: tuple[str, ...] = ()
    indexes: tuple[Index, ...] = ()
    keep: int = 0
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check = Check(self.where or f"layer {self.name!r}")
        for key in SEVERAL:
            # Lists are what people write in Python; the class is frozen, hence the detour.
            object.__setattr__(self, key, check.several(key, getattr(self, key)))
        object.__setattr__(self, "indexes", check.indexes(self.indexes))
        check.all_of({field.name: getattr(self, field.name) for field in fields(self)})

    @property
    def targets(self) -> tuple[Target, ...]:
        """The runtimes the layer is for, lowest version first."""
        ordered = sorted(self.python, key=lambda v: tuple(int(part) for part in v.split(".")))
        return tuple(Target(python, self.architecture) for python in ordered)

    @property
    def scope(self) -> Scope:
        """Which functions move to each new version."""
        return Scope.of(self.functions)

    def to_json(self) -> str:
        """Return the spec as canonical JSON: the same spec gives the same bytes."""
        values = asdict(self)
        del values["where"]
        return json.dumps({"schema": SCHEMA, **values}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> LayerSpec:
        """Read what :meth:`to_json` wrote; raise SpecError for anything else."""
        try:
            document = json.loads(text)
            schema = document.pop("schema")
            values: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in document.items()
            }
            values["indexes"] = tuple(map(Index.from_fields, document.get("indexes", ())))
            if schema == SCHEMA:
                return cls(**values)
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
