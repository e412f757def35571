"""A workshop: what a test of the CodeBuild agent needs, made in a line each."""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from tests.patience import wait_until

TRUST = {"Service": "codebuild.amazonaws.com"}


class Workshop:
    """A bucket, roles and projects with names of their own."""

    def __init__(self, aws: EmbeddedAws, agent: str = "") -> None:
        self.aws = aws
        self.name = f"w-{uuid.uuid4().hex[:12]}"
        self.s3 = aws.client("s3")
        self.codebuild = aws.client(
            "codebuild",
            {**aws.environment(), "AWS_ENDPOINT_URL_CODEBUILD": agent or aws.codebuild_url},
        )
        self.s3.create_bucket(
            Bucket=self.name,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        )
        self.s3.put_bucket_versioning(
            Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
        )
        self.role_arn = self.role(self.policy("s3:*", "logs:*"))

    @staticmethod
    def policy(*actions: str, resource: str | list[str] = "*") -> dict[str, Any]:
        """Return a policy that allows actions."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
        return {"Version": "2012-10-17", "Statement": [statement]}

    @staticmethod
    def zipped(files: Mapping[str, str]) -> bytes:
        """Return a zip in which names that end in .sh are executable."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in files.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = (0o100755 if name.endswith(".sh") else 0o100644) << 16
                archive.writestr(info, text)
        return content.getvalue()

    @staticmethod
    def phase(record: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return a phase of a build."""
        return next(p for p in record["phases"] if p["phaseType"] == name)

    def role(self, allowed: Mapping[str, Any], principal: Any = TRUST) -> str:
        """Make a role that CodeBuild may assume, return its ARN."""
        iam = self.aws.client("iam")
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        name = f"r-{uuid.uuid4().hex[:12]}"
        made = iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
        return made["Role"]["Arn"]

    def put(self, key: str, content: bytes) -> str:
        """Put an object, return its version."""
        return self.s3.put_object(Bucket=self.name, Key=key, Body=content)["VersionId"]

    def read(self, key: str) -> bytes:
        """Return an object's content."""
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the bucket."""
        found = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]

    def project(self, buildspec: str, **settings: Any) -> str:
        """Make a project, return its name."""
        name = f"p-{uuid.uuid4().hex[:12]}"
        request: dict[str, Any] = {
            "name": name,
            "source": {"type": "NO_SOURCE", "buildspec": buildspec},
            "artifacts": {"type": "NO_ARTIFACTS"},
            "environment": {
                "type": "LINUX_CONTAINER",
                "image": "public.ecr.aws/sam/build-python3.11:latest",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            "serviceRole": self.role_arn,
            **settings,
        }
        self.codebuild.create_project(**request)
        return name

    def start(self, project: str, **overrides: Any) -> str:
        """Start a build, return its id."""
        return str(self.codebuild.start_build(projectName=project, **overrides)["build"]["id"])

    def look(self, build_id: str) -> dict[str, Any]:
        """Return a build's record."""
        return dict(self.codebuild.batch_get_builds(ids=[build_id])["builds"][0])

    def wait(self, build_id: str) -> dict[str, Any]:
        """Return a build's record when it has ended."""
        wait_until(lambda: self.look(build_id)["buildComplete"], f"build {build_id} ends")
        return self.look(build_id)

    def build(self, buildspec: str, settings: Any = None, **overrides: Any) -> dict[str, Any]:
        """Run a buildspec in a project of its own, return the record of the ended build."""
        return self.wait(self.start(self.project(buildspec, **(settings or {})), **overrides))

    def log(self, record: Mapping[str, Any]) -> list[str]:
        """Return the lines of a build's log, those of CodeBuild without their time."""
        logs = record["logs"]
        page = self.aws.client("logs").get_log_events(
            logGroupName=logs["groupName"], logStreamName=logs["streamName"], startFromHead=True
        )
        lines = [event["message"].rstrip("\n") for event in page["events"]]
        return [line.split(" ", 3)[3] if line.startswith("[Container]") else line for line in lines]

    def wait_for_file(self, path: Path) -> None:
        """Wait until a build's command has made a file."""
        wait_until(path.exists, f"{path} appears")


@pytest.fixture
def workshop(aws: EmbeddedAws) -> Workshop:
    return Workshop(aws)
