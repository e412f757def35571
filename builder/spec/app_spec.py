"""An application: its name, and the names in AWS that follow from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from builder.spec.app_options import CREATE
from builder.spec.app_options import Vpc as Vpc
from builder.spec.checks import Check
from builder.spec.field import Place
from builder.spec.fields import check_values, default
from builder.spec.indexes import CodeArtifact as CodeArtifact
from builder.spec.indexes import Index as Index


@dataclass(frozen=True)
class AppSpec:
    """An application: a set of layers that share one bucket and one CodeBuild project.

    ``region`` is empty when it comes from the provider or the environment. ``backend`` holds the
    settings of Terraform's S3 backend, or None for a local state file. ``sync_mode`` says whether
    releases are waited for where no option or variable decides it; None leaves it open.
    ``async_mode`` lets a function finish releases that are not waited for. ``notify`` is the ARN of
    an SNS topic for failures of these. The rest are options of the resources (app_options.py).

    Raises :class:`~builder.errors.SpecError` when a value cannot be right.
    """

    name: str
    region: str = default("region", Place.APP)
    backend: Mapping[str, Any] | None = default("backend", Place.APP)
    sync_mode: bool | None = default("sync_mode", Place.APP)
    async_mode: bool = default("async", Place.APP)
    notify: str = default("notify", Place.APP)
    kms_key: str = default("kms_key", Place.APP)
    permissions_boundary: str = default("permissions_boundary", Place.APP)
    role_path: str = default("role_path", Place.APP)
    roles: str = default("roles", Place.APP)
    access_logs: str = default("access_logs", Place.APP)
    vpc: Vpc | None = default("vpc", Place.APP)  # noqa: RUF009 - a frozen one
    tracing: bool = default("tracing", Place.APP)
    dead_letter: str = default("dead_letter", Place.APP)
    code_signing: str = default("code_signing", Place.APP)
    signing_key: str = default("signing_key", Place.APP)
    log_retention_days: int = default("log_retention_days", Place.APP)
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_values(self, Place.APP, Check(self.where or "[app]"))

    @property
    def prefix(self) -> str:
        """What all names in AWS begin with: the application's name."""
        return self.name

    def called(self, name: str, where: str) -> AppSpec:
        """Return the application under another name, which ``where`` gives, with its own state.

        Raise SpecError for what cannot name an application.
        """
        if name == self.name:
            return self
        backend = self.backend
        if backend is not None:
            backend = {**backend, "key": f"{name}/{backend['key']}"}
        return replace(self, name=name, backend=backend, where=where)

    @property
    def has_publisher(self) -> bool:
        """Whether a function finishes releases that are not waited for (async mode)."""
        return self.async_mode or self.sync_mode is False

    @property
    def publisher(self) -> str:
        """The name of the function that finishes releases in async mode."""
        return f"{self.project}-publisher"

    @property
    def project(self) -> str:
        """The CodeBuild project's name."""
        return f"{self.prefix}-layers"

    @property
    def log_group(self) -> str:
        """The CloudWatch log group of all builds."""
        return f"/aws/codebuild/{self.project}"

    def bucket(self, account: str, region: str) -> str:
        """The bucket's name: unique in the world, known before it exists."""
        return f"{self.prefix}-layers-{account}-{region}"

    def layer_name(self, layer: str, given: str = "") -> str:
        """The name the layer has in Lambda: the one that is given, or one that follows."""
        return given or f"{self.prefix}-{layer}"

    def repository(self, layer: str) -> str:
        """The repository of a layer that is an image; no layer in Lambda has a slash."""
        return f"{self.prefix}/{layer}"

    @staticmethod
    def of_project(project: str) -> str:
        """Return the name of the application that has a CodeBuild project."""
        return project.removesuffix("-layers")

    @staticmethod
    def of_bucket(bucket: str, account: str, region: str) -> str:
        """Return the name of the application that has a bucket."""
        return bucket.removesuffix(f"-layers-{account}-{region}")

    def build_role(self, layer: str, region: str) -> str:
        """The name of the role under which the layer's builds run (64 characters at most)."""
        return f"{self.prefix}-{self._short(layer)}-{region}-build"

    def build_role_arn(self, layer: str, region: str, account: str, partition: str) -> str:
        """The ARN of the role under which the layer's builds run, known before it exists."""
        return self.role_arn(self.build_role(layer, region), account, partition)

    def role_arn(self, name: str, account: str, partition: str) -> str:
        """The ARN of a role of the application by its name."""
        return f"arn:{partition}:iam::{account}:role{self.role_path}{name}"

    def push_role(self, layer: str, region: str) -> str:
        """The name of the role under which the layer's image is pushed (64 characters at most)."""
        return f"{self.prefix}-{self._short(layer)}-{region}-push"

    @property
    def makes_roles(self) -> bool:
        """Whether the stack makes the roles, and no administrator."""
        return self.roles == CREATE

    @property
    def role_mark(self) -> str:
        """What names of roles have of their path and of who makes them, "" for the usual ones.

        IAM has one role of a name, whatever its path is. Terraform may make the role at a new path
        before it deletes the one at the old, and an administrator makes one beside that of the
        stack before the stack lets it go: the two have different names.
        """
        marked = ("" if self.role_path == "/" else self.role_path) + (
            "" if self.makes_roles else self.roles
        )
        return f"-{hashlib.sha256(marked.encode()).hexdigest()[:3]}" if marked else ""

    def _short(self, layer: str) -> str:
        most = 14 - len(self.role_mark)
        if len(layer) > most:
            digest = hashlib.sha256(layer.encode()).hexdigest()[:6]
            layer = f"{layer[: most - 7]}-{digest}"
        return f"{layer}{self.role_mark}"
