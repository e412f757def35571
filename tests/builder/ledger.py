"""A hybrid service that a project describes, applied by hand on the embedded AWS."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from builder.aws.session import Credentials, Session
from builder.hybrid.service import services_at
from builder.operations.doctor.permissions import OPERATOR, PLAN, needs_of_service
from builder.operations.doctor.rights import names_of_service
from builder.spec.layers_toml import load_config
from embedded.ecs import images
from hybrid_service.aws import Cluster, Store
from hybrid_service.client import Endpoint, Finder
from hybrid_service.state import State
from tests.builder.commands.conftest import Project
from tests.builder.conftest import ACCOUNT, REGION
from tests.fargate import define_task
from tests.hybrid_service.conftest import LEDGER
from tests.patience import wait_until

SERVICE = """
[services.ledger]
command = ["ledger", "{port}", "{data}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""


class Ledger:
    """The service ``ledger`` of a project's application: what its stack would have made."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.aws = project.aws
        self.name = f"{project.app}-ledger"
        self.bucket = f"{self.name}-{ACCOUNT}-{REGION}"
        self.s3, self.ecs, self.iam = (
            self.aws.client("s3"), self.aws.client("ecs"), self.aws.client("iam")
        )  # fmt: skip
        path = project.root / "layers.toml"
        path.write_text(path.read_text() + SERVICE)

    def apply(self) -> None:
        """Make what the stack makes."""
        self.s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        self.s3.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )
        self.ecs.create_cluster(clusterName=self.name)
        self.aws.client("logs").create_log_group(logGroupName=f"/services/{self.name}")
        self.aws.client("ecr").create_repository(repositoryName=self.name)
        self.role = self._role()
        settings = {
            "cluster": self.name,
            "task_definition": self.define(),
            "container": "service",
            "subnets": ["subnet-1"],
            "security_groups": ["sg-1"],
        }
        self.s3.put_object(
            Bucket=self.bucket, Key="ledger/service.json", Body=json.dumps(settings).encode()
        )

    def push(self) -> None:
        """Push an image that was before its own, and later, by ECR's seconds, its own."""
        ecr = self.aws.client("ecr")
        for tag in ("0", "1"):
            manifest = {"schemaVersion": 2, "config": {"tag": tag}, "layers": []}
            ecr.put_image(
                repositoryName=self.name, imageTag=tag, imageManifest=json.dumps(manifest)
            )
            pushed = time.time()
            wait_until(partial(_is_past, pushed + 1), "the next second")
        images.make(self.aws.state / "images", f"{self.name}:1", {"python3": Path(sys.executable)})

    def define(self) -> str:
        """Register a revision of its task definition."""
        return define_task(
            self.ecs,
            self.name,
            image=f"{self.name}:1",
            words=[
                *("python3", "-m", "hybrid_service.task", "--", "python3", str(LEDGER)),
                *("{port}", "{data}"),
            ],
            environment={
                "HYBRID_BUCKET": self.bucket,
                "HYBRID_PREFIX": "ledger/",
                "HYBRID_DATA": "/data/ledger",
                "HYBRID_INTERVAL": "3600",
                "HYBRID_PORT": "8000",
                "HYBRID_STOP": "20",
            },
            role=self.role,
            log_group=f"/services/{self.name}",
            stream="task",
            stopTimeout=120,
        )

    def _role(self) -> str:
        from modules.layer import hybrid_policies as policies  # here: the package starts Node

        name = f"{self.name}-task"
        trust = policies.task_trust(ACCOUNT, REGION, "aws")
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        allowed = policies.task(f"arn:aws:s3:::{self.bucket}", "ledger/")
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
        return str(made["Role"]["Arn"])

    def allow_task(self, document: Mapping[str, Any]) -> None:
        """Let its task do what a policy says."""
        self.iam.put_role_policy(
            RoleName=f"{self.name}-task", PolicyName="p", PolicyDocument=json.dumps(document)
        )

    @property
    def store(self) -> Store:
        """Its objects, as its clients see them."""
        return Store(self.bucket, "ledger/", self.s3)

    def start(self, timeout: float = 200) -> Endpoint:
        """Start it, or find it, as a function of this process's environment does."""
        finder = Finder("ledger", Store(self.bucket, "ledger/"), Cluster(self.name))
        return finder.find(timeout)

    def state(self) -> State:
        """Return its state."""
        return self.store.read().state

    def write(self, **changes: Any) -> None:
        """Write its state, whatever was there, as often as a task that runs is faster."""

        def written() -> bool:
            seen = self.store.read()
            return bool(self.store.write(seen.state.changed(**changes), seen.etag))

        wait_until(written, "the state is written")

    def running(self) -> list[str]:
        """Return the ARNs of its tasks that run."""
        return list(self.ecs.list_tasks(cluster=self.name)["taskArns"])


def operator_policy(project: Project) -> dict[str, Any]:
    """Return what docs/permissions.md says for who looks after the project's service."""
    config = load_config(project.root / "layers.toml")
    (service,) = services_at(config.app, config.services, Session(Credentials(), REGION))
    names = names_of_service(service)
    wanted = [*needs_of_service(PLAN, names), *needs_of_service(OPERATOR, names)]
    statements = [
        {"Effect": "Allow", "Action": list(need.actions), "Resource": [need.resource]}
        for need in wanted
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _is_past(moment: float) -> bool:
    return time.time() >= moment


@contextmanager
def ledger_of(project: Project) -> Iterator[Ledger]:
    """Give the project's service, applied and with its image; end its tasks."""
    found = Ledger(project)
    found.apply()
    found.push()
    yield found
    for task in found.running():
        found.ecs.stop_task(cluster=found.name, task=task)
    wait_until(lambda: not found.running(), "all tasks have ended")
