"""Regions other than the embedded AWS's own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.codebuild.regions import Regions

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

WHERE = "version: 0.2\nphases:\n  build:\n    commands: ['echo in $AWS_REGION']\n"


def elsewhere(workshop: Workshop, region: str) -> Any:
    environment = {**workshop.aws.environment(), "AWS_REGION": region}
    return workshop.aws.client("codebuild", environment)


def test_a_build_runs_in_the_region_that_was_asked(workshop: Workshop) -> None:
    home = workshop.codebuild
    name = workshop.project(WHERE)
    workshop.codebuild = elsewhere(workshop, "eu-west-1")
    assert workshop.codebuild.batch_get_projects(names=[name])["projectsNotFound"] == [name]
    project = workshop.project(WHERE, queuedTimeoutInMinutes=30)
    build = workshop.wait(workshop.start(project))
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    assert build["arn"].startswith("arn:aws:codebuild:eu-west-1:")
    logs = workshop.aws.client(
        "logs", {**workshop.aws.environment(), "AWS_REGION": "eu-west-1"}
    ).get_log_events(
        logGroupName=build["logs"]["groupName"], logStreamName=build["logs"]["streamName"]
    )
    assert any("in eu-west-1" in event["message"] for event in logs["events"])
    found = workshop.codebuild.batch_get_projects(names=[project])["projects"]
    assert found[0]["queuedTimeoutInMinutes"] == 30
    assert workshop.codebuild.list_builds()["ids"].count(build["id"]) == 1

    assert build["id"] not in home.list_builds()["ids"]
    assert home.batch_get_builds(ids=[build["id"]])["buildsNotFound"] == [build["id"]]
    assert home.batch_get_projects(names=[project])["projects"] == []


def test_a_project_that_is_elsewhere_is_said_to_be_not_there(workshop: Workshop) -> None:
    name = workshop.project(WHERE)
    other = elsewhere(workshop, "us-east-1")
    with pytest.raises(other.exceptions.ResourceNotFoundException, match=name):
        other.start_build(projectName=name)
    with pytest.raises(other.exceptions.ResourceNotFoundException):
        other.delete_project(name=name)


@pytest.mark.aws
def test_builds_of_other_regions_are_known_after_a_restart(tmp_path: Path) -> None:
    from tests.embedded.conftest import Workshop

    with EmbeddedAws(tmp_path) as aws:
        workshop = Workshop(aws)
        workshop.codebuild = elsewhere(workshop, "eu-west-1")
        build = workshop.build(WHERE)
        aws.restart_agent()
        assert workshop.look(build["id"])["buildStatus"] == "SUCCEEDED"


@dataclasses.dataclass
class Made:
    region: str
    folder: Path


def test_only_a_region_in_a_signature_makes_a_service(tmp_path: Path) -> None:
    regions: Any = Regions("eu-central-1", tmp_path, Made)  # type: ignore[arg-type] # a fake

    def asked(region: str, service: str = "codebuild") -> str:
        scope = f"Credential=AKIA/20260101/{region}/{service}/aws4_request, SignedHeaders=host"
        return str(regions.asked({"authorization": f"AWS4-HMAC-SHA256 {scope}"}).region)

    assert asked("ap-southeast-2") == "ap-southeast-2"
    assert asked("us-gov-west-1") == "us-gov-west-1"
    for hostile in ("../../etc", "eu-west-1/../../x", "", "EU-WEST-1", "eu-west-1000"):
        assert asked(hostile) == "eu-central-1", hostile
    assert asked("eu-west-2", "s3") == "eu-central-1"
    assert regions.asked({}).region == "eu-central-1"
    assert sorted(p.name for p in (tmp_path / "regions").iterdir()) == [
        "ap-southeast-2",
        "us-gov-west-1",
    ]
