import json

import pytest

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
