"""A hybrid service in a stack: planned, applied, used by a function, stopped, used again, gone."""

from __future__ import annotations

import json
import shlex
import socket
import sys
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

import hybrid_service
from builder.spec.service_spec import ServiceSpec
from embedded.ecs import images
from hybrid_service.state import RUNNING, STOPPED, State
from tests.hybrid_service.conftest import HANDLER, LEDGER
from tests.listing import every
from tests.patience import PATIENCE, wait_until
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import PYTHON, layer, write

IDLE = 30
COMMAND = ("ledger", "{port}", "{data}")
NETWORK: dict[str, Any] = {"vpc": "vpc-0123abcd", "subnets": ("subnet-0123abcd",)}


def ledger(**changes: Any) -> ServiceSpec:
    settings = {"image_tag": "1", "idle": IDLE, "interval": 3600, "cpu": 256, "memory": 512}
    return ServiceSpec("ledger", COMMAND, **{**settings, **NETWORK, **changes})


def made(make: Make, *names: str, **changes: Any) -> Stack:
    """Return a stack with layers and the service; builds are quick."""
    stack = make(*(layer(name) for name in names or ("web",)), services=(ledger(**changes),))
    quick_builds(stack)
    return stack


def of_service(addresses: Iterator[str] | dict[str, Any]) -> set[str]:
    """Return the types of the service's resources among some addresses."""
    return {a.partition(".")[0] for a in addresses if ".build_service_ledger_" in a}


def left(stack: Stack) -> list[str]:
    """Return what of the service is still there."""
    name, aws = f"{stack.name}-ledger", stack.aws
    buckets = [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]]
    roles = every(aws.client("iam"), "list_roles")
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix=f"/services/{name}")
    security = aws.client("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [f"{name}-clients", f"{name}-tasks"]}]
    )
    ecr = aws.client("ecr")
    repositories: list[Any] = []
    with suppress(ecr.exceptions.RepositoryNotFoundException):
        repositories = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    clusters = aws.client("ecs").describe_clusters(clusters=[name])["clusters"]
    definitions = aws.client("ecs").list_task_definitions(familyPrefix=name)["taskDefinitionArns"]
    found = [
        *buckets,
        *(role["RoleName"] for role in roles),
        *(group["logGroupName"] for group in groups["logGroups"]),
        *(group["GroupName"] for group in security["SecurityGroups"]),
        *(repository["repositoryName"] for repository in repositories),
        *(cluster["clusterName"] for cluster in clusters),
        *definitions,
    ]
    return [each for each in found if name in each]


def test_a_stack_of_three_layers_and_a_service_is_applied_and_the_next_plan_is_clean(
    make: Make,
) -> None:
    stack = made(make, "web", "data", "more", force_destroy=True)
    planned = stack.plan()
    assert planned.writes == []
    assert set(map(tuple, planned.changes.values())) <= {("create",), ("read",)}
    assert of_service(planned.changes) >= {
        *("aws_ecr_repository", "aws_ecr_lifecycle_policy", "aws_ecs_cluster"),
        *("aws_ecs_task_definition", "aws_iam_role", "aws_iam_role_policy", "aws_s3_bucket"),
        *("aws_s3_object", "aws_security_group", "aws_vpc_security_group_ingress_rule"),
    }

    assert stack.apply().builds == 3

    planned = stack.plan()
    assert (planned.exit_code, planned.changes) == (0, {})
    told = stack.terraform.outputs()["service_ledger"]
    bucket = f"{stack.name}-ledger-{stack.aws.identity.account}-{stack.aws.identity.region}"
    assert told["environment"] == {"HYBRID_SERVICE_LEDGER": f"s3://{bucket}/ledger/"}
    stack.destroy()
    assert left(stack) == []


def test_another_size_is_another_revision_and_nothing_else_is_replaced(make: Make) -> None:
    stack = made(make)
    stack.apply()
    with stack.edited() as document:
        (definition,) = document["resource"]["aws_ecs_task_definition"].values()
        definition["memory"] = "1024"

    planned = stack.plan()
    changes = {a: actions for a, actions in planned.changes.items() if "service_ledger" in a}
    assert changes == {
        "aws_ecs_task_definition.build_service_ledger_task": ["create", "delete"],
        "aws_s3_object.build_service_ledger_settings": ["update"],
    }
    stack.run("apply", "plan")
    assert stack.plan().exit_code == 0
    family = f"{stack.name}-ledger"
    ecs = stack.aws.client("ecs")
    (arn,) = ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"]
    assert arn.endswith(f"{family}:2")
    assert settings(stack)["task_definition"] == arn


def test_a_destroy_that_would_lose_the_data_is_refused_before_it_begins(make: Make) -> None:
    stack = made(make)
    stack.apply()
    before = left(stack)

    failed = stack.destroy(check=False)

    assert failed.exit_code == 1
    assert "Instance cannot be destroyed" in failed.said
    assert "build_service_ledger_data_bucket" in failed.said
    assert failed.writes == []
    assert left(stack) == before


def settings(stack: Stack) -> dict[str, Any]:
    """Return what clients read."""
    content = stack.aws.client("s3").get_object(Bucket=bucket_of(stack), Key="ledger/service.json")
    return dict(json.loads(content["Body"].read()))


def bucket_of(stack: Stack) -> str:
    identity = stack.aws.identity
    return f"{stack.name}-ledger-{identity.account}-{identity.region}"


def state_of(stack: Stack) -> State:
    """Return the service's state."""
    content = stack.aws.client("s3").get_object(Bucket=bucket_of(stack), Key="ledger/state.json")
    return State.from_json(content["Body"].read(), "state.json")


