import json
from dataclasses import replace

import pytest

from builder.aws.codebuild import Phase
from builder.builds.failure import build_failure
from builder.errors import AwsError, BuildFailed
from tests.builder.building import finished, started
from tests.builder.conftest import World


def test_a_build_that_failed_before_it_had_a_log_is_still_a_failed_build(world: World) -> None:
    layer = world.layer()
    iam = world.aws.client("iam")
    nothing = [{"Effect": "Deny", "Action": "*", "Resource": "*"}]
    iam.put_role_policy(
        RoleName=world.name, PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": nothing}),
    )  # fmt: skip

    with pytest.raises(BuildFailed) as caught:
        finished(layer, started(layer))

    assert "log group /aws/codebuild/" in caught.value.where
    assert caught.value.what.count("\n  | ") >= 1


def test_the_workers_own_sentence_and_advice_come_first(world: World) -> None:
    world.behave("refuse")
    layer = world.layer()

    with pytest.raises(BuildFailed) as caught:
        finished(layer, started(layer))

    first, _, log = caught.value.what.partition("\n")
    assert first == "the build of layer 'web' failed: there is no package unobtainium"
    assert caught.value.cause == "there is no package unobtainium"
    assert "  | ERROR: there is no package unobtainium" in log
    assert "BUILD: " in caught.value.where
    assert caught.value.fix.startswith("correct it, then plan and apply again")


def test_a_log_that_may_not_be_read_does_not_hide_the_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.behave("fail")
    layer = world.layer()

    def denied(*_arguments: object) -> list[str]:
        raise AwsError("the credentials may not logs:GetLogEvents")

    monkeypatch.setattr(layer.services.logs, "tail", denied)

    with pytest.raises(BuildFailed, match="its log cannot be read: the credentials may not"):
        finished(layer, started(layer))


QUEUED = (Phase("SUBMITTED", "SUCCEEDED", 1.0), Phase("QUEUED", "TIMED_OUT", 28800.0))
ENDINGS = {
    "stopped": ("STOPPED", (), "it was stopped before its end", "who stopped it"),
    "fault": ("FAULT", (), "CodeBuild had a fault of its own", "AWS Health"),
    "queue": ("TIMED_OUT", QUEUED, "it waited too long for its turn", "Concurrently running"),
    "time": ("TIMED_OUT", (), "it took longer than the project allows", "build_timeout_minutes"),
}


@pytest.mark.parametrize(("status", "phases", "what", "fix"), ENDINGS.values(), ids=ENDINGS)
def test_a_build_that_others_ended_says_who_and_what_to_do(
    world: World, status: str, phases: tuple[Phase, ...], what: str, fix: str
) -> None:
    layer = world.layer()
    build_id = started(layer)
    known = layer.services.codebuild.state(build_id)
    assert known is not None
    state = replace(known, status=status, phases=phases, failure="", log_stream="")

    error = build_failure(layer, build_id, state)

    assert error.elsewhere == ""
    assert error.what.splitlines()[0].startswith(f"the build of layer 'web' failed: {what}")
    assert status in error.cause
    assert fix in error.fix


def test_a_build_that_ran_out_of_lambda_computes_time_says_whose_limit_it_was(world: World) -> None:
    layer = world.layer()
    build_id = started(layer)
    known = layer.services.codebuild.state(build_id)
    assert known is not None
    kind = "ARM_LAMBDA_CONTAINER"
    state = replace(known, status="TIMED_OUT", environment_type=kind, failure="", log_stream="")

    error = build_failure(layer, build_id, state)

    assert error.cause == "it took longer than the 15 minutes of Lambda compute (TIMED_OUT)"
    assert 'compute = "auto"' in error.fix
    assert error.elsewhere == "it needs more than the 15 minutes of Lambda compute"
