"""An application: its name, and the names in AWS that follow from it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from builder.errors import SpecError
from builder.spec.indexes import CodeArtifact as CodeArtifact
from builder.spec.indexes import Index as Index

APP_NAME = re.compile(r"[a-z][a-z0-9-]{0,26}[a-z0-9]")
"""Names of applications: a bucket's name (63 characters) also holds account and region."""

TOPIC_ARN = re.compile(r"arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]{1,256}")
"""ARNs of SNS topics that are not FIFO topics."""


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