def add_function(stack: Stack) -> None:
    """Put a function that uses the service beside it, with what its output says and no more."""
    from modules.layer import policies  # here: the package starts Node

    archive = stack.folder / "api.zip"
    package = Path(hybrid_service.__file__).parent
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", HANDLER)
        for file in package.rglob("*.py"):
            code.write(file, str(file.relative_to(package.parent)))
    with stack.edited() as document:
        told = document["output"]["service_ledger"]["value"]
        resources = document["resource"]
        trust = json.dumps(policies.lambda_trust("${local.build_place.account}"))
        resources["aws_iam_role"]["api"] = {
            "name": f"{stack.name}-api",
            "assume_role_policy": trust,
        }
        resources["aws_iam_role_policy"]["api"] = {
            "name": "service",
            "role": "${aws_iam_role.api.name}",
            "policy": told["client_policy"],
        }
        resources["aws_lambda_function"] = {
            **resources.get("aws_lambda_function", {}),
            "api": {
                "function_name": f"{stack.name}-api",
                "role": "${aws_iam_role.api.arn}",
                "handler": "index.handler",
                "runtime": f"python{PYTHON}",
                "timeout": 300,
                "filename": str(archive),
                "environment": {"variables": told["environment"]},
                "depends_on": ["aws_iam_role_policy.api"],
            },
        }


def push_image(stack: Stack, folder: Path) -> None:
    """Make the image of the service, as a push to its repository does."""
    program = folder / "ledger"
    words = (sys.executable, str(LEDGER))
    write(program, f'#!/bin/sh\nexec {" ".join(map(shlex.quote, words))} "$@"\n')
    program.chmod(0o755)
    url = stack.terraform.outputs()["service_ledger"]["repository_url"]
    programs = {"python3": Path(sys.executable), "ledger": program}
    images.make(stack.aws.state / "images", f"{url}:1", programs)


def call(stack: Stack, *keep: int) -> dict[str, Any]:
    """Call the function; return what it found."""
    # A call takes as long as a cold start, and one that is repeated would keep twice.
    config = Config(read_timeout=400, retries={"total_max_attempts": 1}, proxies={"https": ""})
    identity = stack.aws.identity
    lambdas = boto3.Session().client(
        "lambda",
        endpoint_url=stack.aws.url,
        region_name=identity.region,
        aws_access_key_id=identity.access_key_id,
        aws_secret_access_key=identity.secret_access_key,
        config=config,
    )
    answer = lambdas.invoke(
        FunctionName=f"{stack.name}-api", Payload=json.dumps({"keep": keep}).encode()
    )
    document = json.loads(answer["Payload"].read())
    assert not answer.get("FunctionError"), document
    return dict(document)


def is_there(url: str) -> bool:
    """Whether anything listens at the address of a task."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((host, int(port))) == 0


@pytest.fixture
def used(make: Make, tmp_path: Path) -> Iterator[Stack]:
    """A stack with the service and a function that uses it; no task is left at the end."""
    stack = made(make, force_destroy=True)
    add_function(stack)
    stack.apply()
    push_image(stack, tmp_path)
    yield stack
    ecs, cluster = stack.aws.client("ecs"), f"{stack.name}-ledger"
    if ecs.describe_clusters(clusters=[cluster])["clusters"]:
        for task in ecs.list_tasks(cluster=cluster)["taskArns"]:
            ecs.stop_task(cluster=cluster, task=task)
        wait_until(lambda: not ecs.list_tasks(cluster=cluster)["taskArns"], "all tasks have ended")


def test_a_function_uses_the_service_that_stops_when_idle_and_comes_back_with_its_data(
    used: Stack,
) -> None:
    assert used.plan().exit_code == 0
    before = len(used.aws.calls())

    first = call(used, 1, 2)
    assert (first["found"], first["generation"]) == ([1, 2], 1)
    assert call(used, 3)["generation"] == 1  # warm

    wait_until(lambda: state_of(used).phase == STOPPED, "it is idle", IDLE + PATIENCE)
    assert state_of(used).reason == f"idle for {IDLE} s"
    wait_until(lambda: not is_there(first["url"]), "the task has ended")

    second = call(used)
    assert (second["found"], second["generation"]) == ([1, 2, 3], 2)

    # IAM was asked about everything, and said yes: the roles have what they need.
    ours = [c for c in used.aws.calls()[before:] if used.name in c.principal]
    assert {call.operation for call in ours} >= {"RunTask", "GetObject", "PutObject"}
    assert [call for call in ours if call.status == 403] == []
    # What runs is no part of what Terraform manages.
    assert used.plan().exit_code == 0


def test_a_destroy_ends_the_task_that_runs(used: Stack) -> None:
    url = call(used, 1)["url"]
    assert state_of(used).phase == RUNNING
    assert is_there(url)

    used.destroy()

    assert left(used) == []
    wait_until(lambda: not is_there(url), "the task that lost its state has ended")


def test_a_service_in_a_workspace_has_names_of_its_own_or_is_refused_at_plan(make: Make) -> None:
    stack = made(make, force_destroy=True)
    stack.run("workspace", "new", "dev")
    stack.plan()
    planned = json.loads(stack.terraform.run("show", "-json", "plan").stdout)
    buckets = {
        change["change"]["after"]["bucket"]
        for change in planned["resource_changes"]
        if change["type"] == "aws_s3_bucket"
    }
    identity = stack.aws.identity
    data = f"{stack.name}-dev-ledger-{identity.account}-{identity.region}"
    assert data in buckets
    assert all(bucket.startswith(f"{stack.name}-dev-") for bucket in buckets)

    long = "w" * (28 - len(f"{stack.name}-"))
    stack.run("workspace", "new", long)
    refused = stack.plan(check=False)
    assert refused.exit_code == 1
    assert f"would be named {stack.name}-{long}-ledger" in " ".join(refused.stderr.split())
