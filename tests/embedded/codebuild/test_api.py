from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.patience import PATIENCE

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

QUICK = "version: 0.2\nphases:\n  build:\n    commands: ['true']\n"


def test_a_project_keeps_all_that_it_was_given(workshop: Workshop) -> None:
    settings = {
        "cache": {"type": "S3", "location": f"{workshop.name}/cache"},
        "logsConfig": {"cloudWatchLogs": {"status": "ENABLED", "groupName": "some/group"}},
        "queuedTimeoutInMinutes": 30,
        "timeoutInMinutes": 20,
        "concurrentBuildLimit": 2,
        "tags": [{"key": "team", "value": "layers"}],
    }
    name = workshop.project(QUICK, **settings)

    found = workshop.codebuild.batch_get_projects(names=[name])["projects"][0]
    assert {key: found[key] for key in settings} == settings  # type: ignore[literal-required] # keys of the test

    workshop.codebuild.update_project(
        name=name, cache={"type": "NO_CACHE"}, concurrentBuildLimit=-1, queuedTimeoutInMinutes=60
    )
    found = workshop.codebuild.batch_get_projects(names=[name])["projects"][0]
    assert found["cache"] == {"type": "NO_CACHE"}
    assert found["queuedTimeoutInMinutes"] == 60
    assert "concurrentBuildLimit" not in found
    assert found["logsConfig"] == settings["logsConfig"]


def test_a_deleted_project_is_forgotten(workshop: Workshop) -> None:
    name = workshop.project(QUICK, queuedTimeoutInMinutes=30)
    workshop.codebuild.delete_project(name=name)

    assert workshop.codebuild.batch_get_projects(names=[name])["projectsNotFound"] == [name]
    with pytest.raises(workshop.codebuild.exceptions.ResourceNotFoundException):
        workshop.start(name)


def test_a_project_can_be_named_by_its_arn(workshop: Workshop) -> None:
    """As hashicorp/aws names it: its id of a project is the ARN."""
    name = workshop.project(QUICK, queuedTimeoutInMinutes=30)
    codebuild = workshop.codebuild
    (project,) = codebuild.batch_get_projects(names=[name])["projects"]
    arn = project["arn"]
    assert codebuild.batch_get_projects(names=[arn])["projects"] == [project]
    build = codebuild.start_build(projectName=arn)["build"]
    assert build["projectName"] == name
    workshop.wait(build["id"])
    assert codebuild.list_builds_for_project(projectName=arn)["ids"] == [build["id"]]
    assert codebuild.batch_get_builds(ids=[build["arn"]])["builds"][0]["id"] == build["id"]
    assert codebuild.stop_build(id=build["arn"])["build"]["buildStatus"] == "SUCCEEDED"
    codebuild.update_project(name=arn, queuedTimeoutInMinutes=60)
    (updated,) = codebuild.batch_get_projects(names=[name])["projects"]
    assert updated["queuedTimeoutInMinutes"] == 60

    may = workshop.policy("codebuild:DeleteProject", resource=arn)
    user = workshop.aws.client("codebuild", workshop.aws.user(may))
    other = workshop.project(QUICK)
    with pytest.raises(ClientError, match="AccessDenied"):
        user.delete_project(name=arn.replace(name, other))
    user.delete_project(name=arn)
    assert codebuild.batch_get_projects(names=[arn])["projects"] == []
    elsewhere = arn.replace("eu-central-1", "eu-west-1").replace(name, other)
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.delete_project(name=elsewhere)
    assert len(codebuild.batch_get_projects(names=[other])["projects"]) == 1


def test_the_same_token_gives_the_same_build(workshop: Workshop) -> None:
    project = workshop.project(QUICK)
    token = uuid.uuid4().hex
    started: list[str] = []

    def start() -> None:
        started.append(workshop.start(project, idempotencyToken=token, sourceVersion="a"))

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)

    assert len(started) == 3
    assert len(set(started)) == 1
    assert workshop.codebuild.list_builds_for_project(projectName=project)["ids"] == started[:1]


def test_the_same_token_with_other_parameters_is_refused(workshop: Workshop) -> None:
    project = workshop.project(QUICK)
    workshop.start(project, idempotencyToken="token", sourceVersion="a")

    with pytest.raises(workshop.codebuild.exceptions.InvalidInputException, match="token"):
        workshop.start(project, idempotencyToken="token", sourceVersion="b")


def test_builds_are_numbered_and_listed_the_latest_first(workshop: Workshop) -> None:
    project = workshop.project(QUICK)
    first = workshop.wait(workshop.start(project))
    second = workshop.wait(workshop.start(project))

    assert (first["buildNumber"], second["buildNumber"]) == (1, 2)
    listed = workshop.codebuild.list_builds_for_project(projectName=project)["ids"]
    assert listed == [second["id"], first["id"]]
    assert second["id"] in workshop.codebuild.list_builds()["ids"]


