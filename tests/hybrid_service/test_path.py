"""The whole path: a Lambda function, its client, a task of ECS, the command, and back."""

from __future__ import annotations

import io
import json
import sys
import textwrap
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config

import hybrid_service
from embedded.aws import EmbeddedAws
from embedded.ecs import images
from embedded.ecs.containers import network_of
from hybrid_service.state import State
from tests.fargate import define_task
from tests.hybrid_service.conftest import HANDLER, LEDGER
from tests.patience import wait_until

ACCOUNT, REGION = "123456789012", "eu-central-1"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


class Site:
    """A service and a function that uses it, with no more rights than the construct gives them."""

    def __init__(
        self, aws: EmbeddedAws, image: str = "", command: Sequence[str] = ("python3", str(LEDGER))
    ) -> None:
        from modules.layer import hybrid_policies as policies  # here: the package starts Node

        self.aws = aws
        self.name = f"h-{uuid.uuid4().hex[:10]}"
        self.image, self.command = image or f"{self.name}:1", command
        self.s3, self.ecs, self.iam = aws.client("s3"), aws.client("ecs"), aws.client("iam")
        self.s3.create_bucket(
            Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        self.s3.put_bucket_versioning(
            Bucket=self.name, VersioningConfiguration={"Status": "Enabled"}
        )
        self.cluster_arn = self.ecs.create_cluster(clusterName=self.name)["cluster"]["clusterArn"]
        if not image:
            images.make(aws.state / "images", self.image, {"python3": Path(sys.executable)})
        aws.client("logs").create_log_group(logGroupName=f"/services/{self.name}")
        bucket_arn = f"arn:aws:s3:::{self.name}"
        trust = policies.task_trust(ACCOUNT, REGION, "aws")
        self.task_role = self.role("task", trust, policies.task(bucket_arn, "ledger/"))
        definition = self.define()
        settings = {
            "cluster": self.name,
            "task_definition": definition,
            "container": "service",
            "subnets": ["subnet-1"],
            "security_groups": ["sg-1"],
        }
        self.s3.put_object(
            Bucket=self.name, Key="ledger/service.json", Body=json.dumps(settings).encode()
        )
        self.function_role = self.role(
            "function",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            policies.client(
                bucket_arn=bucket_arn,
                prefix="ledger/",
                cluster_arn=self.cluster_arn,
                definition_arn=definition.rpartition(":")[0],
                role_arns=[self.task_role],
            ),
        )
        self.create_function()

    def role(self, name: str, trust: Mapping[str, Any], allowed: Mapping[str, Any]) -> str:
        made = self.iam.create_role(
            RoleName=f"{self.name}-{name}", AssumeRolePolicyDocument=json.dumps(trust)
        )
        self.iam.put_role_policy(
            RoleName=f"{self.name}-{name}", PolicyName="p", PolicyDocument=json.dumps(allowed)
        )
        return str(made["Role"]["Arn"])

    def define(self) -> str:
        words = ["python3", "-m", "hybrid_service.task", "--", *self.command]
        variables = {
            "HYBRID_BUCKET": self.name,
            "HYBRID_PREFIX": "ledger/",
            "HYBRID_DATA": "/data/ledger",
            "HYBRID_INTERVAL": "3600",
            "HYBRID_PORT": "8000",
        }
        return define_task(
            self.ecs,
            self.name,
            image=self.image,
            words=[*words, "{port}", "{data}"],
            environment=variables,
            role=self.task_role,
            log_group=f"/services/{self.name}",
            stream="task",
            stopTimeout=120,
        )

    def create_function(self) -> None:
        code = io.BytesIO()
        package = Path(hybrid_service.__file__).parent
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", textwrap.dedent(HANDLER))
            for file in package.rglob("*.py"):
                archive.write(file, str(file.relative_to(package.parent)))
        lambdas = self.aws.client("lambda")
        lambdas.create_function(
            FunctionName=self.name,
            Runtime=f"python{VERSION}",  # type: ignore[arg-type] # one that Lambda has
            Role=self.function_role,
            Handler="index.handler",
            Timeout=300,
            Code={"ZipFile": code.getvalue()},
            Environment={"Variables": {"HYBRID_SERVICE_LEDGER": f"s3://{self.name}/ledger/"}},
        )
        lambdas.get_waiter("function_active_v2").wait(FunctionName=self.name)

    def call(self, *keep: int) -> dict[str, Any]:
        """Call the function; return what it found."""
        # A call takes as long as a cold start, and one that is repeated would keep twice.
        config = Config(read_timeout=400, retries={"total_max_attempts": 1}, proxies={"https": ""})
        lambdas = boto3.Session().client(
            "lambda",
            endpoint_url=self.aws.url,
            region_name=REGION,
            aws_access_key_id=self.aws.identity.access_key_id,
            aws_secret_access_key=self.aws.identity.secret_access_key,
            config=config,
        )
        answer = lambdas.invoke(FunctionName=self.name, Payload=json.dumps({"keep": keep}).encode())
        document = json.loads(answer["Payload"].read())
        assert not answer.get("FunctionError"), document
        return dict(document)

    def state(self) -> State:
        content = self.s3.get_object(Bucket=self.name, Key="ledger/state.json")["Body"].read()
        return State.from_json(content, "state.json")

    def running(self) -> list[str]:
        return list(self.ecs.list_tasks(cluster=self.name)["taskArns"])


@pytest.fixture
def site(aws: EmbeddedAws) -> Iterator[Site]:
    site = Site(aws)
    yield site
    for task in site.running():
        site.ecs.stop_task(cluster=site.name, task=task)
    wait_until(lambda: not site.running(), "all tasks have ended")


def test_a_function_keeps_and_finds_through_a_task_cold_warm_and_stopped(site: Site) -> None:
    first = site.call(1, 2)
    assert (first["found"], first["generation"]) == ([1, 2], 1)
    assert first["url"].startswith(f"http://{network_of(urlsplit(site.aws.url).port or 0)}.")

    # Warm: the same task. Many at once: no other.
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(site.call, range(3, 7)))
    assert {one["generation"] for one in found} == {1}
    assert len(site.running()) == 1

    site.ecs.stop_task(cluster=site.name, task=site.state().task)
    wait_until(lambda: not site.running(), "the task has ended")
    assert site.state().reason == "asked to end"

    second = site.call()
    assert second["generation"] == 2
    assert sorted(second["found"]) == [1, 2, 3, 4, 5, 6]
