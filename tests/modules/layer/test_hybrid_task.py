from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builder.spec.service_spec import ServiceSpec
from hybrid_service.settings import ServiceSettings, place
from hybrid_service.task.settings import TaskSettings
from modules.layer import hybrid_task as task


def spec(**changes: Any) -> ServiceSpec:
    settings = {"command": ["ledger", "{port}", "{data}"], "image_tag": "1", **changes}
    return ServiceSpec("ledger", **settings)


def container(**changes: Any) -> dict[str, Any]:
    return task.container(
        spec(**changes), image="repository:1", bucket="b", log_group="/l", region="eu-west-1"
    )


def environment(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in found["environment"]}


def test_the_supervisor_understands_what_it_is_told() -> None:
    told = environment(container(health="/up", interval=7, idle=31, lifetime=61, start=32))

    settings = TaskSettings.from_environment({**told, "HYBRID_GENERATION": "3"})

    assert (settings.bucket, settings.prefix) == ("b", "ledger/")
    assert settings.data == Path("/data/ledger")
    assert (settings.port, settings.health) == (8000, "/up")
    assert (settings.interval, settings.idle, settings.lifetime) == (7, 31, 61)
    assert (settings.start, settings.stop) == (32, task.LONGEST_STOP)


def test_the_client_understands_what_it_is_told() -> None:
    document = task.client_settings(
        spec(health="/up", public_address=True, start=40, starts_an_hour=2),
        cluster="c",
        task_definition="arn:definition:3",
        subnets=("subnet-1", "subnet-2"),
        security_group="sg-1",
    )

    assert ServiceSettings.from_json(json.dumps(document).encode(), "here") == ServiceSettings(
        cluster="c",
        task_definition="arn:definition:3",
        container=container()["name"],
        subnets=("subnet-1", "subnet-2"),
        security_groups=("sg-1",),
        public_address=True,
        health="/up",
        start=40,
        starts_an_hour=2,
    )


def test_a_function_finds_the_service_by_its_variable() -> None:
    told = task.place("bucket", spec())

    assert place("ledger", told) == ("bucket", "ledger/")


def test_the_container_can_write_to_its_volumes_alone() -> None:
    found = container()

    assert found["readonlyRootFilesystem"] is True
    assert found["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
    writable = {one["containerPath"] for one in found["mountPoints"]}
    told = environment(found)
    assert {told["HOME"], told["TMPDIR"]} < writable
    assert Path(told["HYBRID_DATA"]).parent.as_posix() in writable


def test_the_supervisor_is_first_whatever_the_image_starts() -> None:
    found = container()

    assert found["entryPoint"][-1] == "--"
    assert found["command"] == ["ledger", "{port}", "{data}"]


def test_what_terraform_would_take_for_a_template_is_escaped() -> None:
    found = container(command=["sh", "-c", "serve {port} ${HOME} %{if}"], health="/${x}")

    assert found["command"][-1] == "serve {port} $${HOME} %%{if}"
    assert environment(found)["HYBRID_HEALTH"] == "/$${x}"


@pytest.mark.parametrize(
    ("image", "repository"),
    [
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/ledger:1",
            "arn:aws:ecr:eu-west-1:123456789012:repository/team/ledger",
        ),
        (
            f"123456789012.dkr.ecr.us-east-1.amazonaws.com/ledger@sha256:{'0' * 64}",
            "arn:aws:ecr:us-east-1:123456789012:repository/ledger",
        ),
        (
            "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/ledger:1",
            "arn:aws:ecr:us-east-1:123456789012:repository/ledger",
        ),
        (
            "123456789012.dkr-ecr.eu-west-1.on.aws/team/ledger:1",
            "arn:aws:ecr:eu-west-1:123456789012:repository/team/ledger",
        ),
        ("public.ecr.aws/docker/library/python:3.13", ""),
        ("ghcr.io/chroma-core/chroma:1.5.9", ""),
    ],
)
def test_only_an_image_in_ecr_needs_rights(image: str, repository: str) -> None:
    assert task.repository_of(image, "aws") == repository
