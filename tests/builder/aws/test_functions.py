import time
from typing import Any

import pytest

from builder.aws.functions import ATTEMPTS, Functions, Use, with_version
from builder.errors import AwsError, ConflictError, LayerError
from tests.builder.aws.test_layers import archive
from tests.builder.conftest import World

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer"


def layer_of(world: World, name: str, versions: int = 1) -> list[str]:
    """Publish versions of a layer, return their ARNs."""
    lambda_ = world.aws.client("lambda")
    return [
        lambda_.publish_layer_version(
            LayerName=f"{world.name}-{name}", Content={"ZipFile": archive()}
        )["LayerVersionArn"]
        for _ in range(versions)
    ]


def function_of(world: World, layers: list[str]) -> str:
    world.aws.client("lambda").create_function(
        FunctionName=world.name, Runtime="python3.12", Role=world.role, Handler="x.y",
        Code={"ZipFile": archive()}, Layers=layers,
    )  # fmt: skip
    return world.name


def layers_of(world: World) -> list[str]:
    found = world.aws.client("lambda").get_function_configuration(FunctionName=world.name)
    return [layer["Arn"] for layer in found.get("Layers", [])]


def functions(world: World, pauses: list[float] | None = None) -> Functions:
    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, 0.05))
        if pauses is not None:
            pauses.append(seconds)

    return Functions(world.session, sleep=sleep)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [f"{ARN}:web:2"]),
        ([f"{ARN}:web:1"], [f"{ARN}:web:2"]),
        ([f"{ARN}:web:2"], [f"{ARN}:web:2"]),
        ([f"{ARN}:web:3"], [f"{ARN}:web:2"]),
        ([f"{ARN}:a:1", f"{ARN}:b:1"], [f"{ARN}:a:1", f"{ARN}:b:1", f"{ARN}:web:2"]),
        (
            [f"{ARN}:a:1", f"{ARN}:web:1", f"{ARN}:b:1"],
            [f"{ARN}:a:1", f"{ARN}:web:2", f"{ARN}:b:1"],
        ),
        ([f"{ARN}:web-api:1", f"{ARN}:x"], [f"{ARN}:web-api:1", f"{ARN}:x", f"{ARN}:web:2"]),
    ],
)  # fmt: skip
def test_a_version_takes_the_place_of_another_one_or_the_last_place(
    before: list[str], after: list[str]
) -> None:
    assert with_version(before, f"{ARN}:web:2") == after


def test_a_function_moves_and_keeps_its_other_layers_in_their_order(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    (first,), (last,) = layer_of(world, "first"), layer_of(world, "last")
    function = function_of(world, [first, one, last])

    assert functions(world).move(function, two) is True
    assert layers_of(world) == [first, two, last]
    assert functions(world).move(function, two) is False


def test_a_function_can_be_named_by_its_arn(world: World) -> None:
    (one,) = layer_of(world, "web")
    function_of(world, [])
    arn = f"arn:aws:lambda:eu-central-1:123456789012:function:{world.name}"

    assert functions(world).move(arn, one) is True
    assert layers_of(world) == [one]


def test_a_function_that_is_not_there_is_named(world: World) -> None:
    with pytest.raises(LayerError, match=f"there is no function '{world.name}'"):
        functions(world).move(world.name, f"{ARN}:web:1")


def test_a_function_with_five_other_layers_is_left_alone(world: World) -> None:
    others = [layer_of(world, f"l{number}")[0] for number in range(5)]
    function = function_of(world, others)
    (web,) = layer_of(world, "web")

    with pytest.raises(LayerError, match="has 5 other layers") as caught:
        functions(world).move(function, web)

    assert others[0] in caught.value.where
    assert layers_of(world) == others


def test_a_change_by_somebody_else_meanwhile_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = layer_of(world, "web", 2)
    (other,) = layer_of(world, "other")
    function = function_of(world, [one])
    moving = functions(world)
    update = moving._update
    calls: list[str] = []

    def late(name: str, layers: list[str], revision: str) -> bool:
        calls.append(revision)
        if len(calls) == 1:
            world.aws.client("lambda").update_function_configuration(
                FunctionName=name, Layers=[one, other]
            )
        return update(name, layers, revision)

    monkeypatch.setattr(moving, "_update", late)

    assert moving.move(function, two) is True
    assert layers_of(world) == [two, other]
    assert len(set(calls)) > 1


def test_a_function_that_others_change_all_the_time_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = layer_of(world, "web", 2)
    function = function_of(world, [one])
    pauses: list[float] = []
    moving = functions(world, pauses)
    monkeypatch.setattr(moving, "_update", lambda *_arguments: False)

    with pytest.raises(ConflictError, match="changed by others all the time"):
        moving.move(function, two)

    assert len(pauses) >= ATTEMPTS
    assert layers_of(world) == [one]


def test_an_update_under_way_is_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = layer_of(world, "web")
    function = function_of(world, [])
    pauses: list[float] = []
    moving = functions(world, pauses)
    found: list[dict[str, Any]] = [{"LastUpdateStatus": "InProgress"}] * 3
    real = moving._configuration
    monkeypatch.setattr(moving, "_configuration", lambda name: found.pop() if found else real(name))

    assert moving.move(function, one) is True
    assert pauses[:3] == sorted(pauses[:3])
    assert len(pauses) >= 3


def test_an_update_that_fails_is_told_with_its_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = layer_of(world, "web")
    function = function_of(world, [])
    moving = functions(world)
    real = moving._configuration
    failed = {"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no subnet"}

    def configuration(name: str) -> dict[str, Any]:
        found = real(name)
        return {**found, **failed} if found.get("Layers") else found

    monkeypatch.setattr(moving, "_configuration", configuration)

    with pytest.raises(LayerError, match="no subnet"):
        moving.move(function, one)


def test_a_version_that_is_not_there_is_awss_error_with_the_function(world: World) -> None:
    function = function_of(world, [])
    gone = f"arn:aws:lambda:eu-central-1:123456789012:layer:{world.name}-gone:1"

    with pytest.raises(AwsError, match="UpdateFunctionConfiguration") as caught:
        functions(world).move(function, gone)

    assert world.name in caught.value.where


# Which functions use a layer


def test_functions_are_found_by_layer_with_their_published_versions(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    (other,) = layer_of(world, "web-api")
    function = function_of(world, [other, one])
    lambda_ = world.aws.client("lambda")
    lambda_.publish_version(FunctionName=function)
    lambda_.update_function_configuration(FunctionName=function, Layers=[two])

    found = functions(world).using(f"{world.name}-web")

    assert found == [Use(function, "$LATEST", two), Use(function, "1", one)]
    assert [(str(use), use.version) for use in found] == [(function, 2), (f"{function}:1", 1)]
    assert functions(world).using(f"{world.name}-we") == []


def test_more_functions_than_a_page_holds_are_all_found(world: World) -> None:
    (one,) = layer_of(world, "web")
    lambda_ = world.aws.client("lambda")
    names = [f"{world.name}-{number}" for number in range(55)]
    for name in names:
        lambda_.create_function(
            FunctionName=name, Runtime="python3.12", Role=world.role, Handler="x.y",
            Code={"ZipFile": archive()}, Layers=[one],
        )  # fmt: skip
    found = functions(world).using(f"{world.name}-web")

    for name in names:
        lambda_.delete_function(FunctionName=name)
    assert sorted(use.function for use in found) == sorted(names)


def test_who_may_not_list_functions_is_told_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.become(monkeypatch, "s3:*")

    with pytest.raises(AwsError, match="may not lambda:ListFunctions"):
        functions(world).using("web")
