"""What the tests of the builder's core share: specs, trees and a small application in AWS."""

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from builder.aws.services import Services, connect
from builder.aws.session import Credentials, Session
from builder.clock import Clock
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.site import Site
from builder.release.plan import plan
from builder.release.release import Order, ensure
from builder.spec.layer_spec import LayerSpec
from embedded.aws import EmbeddedAws
from tests.builder.fast_worker import buildspec
from tests.region import by_aws_region_alone

PYPROJECT = '[project]\nname = "web"\nversion = "1.0"\n'
PACKAGE = {"pyproject.toml": PYPROJECT, "web/__init__.py": "", "web/app.py": "x = 1\n"}
ALWAYS = [f"src/{name}" for name in PACKAGE]

REGION = "eu-central-1"
ACCOUNT = "123456789012"


def spec_of(name: str = "web", **fields: Any) -> LayerSpec:
    """Return a spec of one dependency for python3.12 on arm64, but for what is named.

    Its size is not looked at: that would ask an index on the network.
    """
    if not {"package", "requirements", "dependencies"} & set(fields):
        fields["dependencies"] = ("requests>=2",)
    defaults: dict[str, Any] = {
        "python": ("3.12",), "architecture": "arm64", "size_check": "off",
    }  # fmt: skip
    return LayerSpec(name=name, **{**defaults, **fields})


def write_tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder; a name that ends in a slash is an empty folder."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_text(content, encoding="utf-8")
    return root


def package(root: Path, more: Mapping[str, str] | None = None) -> Path:
    """Write a package below src, with more files beside those it always has."""
    files = {**PACKAGE, **(more or {})}
    return write_tree(root, {f"src/{name}": text for name, text in files.items()})


def quick() -> Clock:
    """Return a clock that does not wait for long."""
    return Clock(sleep=lambda seconds: time.sleep(min(seconds, 0.1)))


def hurried(pace: float = 1.0) -> Clock:
    """Return a clock whose time passes quickly while somebody waits, as for a dead lease.

    Its pauses take no time and last ``pace`` times as long as they should.
    """
    skipped = [0.0]

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, 0.02))
        skipped[0] += seconds * pace

    return Clock(
        now=lambda: time.time() + skipped[0],
        monotonic=lambda: time.monotonic() + skipped[0],
        sleep=sleep,
    )


@cache
def session_at(_url: str, _access_key_id: str) -> Session:
    """Return a session of this process's environment; a new one reads all models anew."""
    return Session(Credentials(), REGION)


