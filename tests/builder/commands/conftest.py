"""What the tests of commands share: a project with a layers.toml, whose stack is applied."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from builder.cli import main
from builder.clock import Clock
from builder.commands import build as build_command
from builder.layer.record import Release
from builder.release.release import ensure
from builder.spec.app_spec import AppSpec
from embedded.aws import EmbeddedAws
from tests.builder.aws.test_layers import archive
from tests.builder.conftest import (
    ACCOUNT,
    REGION,
    World,
    environ,
    quick,
    write_tree,
)
from tests.builder.fast_worker import buildspec
from tests.builder.pushing import make_pusher
from tests.patience import PATIENCE
from tests.region import by_aws_region_alone
from tests.registry import Registry

PROGRAM = str(Path(sys.executable).with_name("lambda-layer"))
LAYERS = """
[app]
name = "{app}"
region = "eu-central-1"
[layers.web]
package = "src"
python = ["3.12"]
architecture = "arm64"
"""


class Project(World):
    """A project with a layers.toml, whose stack is applied."""

    def __init__(self, aws: EmbeddedAws, root: Path) -> None:
        super().__init__(aws, root)
        self.app = f"a{self.name[:12]}"
        write_tree(root, {"layers.toml": LAYERS.format(app=self.app)})
        aws.client("codebuild").create_project(
            name=f"{self.app}-layers",
            source={"type": "NO_SOURCE", "buildspec": buildspec(self.hold)},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "public.ecr.aws/sam/build-python3.12:latest",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=self.role,
        )
        self.bucket = f"{self.app}-layers-123456789012-eu-central-1"
        s3 = aws.client("s3")
        s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        iam = aws.client("iam")
        document = iam.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"]
        allowed = iam.get_role_policy(RoleName=self.name, PolicyName="p")["PolicyDocument"]
        role = f"{self.app}-web-eu-central-1-build"
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document))
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(allowed))

    def run(self, *arguments: str, **options: Any) -> Result:
        """Run the command in this process."""
        config = str(self.root / "layers.toml")
        return CliRunner().invoke(main, ["--config", config, *arguments], **options)

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs in a process of its own."""
        config = str(self.root / "layers.toml")
        return [PROGRAM, "--config", config, *arguments]


@pytest.fixture
def project(aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    environ(monkeypatch, aws.environment())

    def quickly(*arguments: Any, clock: Clock | None = None, **options: Any) -> Release:
        return ensure(*arguments, clock=clock or quick(), **options)

    monkeypatch.setattr(build_command, "ensure", quickly)
    return Project(aws, tmp_path)


@pytest.fixture
def image_project(project: Project) -> Iterator[Project]:
    """A project whose layer web is a container image, on a base of a registry on loopback."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        path = project.root / "layers.toml"
        more = f'image = true\nbase = "{registry.host}/python:3"\n'
        path.write_text(path.read_text() + more)
        ecr: Any = project.aws.client("ecr")
        ecr.create_repository(repositoryName=f"{project.app}/web", imageTagMutability="IMMUTABLE")
        make_pusher(
            project.aws,
            project=AppSpec(project.app).project,
            bucket=project.bucket,
            repository=f"{project.app}/web",
        )
        yield project


def image_of(project: Project) -> str:
    """Return what the image of web is called now, by its digest."""
    return str(json.loads(project.run("show", "web", "--json").stdout)["image_uri"])


def images_of(project: Project) -> list[int]:
    """Return the numbers of the images of web that are in its repository."""
    ecr: Any = project.aws.client("ecr")
    found = ecr.describe_images(repositoryName=f"{project.app}/web")["imageDetails"]
    return sorted(int(t.rpartition("-")[2]) for i in found for t in i.get("imageTags", ()))


def function_with(project: Project, image: str) -> str:
    """Make a function that has an image."""
    project.aws.client("lambda").create_function(
        FunctionName=project.name, Role=project.role, PackageType="Image", Code={"ImageUri": image}
    )
    return project.name


def ran(command: list[str], aws: EmbeddedAws, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command as a process in the embedded AWS."""
    return subprocess.run(
        command, env=by_aws_region_alone(aws.process_environment()), capture_output=True,
        text=True, check=False, timeout=PATIENCE, **options,
    )  # fmt: skip


def releases(project: Project, count: int) -> None:
    """Build that many releases of web, each of other sources."""
    for _ in range(count):
        project.edit()
        done = project.run("build", "web")
        assert done.exit_code == 0, done.output


def function_on(project: Project, version: int) -> str:
    """Make a function that has a version of web."""
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{project.app}-web:{version}"
    project.aws.client("lambda").create_function(
        FunctionName=project.name, Runtime="python3.12", Architectures=["arm64"],
        Role=project.role, Handler="x.y", Code={"ZipFile": archive()}, Layers=[arn],
    )  # fmt: skip
    return project.name


def name_function(project: Project) -> None:
    """Let layers.toml name the project's function."""
    path = project.root / "layers.toml"
    path.write_text(path.read_text() + f'functions = ["{project.name}"]\n')
