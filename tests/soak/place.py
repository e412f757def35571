"""An application in the embedded AWS under its real names, so that the real commands run in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builder.layer.record import Record
from builder.protocol.variables import APP_VARIABLE
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from embedded.aws import EmbeddedAws
from tests.builder.conftest import ACCOUNT, PACKAGE, REGION, write_tree
from tests.builder.fast_worker import buildspec
from tests.patience import wait_until

TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "codebuild.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
ALLOWED = {"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}


@dataclass
class Place:
    """The stack of an application whose builds take a moment (tests/builder/fast_worker.py)."""

    aws: EmbeddedAws
    root: Path
    layers: tuple[str, ...] = ("web",)
    python: tuple[str, ...] = ("3.12",)
    app: AppSpec = field(default_factory=lambda: AppSpec(f"s{uuid.uuid4().hex[:9]}"))

    def __post_init__(self) -> None:
        write_tree(self.root, {f"src/{name}": text for name, text in PACKAGE.items()})
        table = f'package = "src"\narchitecture = "arm64"\npython = {json.dumps(self.python)}\n'
        layers = "".join(f"[layers.{name}]\n{table}" for name in self.layers)
        app = f'[app]\nname = "{self.app.name}"\nregion = "{REGION}"\n'
        write_tree(self.root, {"layers.toml": app + layers})
        self.bucket = self.app.bucket(ACCOUNT, REGION)
        s3, iam = self.aws.client("s3"), self.aws.client("iam")
        s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        for layer in self.layers:
            name = self.app.build_role(layer, REGION)
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(TRUST))
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=_policy(ALLOWED))
        self.aws.client("codebuild").create_project(
            name=self.app.project,
            source={"type": "NO_SOURCE", "buildspec": buildspec(self.root / "hold")},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "public.ecr.aws/sam/build-python3.12:latest",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=self.role(self.layers[0]),
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of a process of this application."""
        return {**self.aws.process_environment(), APP_VARIABLE: self.app.name}

    def role(self, layer: str) -> str:
        """Return the ARN of the role of a layer's builds."""
        return f"arn:aws:iam::{ACCOUNT}:role/{self.app.build_role(layer, REGION)}"

    def build(self, layer: str = "web") -> list[str]:
        """Return the arguments of the command that builds a layer."""
        return ["--config", str(self.root / "layers.toml"), "build", layer]

    def query(self, layer: str) -> dict[str, Any]:
        """Return what Terraform asks the hooks about a layer."""
        spec = LayerSpec(layer, python=self.python, architecture="arm64", package="src")
        return {
            "spec": spec.to_json(),
            "root": str(self.root),
            "layer_name": self.app.layer_name(layer),
            "bucket": self.bucket,
            "project": self.app.project,
            "build_role": self.role(layer),
            "log_group": self.app.log_group,
            "region": REGION,
            "account": ACCOUNT,
            "profile": "",
            "role_arn": "",
            "force_rebuild": "false",
            "debug_mode": "false",
            "sync_mode": "true",
        }

    def versions(self, layer: str = "web") -> list[int]:
        """Return the versions of a layer that Lambda has."""
        name = self.app.layer_name(layer)
        found = self.aws.client("lambda").list_layer_versions(LayerName=name)["LayerVersions"]
        return sorted(version["Version"] for version in found)

    def builds(self) -> list[dict[str, Any]]:
        """Return the builds of the project, oldest first."""
        codebuild = self.aws.client("codebuild")
        pages = codebuild.get_paginator("list_builds_for_project").paginate(
            projectName=self.app.project, sortOrder="ASCENDING"
        )
        ids = [build for page in pages for build in page["ids"]]
        parts = [ids[start : start + 100] for start in range(0, len(ids), 100)]
        return [dict(b) for part in parts for b in codebuild.batch_get_builds(ids=part)["builds"]]

    def wait_for_builds(self) -> None:
        """Wait until none runs any more."""
        wait_until(
            lambda: all(build["buildStatus"] != "IN_PROGRESS" for build in self.builds()),
            "the end of all builds",
        )

    def record(self, layer: str = "web") -> Record:
        """Return the record of a layer."""
        stored = self.aws.client("s3").get_object(Bucket=self.bucket, Key=f"{layer}/record.json")
        return Record.from_json(stored["Body"].read().decode(), layer)

    def ended(self) -> dict[str, Any]:
        """Return the event that the last build has ended, as EventBridge delivers it."""
        build = self.builds()[-1]
        return {
            "source": "aws.codebuild",
            "detail-type": "CodeBuild Build State Change",
            "detail": {
                "project-name": build["projectName"],
                "build-id": build["arn"],
                "build-status": build["buildStatus"],
            },
        }


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
