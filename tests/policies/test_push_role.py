"""What the role that pushes an image can do in an AWS that enforces its policy, and what not."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from builder.aws.images import Registries
from builder.aws.session import Credentials, Session
from builder.aws.store import Store
from builder.errors import AwsError
from builder.images.errors import RegistryError
from builder.images.order import Order
from builder.images.reference import Reference
from builder.images.registry import Document, Registry
from builder.pusher.image import carry_out
from embedded.calls import INTERNAL
from embedded.ministack import trust
from tests.builder.conftest import ACCOUNT, REGION, World, environ
from tests.builder.layer.test_image_versions import pushed, pusher_of
from tests.builder.pusher.test_image import base, order

__all__ = ["base", "order"]


@pytest.fixture
def role(world: World, order: Order, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The role of the layer web, as a push has it; ``order`` has made its repository."""
    pusher_of(world)
    ecr: Any = world.aws.client("ecr")
    ecr.create_repository(repositoryName=f"{world.name}/other", imageTagMutability="IMMUTABLE")
    sts = world.aws.client("sts", world.aws.environment())

    def name(request: Any, **_: Any) -> None:
        request.headers["User-Agent"] = INTERNAL

    sts.meta.events.register("before-send", name)
    project = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{world.name}_web"
    trust.send(sts, arn=project, account=ACCOUNT)
    arn = f"arn:aws:iam::{ACCOUNT}:role/{world.name}_web"
    found = sts.assume_role(RoleArn=arn, RoleSessionName="push")["Credentials"]
    environment = {
        **world.aws.environment(),
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }
    environ(monkeypatch, environment)
    return Session(Credentials(), REGION)


def registry_of(session: Session) -> Registry:
    registries = Registries(session)
    login = registries.log_in(registries.registry())
    return Registry(registries.registry(), login=login.login, url=login.url)


def test_it_pushes_into_its_own_repository(world: World, order: Order, role: Session) -> None:
    carry_out(order, Store(role, world.name), Registries(role), lambda _line: None)

    assert pushed(world) == [order.tag]


def test_it_pushes_nothing_into_a_neighbours(world: World, order: Order, role: Session) -> None:
    other = replace(order, repository=f"{world.name}/other")
    with pytest.raises(RegistryError, match="is not authorized to perform: ecr:BatchGetImage"):
        carry_out(other, Store(role, world.name), Registries(role), lambda _line: None)

    registry, name = registry_of(role), f"{world.name}/other"
    with pytest.raises(RegistryError, match="status 403"):  # HEAD: there are no words
        registry.upload(name, f"sha256:{64 * '0'}", b"x")
    into = Reference(registry.name, name, "1")
    with pytest.raises(RegistryError, match="ecr:PutImage"):
        registry.put_manifest(into, Document(b"{}", "application/json"))


def test_it_deletes_nothing(world: World, order: Order, role: Session) -> None:
    carry_out(order, Store(role, world.name), Registries(role), lambda _line: None)
    ecr: Any = boto3.client("ecr", region_name=REGION)

    with pytest.raises(ecr.exceptions.ClientError, match="AccessDenied"):
        ecr.batch_delete_image(
            repositoryName=f"{world.name}/web", imageIds=[{"imageTag": order.tag}]
        )
    assert pushed(world) == [order.tag]


@pytest.mark.parametrize(
    "key", ["web/record.json", "web/approved", "web/bundles/f.zip", "other/artifacts/f/layer.zip"]
)
def test_it_reads_neither_records_nor_what_other_layers_have(
    world: World, order: Order, role: Session, key: str, tmp_path: Path
) -> None:
    s3 = world.aws.client("s3", world.aws.environment())
    version = s3.put_object(Bucket=world.name, Key=key, Body=b"x")["VersionId"]

    with pytest.raises(AwsError, match="may not s3:GetObjectVersion"):
        Store(role, world.name).download(key, version, tmp_path / "x")


def test_a_login_is_of_whoever_has_asked_for_it(world: World, order: Order, role: Session) -> None:
    registries = Registries(role)
    login = registries.log_in(registries.registry())
    stranger = "AWS:" + base64.b64encode(b"AKIANOBODY").decode()

    with pytest.raises(RegistryError, match="status 401"):
        Registry(registries.registry(), login=stranger, url=login.url).has(order.repository, "x")
