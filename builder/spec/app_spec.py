"""An application: its name, and the names in AWS that follow from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    an SNS topic for failures of these.

    Raises :class:`~builder.errors.SpecError` when a value cannot be right.
    """

    name: str
    region: str = default("region", Place.APP)
    backend: Mapping[str, str] | None = default("backend", Place.APP)
    sync_mode: bool | None = default("sync_mode", Place.APP)
    async_mode: bool = default("async", Place.APP)
    notify: str = default("notify", Place.APP)
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check_values(self, Place.APP, Check(self.where or "[app]"))

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

    @staticmethod
    def name_in(layer_name: str, layer: str) -> str:
        """Return the name of the application that a layer's name in Lambda begins with."""
        return layer_name.removesuffix(f"-{layer}")

    def build_role(self, layer: str, region: str) -> str:
        """The name of the role under which the layer's builds run (64 characters at most)."""
        if len(layer) > 14:
            layer = f"{layer[:7]}-{hashlib.sha256(layer.encode()).hexdigest()[:6]}"
        return f"{self.name}-{layer}-{region}-build"
