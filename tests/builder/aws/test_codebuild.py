import json
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.codebuild import BuildRequest, CodeBuild, _document, _state, _state_of
from builder.clock import Clock
from builder.errors import AwsError, InfrastructureError
from tests.builder.building import finished, started
from tests.builder.conftest import World
from tests.patience import wait_until


def request_of(world: World, token: str = "t", **fields: Any) -> BuildRequest:
    layer = world.layer()
    world.put("web/bundle.zip", layer.bundle())
    head = world.services.store.head("web/bundle.zip")
    assert head is not None
    made = BuildRequest(
        token=f"{world.name}-{token}",
        source_key="web/bundle.zip",
        source_version=head.version,
        artifact_folder="web/artifacts",
        artifact_name="name",
        image="public.ecr.aws/sam/build-python3.12:latest-arm64",
        environment_type="ARM_CONTAINER",
        role_arn=world.role,
        log_group=f"/aws/codebuild/{world.name}",
        log_prefix="web",
        variables=(("LAYER_TOKEN", token),),
    )
    return replace(made, **fields)


def test_a_build_is_seen_from_its_start_to_its_end(world: World) -> None:
    codebuild = world.services.codebuild
    go = world.root / "go"
    world.behave("wait", str(go))
    build_id = codebuild.start(request_of(world)).id

    running = codebuild.state(build_id)
    assert running is not None
    assert (running.running, running.succeeded, running.failure) == (True, False, "")
    assert running.variables["LAYER_TOKEN"] == "t"
    assert running.limit_seconds > 600

    go.touch()
    ended = finished(world.layer(), build_id)
    assert (ended.running, ended.succeeded) == (False, True)
    assert ended.seconds > 0
    assert ended.log_group == f"/aws/codebuild/{world.name}"
    assert "web/artifacts/name/manifest.json" in world.keys("web/artifacts/")


def test_the_same_request_is_the_same_build(world: World) -> None:
    request = request_of(world)
    codebuild = world.services.codebuild

    assert codebuild.start(request).id == codebuild.start(request).id
    assert len(world.builds()) == 1


def test_the_same_token_for_something_else_is_refused(world: World) -> None:
    request = request_of(world)
    world.services.codebuild.start(request)

    with pytest.raises(AwsError, match="mismatch"):
        world.services.codebuild.start(replace(request, variables=()))


def test_a_stopped_build_has_neither_succeeded_nor_goes_on(world: World) -> None:
    world.behave("wait", str(world.root / "never"))
    codebuild = world.services.codebuild
    build_id = codebuild.start(request_of(world)).id
    codebuild.stop(build_id)

    state = codebuild.state(build_id)
    assert state is not None
    assert (state.status, state.running, state.succeeded) == ("STOPPED", False, False)


def test_recent_builds_come_newest_first(world: World) -> None:
    codebuild = world.services.codebuild
    ids = []
    for token in ("1", "2", "3"):
        ids.append(codebuild.start(request_of(world, token)).id)
        wait_until(lambda: not any(build.running for build in codebuild.recent()))

    assert [build.id for build in codebuild.recent()] == ids[::-1]


def test_a_project_that_is_not_there_has_no_builds_and_starts_none(world: World) -> None:
    gone = CodeBuild(world.session, f"{world.name}-gone", world.name)

    assert gone.recent() == []
    with pytest.raises(InfrastructureError, match="there is no CodeBuild project") as caught:
        gone.start(request_of(world))
    assert "apply the whole stack" in caught.value.fix


def test_a_build_that_is_not_known_is_none(world: World) -> None:
    unknown = f"{world.name}:00000000-0000-0000-0000-000000000000"

    assert world.services.codebuild.state(unknown) is None


def test_a_failed_build_says_which_phase_failed_and_why(world: World) -> None:
    world.behave("fail")
    build_id = world.services.codebuild.start(request_of(world)).id
    wait_until(
        lambda: (s := world.services.codebuild.state(build_id)) is not None and not s.running
    )

    state = world.services.codebuild.state(build_id)
    assert state is not None
    assert state.failure.startswith("BUILD: ")
    assert "exit status 3" in state.failure


@pytest.mark.parametrize(
    ("phases", "failure"),
    [
        ([], ""),
        ([{"phaseType": "BUILD", "phaseStatus": "SUCCEEDED"}], ""),
        ([{"phaseType": "BUILD"}], ""),
        ([{"phaseType": "BUILD", "phaseStatus": "TIMED_OUT"}], "BUILD: TIMED_OUT"),
        (
            [
                {
                    "phaseType": "PROVISIONING",
                    "phaseStatus": "CLIENT_ERROR",
                    "contexts": [{"message": "no image"}, {"message": ""}, {"message": "bye"}],
                },
                {"phaseType": "BUILD", "phaseStatus": "FAILED"},
            ],
            "PROVISIONING: no image; bye",
        ),
    ],
)
def test_the_first_failed_phase_is_the_failure(phases: list[Any], failure: str) -> None:
    assert _state({"id": "p:1", "phases": phases}).failure == failure


def test_a_build_that_was_just_queued_has_defaults_for_what_aws_does_not_say_yet() -> None:
    state = _state({"id": "p:1"})

    assert (state.running, state.log_group, state.log_stream, state.phase) == (True, "", "", "")


def test_a_look_that_processes_share_says_the_same(world: World) -> None:
    layer = world.layer()
    build = started(layer)
    finished(layer, build)
    codebuild = layer.services.codebuild

    (shared,) = codebuild.watched([build], 0.0, Clock())
    direct = codebuild.state(build)

    assert direct is not None
    assert _state_of(json.loads(json.dumps(_document(direct)))) == direct
    # The last phase has no end, and lasts until it is looked at.
    assert replace(shared, phases=()) == replace(direct, phases=())
    assert codebuild.watched([build], 0.0, Clock()) == [shared]
    assert codebuild.watched([], 0.0, Clock()) == []
    unknown = f"{world.name}:00000000-0000-0000-0000-000000000000"
    assert codebuild.watched([unknown], 0.0, Clock()) == []