@dataclass
class World:
    """An application of its own in the embedded AWS, and a project folder."""

    aws: EmbeddedAws
    root: Path
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")

    def __post_init__(self) -> None:
        package(self.root)
        s3 = self.aws.client("s3")
        s3.create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        s3.put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        self.role = self._role()
        self.aws.client("codebuild").create_project(
            name=self.name,
            source={"type": "NO_SOURCE", "buildspec": buildspec(self.hold)},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "public.ecr.aws/sam/build-python3.12:latest",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=self.role,
        )

    def _role(self) -> str:
        iam = self.aws.client("iam")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": ["codebuild.amazonaws.com", "lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
        allowed = {"Effect": "Allow", "Action": ["s3:*", "logs:*"], "Resource": "*"}
        made = iam.create_role(
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        iam.put_role_policy(
            RoleName=self.name,
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
        )
        return made["Role"]["Arn"]

    @cached_property
    def session(self) -> Session:
        """A session of whoever this process is."""
        return session_at(self.aws.url, os.environ["AWS_ACCESS_KEY_ID"])

    @cached_property
    def services(self) -> Services:
        """The application's services; making clients takes a while, so they are made once."""
        return self.connect(self.session)

    def connect(self, session: Session) -> Services:
        """Return the application's services for another session."""
        return connect(session, bucket=self.name, project=self.name)

    def become(self, monkeypatch: pytest.MonkeyPatch, *actions: str) -> None:
        """Go on as a user who may do these actions and nothing else."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        user = self.aws.user({"Version": "2012-10-17", "Statement": [statement]})
        environ(monkeypatch, user)
        for made in ("session", "services"):
            vars(self).pop(made, None)

    def layer(self, name: str = "web", **fields: Any) -> Layer:
        """Return a layer of the package src, read anew from the project folder."""
        site = Site(
            layer_name=f"{self.name}-{name}",
            bucket=self.name,
            project=self.name,
            build_role=self.role,
            log_group=f"/aws/codebuild/{self.name}",
            account=ACCOUNT,
            region=REGION,
        )
        spec = spec_of(name, **{"package": "src", **fields})
        return Layer(spec, self.root, site, self.services)

    def edit(self, text: str | None = None) -> None:
        """Change a source file."""
        write_tree(self.root, {"src/web/app.py": text or f"x = '{uuid.uuid4()}'\n"})

    def behave(self, *words: str) -> None:
        """Say how builds of the source behave from now on."""
        write_tree(self.root, {"src/behave": " ".join(words)})

    def obey(self, *words: str) -> None:
        """Say how builds behave from now on, those of the same source too."""
        told = self.root / "told"
        told.write_text(" ".join(words), encoding="utf-8")
        self.behave("as", str(told))

    @property
    def hold(self) -> Path:
        """The file that builds wait for to be gone; it is no source of any layer."""
        return self.root / "hold"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let every build wait inside the block: none can end before what a test does there."""
        self.hold.touch()
        try:
            yield
        finally:
            self.hold.unlink()

    def release(
        self,
        layer: Layer | None = None,
        *,
        force: bool = False,
        clock: Clock | None = None,
        progress: Callable[[str], None] = lambda _line: None,
    ) -> Release:
        """Plan and release, as an apply does."""
        layer = layer or self.layer()
        order = order_of(layer, force=force)
        self.put(f"{layer.name}/approved", str(order.token).encode())
        return ensure(layer, order, clock=clock or quick(), progress=progress)

    def builds(self) -> list[dict[str, Any]]:
        """Return the builds of the project, oldest first."""
        codebuild = self.aws.client("codebuild")
        ids = codebuild.list_builds_for_project(projectName=self.name, sortOrder="ASCENDING")["ids"]
        return [dict(b) for b in codebuild.batch_get_builds(ids=ids)["builds"]] if ids else []

    def versions(self, layer: str = "web") -> list[int]:
        """Return the versions of a layer that Lambda has."""
        found = self.aws.client("lambda").list_layer_versions(LayerName=f"{self.name}-{layer}")
        return sorted(entry["Version"] for entry in found["LayerVersions"])

    def delete_version(self, version: int, layer: str = "web") -> None:
        """Delete a layer version by hand."""
        self.aws.client("lambda").delete_layer_version(
            LayerName=f"{self.name}-{layer}", VersionNumber=version
        )

    def put(self, key: str, content: bytes) -> None:
        """Put an object by hand."""
        self.aws.client("s3").put_object(Bucket=self.name, Key=key, Body=content)

    def read(self, key: str) -> bytes:
        """Read an object."""
        return self.aws.client("s3").get_object(Bucket=self.name, Key=key)["Body"].read()

    def delete(self, key: str) -> None:
        """Delete an object by hand, which leaves a delete marker."""
        self.aws.client("s3").delete_object(Bucket=self.name, Key=key)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys of the bucket."""
        found = self.aws.client("s3").list_objects_v2(Bucket=self.name, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]


def order_of(layer: Layer, *, force: bool = False) -> Order:
    """Return what an apply orders now."""
    planned = plan(layer, force=force)
    return Order(planned.token, planned.reason, fresh=force)


def die(world: World, writes: int, *, force: bool = False, **fields: Any) -> None:
    """Release a layer of these fields as a process that is killed after so many writes."""
    order = order_of(world.layer(**fields), force=force)
    doomed = replace(world.layer(**fields), services=world.connect(DoomedSession(writes)))
    with pytest.raises(Killed):
        ensure(doomed, order, clock=quick())


def environ(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Put this process where the environment says, and nowhere else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in by_aws_region_alone(environment).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def world(aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An application of its own in the embedded AWS."""
    environ(monkeypatch, aws.environment())
    return World(aws, tmp_path)


class Killed(BaseException):
    """What a doomed process meets: it is gone, so nothing of ours may catch it."""


class DoomedSession(Session):
    """A session whose process dies after so many calls that write."""

    def __init__(self, writes: int) -> None:
        super().__init__(Credentials(), REGION)
        self.left = writes
        self.dead = False

    def client(self, service: str, **options: Any) -> Any:
        """Return a client that counts."""
        client = super().client(service, **options)
        client.meta.events.register("before-call", self._before)
        client.meta.events.register("after-call", self._after)
        return client

    def _before(self, **_event: Any) -> None:
        if self.dead or self.left == 0:
            self.dead = True
            raise Killed

    def _after(self, model: Any, **_event: Any) -> None:
        if model.name.startswith(("Get", "Head", "List", "BatchGet")):
            return
        self.left -= 1
        if self.left == 0:
            self.dead = True
            raise Killed
