"""The plan hook on roles that the stack does not make."""

import json

import pytest

from builder.hook import plan_hook
from builder.query import Query
from tests.builder.conftest import World
from tests.builder.hooks import apply, asked_of_all, no_long_waits, planned, query_of, writes

__all__ = ["no_long_waits"]


def test_a_role_that_is_not_there_is_named_with_the_command_that_says_what_it_has_to_be(
    world: World,
) -> None:
    gone = f"{world.name}-gone"

    assert writes(world, lambda: planned(world, roles=f"{world.name} {gone}")) == []
    answer = planned(world, roles=f"{world.name} {gone}")
    assert (answer["status"], answer["token"]) == ("invalid", "invalid")
    assert answer["reason"].startswith(f"there is no role {gone}\n")
    assert "lambda-layer roles" in answer["reason"]


def test_a_layer_whose_roles_are_gone_keeps_its_release(world: World) -> None:
    first = apply(world)

    answer = planned(world, roles=f"{world.name}-a {world.name}-b")
    assert (answer["status"], answer["layer_arn"]) == ("invalid", first["layer_arn"])
    assert f"no role {world.name}-a and no role {world.name}-b" in answer["reason"]


def test_roles_that_are_there_or_cannot_be_asked_for_change_no_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = planned(world)

    assert planned(world, roles=world.name) == plain
    world.become(monkeypatch, "s3:*", "lambda:*", "codebuild:*")
    assert planned(world, roles=f"{world.name}-gone") == plain


def test_a_role_of_several_layers_is_asked_for_once(world: World) -> None:
    names = ("web", "api")
    asked = {
        name: Query({**query_of(world, roles=world.name).fields, "layer_name": f"x-{name}"})
        for name in names
    }
    before = len(world.aws.calls())

    answers = plan_hook(asked_of_all(asked))
    assert {json.loads(answers[name])["status"] for name in names} == {"missing"}
    calls = [call.operation for call in world.aws.calls()[before:]]
    assert calls.count("GetRole") == 1
