"""What the roles of a hybrid service may do, asked of an IAM that enforces it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws
from hybrid_service import state
from modules.layer import hybrid_policies as policies

Ask = Callable[[Any], Any]


class Site:
    """A bucket with the objects of a service and of another one."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.bucket = f"hp-{uuid.uuid4().hex[:10]}"
        self.arn = f"arn:aws:s3:::{self.bucket}"
        s3 = aws.client("s3")
        s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        for service in ("mine", "other"):
            for key in ("state.json", "service.json", "snapshots/00000001-000001.tar.gz"):
                s3.put_object(Bucket=self.bucket, Key=f"{service}/{key}", Body=b"{}")

    def s3(self, policy: dict[str, Any]) -> Any:
        return self.aws.client("s3", self.aws.user(policy))

    def may(self, s3: Any, action: str, key: str) -> bool:
        """Whether an action on an object is allowed."""
        more = {"Body": b"{}"} if action == "put_object" else {}
        try:
            getattr(s3, action)(Bucket=self.bucket, Key=key, **more)
        except ClientError as error:
            return error.response["Error"]["Code"] not in ("AccessDenied", "403")
        return True


@pytest.fixture
def site(aws: EmbeddedAws) -> Site:
    return Site(aws)


SNAPSHOT = "snapshots/00000001-000001.tar.gz"


@pytest.mark.parametrize(
    ("action", "key", "allowed"),
    [
        ("get_object", "mine/state.json", True),
        ("put_object", "mine/state.json", True),
        ("get_object", f"mine/{SNAPSHOT}", True),
        ("put_object", f"mine/{SNAPSHOT}", True),
        ("delete_object", f"mine/{SNAPSHOT}", True),
        ("delete_object", "mine/state.json", False),
        ("put_object", "mine/service.json", False),
        ("get_object", "other/state.json", False),
        ("put_object", f"other/{SNAPSHOT}", False),
    ],
)
def test_a_task_has_its_state_and_its_snapshots_alone(
    site: Site, action: str, key: str, allowed: bool
) -> None:
    assert site.may(site.s3(policies.task(site.arn, "mine/")), action, key) == allowed


def client(site: Site) -> dict[str, Any]:
    return policies.client(
        bucket_arn=site.arn,
        prefix="mine/",
        cluster_arn="arn:aws:ecs:eu-central-1:123456789012:cluster/c",
        definition_arn="arn:aws:ecs:eu-central-1:123456789012:task-definition/mine",
        role_arns=["arn:aws:iam::123456789012:role/task"],
    )


@pytest.mark.parametrize(
    ("action", "key", "allowed"),
    [
        ("get_object", "mine/state.json", True),
        ("put_object", "mine/state.json", True),
        ("get_object", "mine/service.json", True),
        ("put_object", "mine/service.json", False),
        ("get_object", f"mine/{SNAPSHOT}", False),
        ("put_object", f"mine/{SNAPSHOT}", False),
        ("get_object", "other/state.json", False),
    ],
)
def test_a_function_has_the_state_and_no_data(
    site: Site, action: str, key: str, allowed: bool
) -> None:
    assert site.may(site.s3(client(site)), action, key) == allowed


def test_a_function_runs_tasks_of_its_service_alone(site: Site) -> None:
    ecs = site.aws.client("ecs", site.aws.user(client(site)))
    site.aws.client("ecs").create_cluster(clusterName="c")
    start = "arn:aws:ecs:eu-central-1:123456789012:task-definition"
    with pytest.raises(ClientError, match="AccessDenied"):
        ecs.run_task(cluster="c", taskDefinition=f"{start}/other:1")
    # Allowed, but there is no such definition.
    with pytest.raises(ClientError, match="Unable to find task definition"):
        ecs.run_task(cluster="c", taskDefinition=f"{start}/mine:1")
    with pytest.raises(ClientError, match="AccessDenied"):
        ecs.stop_task(cluster="d", task="arn:aws:ecs:eu-central-1:123456789012:task/d/x")


def test_the_keys_are_those_of_the_package_that_travels() -> None:
    assert (policies.STATE, policies.SETTINGS, f"{policies.SNAPSHOTS}/") == (
        *(state.KEY, state.SETTINGS_KEY, state.SNAPSHOTS),
    )