def test_unknown_builds_are_named(workshop: Workshop) -> None:
    answer = workshop.codebuild.batch_get_builds(ids=["none:1"])
    assert answer["builds"] == []
    assert answer["buildsNotFound"] == ["none:1"]


def test_what_the_agent_cannot_do_is_refused(workshop: Workshop) -> None:
    project = workshop.project(QUICK)
    with pytest.raises(
        workshop.codebuild.exceptions.InvalidInputException, match="buildStatusConfigOverride"
    ):
        workshop.start(project, buildStatusConfigOverride={"context": "x"})
    with pytest.raises(workshop.codebuild.exceptions.InvalidInputException, match="GITHUB"):
        workshop.start(project, sourceTypeOverride="GITHUB")


def test_a_project_runs_no_more_builds_than_its_limit(workshop: Workshop, tmp_path: Path) -> None:
    spec = (
        "version: 0.2\nphases:\n  build:\n    commands:\n"
        f"      - touch '{tmp_path}'/$CODEBUILD_BUILD_NUMBER\n"
        f"      - while [ ! -e '{tmp_path}/go' ]; do sleep 0.05; done\n"
    )
    project = workshop.project(spec, concurrentBuildLimit=1)
    first, second = workshop.start(project), workshop.start(project)
    workshop.wait_for_file(tmp_path / "1")
    time.sleep(0.3)
    assert workshop.look(second)["currentPhase"] == "QUEUED"
    assert not (tmp_path / "2").exists()

    (tmp_path / "go").touch()
    assert workshop.wait(first)["buildStatus"] == "SUCCEEDED"
    assert workshop.wait(second)["buildStatus"] == "SUCCEEDED"


def test_a_queued_build_can_be_stopped(workshop: Workshop) -> None:
    spec = "version: 0.2\nphases:\n  build:\n    commands: [sleep 60]\n"
    project = workshop.project(spec, concurrentBuildLimit=1)
    first, second = workshop.start(project), workshop.start(project)

    assert workshop.codebuild.stop_build(id=second)["build"]["buildStatus"] == "STOPPED"
    assert workshop.codebuild.stop_build(id=first)["build"]["buildStatus"] == "STOPPED"


def test_a_user_may_do_what_the_policy_says_about_the_project_only(workshop: Workshop) -> None:
    mine, other = workshop.project(QUICK), workshop.project(QUICK)
    arn = workshop.codebuild.batch_get_projects(names=[mine])["projects"][0]["arn"]
    environment = workshop.aws.user(
        workshop.policy(
            *("codebuild:StartBuild", "codebuild:BatchGetBuilds", "codebuild:BatchGetProjects"),
            resource=arn,
        )
    )
    user = workshop.aws.client("codebuild", environment)
    their_build = workshop.start(other)

    build = user.start_build(projectName=mine)["build"]
    assert build["initiator"].startswith("user-")
    assert user.batch_get_builds(ids=[build["id"]])["builds"][0]["id"] == build["id"]
    assert user.batch_get_projects(names=[mine])["projects"][0]["name"] == mine
    for denied in (
        lambda: user.start_build(projectName=other),
        lambda: user.batch_get_builds(ids=[build["id"], their_build]),
        lambda: user.batch_get_projects(names=[other]),
        lambda: user.stop_build(id=build["id"]),
        lambda: user.list_projects(),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            denied()
    workshop.wait(build["id"])
    assert workshop.codebuild.list_builds_for_project(projectName=other)["ids"] == [their_build]


def test_another_role_can_only_be_given_by_who_may_pass_it(workshop: Workshop) -> None:
    project = workshop.project(QUICK)
    role = workshop.role(workshop.policy("logs:*"))
    start = workshop.policy("codebuild:StartBuild")["Statement"]
    passing = workshop.policy("iam:PassRole", resource=role)["Statement"]
    version = {"Version": "2012-10-17"}
    without = workshop.aws.client("codebuild", workshop.aws.user({**version, "Statement": start}))
    allowed = workshop.aws.client(
        "codebuild", workshop.aws.user({**version, "Statement": start + passing})
    )

    with pytest.raises(ClientError, match="iam:PassRole"):
        without.start_build(projectName=project, serviceRoleOverride=role)
    build = allowed.start_build(projectName=project, serviceRoleOverride=role)["build"]
    assert build["serviceRole"] == role


def test_a_wrong_secret_is_refused(workshop: Workshop) -> None:
    environment = workshop.aws.user(workshop.policy("codebuild:*"))
    environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
    with pytest.raises(ClientError, match="InvalidSignature"):
        workshop.aws.client("codebuild", environment).list_projects()


def test_other_services_are_not_answered_here(workshop: Workshop) -> None:
    environment = {**workshop.aws.environment()}
    logs = workshop.aws.client("logs", environment)
    logs.meta.events.register(
        "before-send.*",
        lambda request, **_: setattr(request, "url", f"{workshop.aws.codebuild_url}/"),
    )
    with pytest.raises(ClientError, match="CodeBuild's endpoint only"):
        logs.describe_log_groups()
