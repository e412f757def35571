import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from builder.aws.functions import Function
from builder.clock import Clock
from builder.errors import ConflictError
from builder.functions.mover import ATTEMPTS, UPDATE_LIMIT, Move, MoveOutcome, Mover
from builder.spec.runtimes import Target
from tests.builder.conftest import World
from tests.builder.fleet import UPDATE, answer, function_of, image_of, inject, layer_of, layers_of


class Fast:
    """A clock whose time passes in pauses alone, which are short; it remembers them."""

    def __init__(self) -> None:
        self.began = time.time()
        self.pauses: list[float] = []
        self.clock = Clock(now=self.now, monotonic=self.now, sleep=self.sleep)

    def now(self) -> float:
        return self.began + sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        time.sleep(min(seconds, 0.05))


def mover_of(world: World, layer_arn: str, **fields: Any) -> Mover:
    defaults: dict[str, Any] = {
        "functions": world.services.functions,
        "layer_arn": layer_arn,
        "targets": (Target("3.12", "arm64"),),
        "unzipped": lambda _arn: None,
        "overtaken": lambda: False,
        "clock": Fast().clock,
        "stop": threading.Event(),
    }
    return Mover(**{**defaults, **fields})


def describing(world: World, *fields: dict[str, Any]) -> None:
    """Lay these fields over the next descriptions of a function, the last one over all others."""
    left = list(fields)

    def lay(parsed: dict[str, Any], **_event: Any) -> None:
        parsed.update(left.pop(0) if len(left) > 1 else left[0])

    inject(world, "after-call.lambda.GetFunctionConfiguration", lay)


def failed(move: Move) -> str:
    assert move.outcome == MoveOutcome.FAILED
    return move.why


# The good days


def test_a_function_moves_and_keeps_its_other_layers_in_their_order(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    (first,), (last,) = layer_of(world, "first"), layer_of(world, "last")
    name = function_of(world, "f", [first, one, last])
    mover = mover_of(world, two)

    assert mover.move(name, named=False) == Move(name, MoveOutcome.MOVED, 1)
    assert layers_of(world, name) == [first, two, last]
    found = world.services.functions.get(name)
    assert found is not None
    assert found.settled
    assert mover.move(name, named=False) == Move(name, MoveOutcome.ALREADY, 2)


def test_only_who_is_named_gets_a_layer_it_did_not_have(world: World) -> None:
    (web,), (other,) = layer_of(world, "web"), layer_of(world, "other")
    name = function_of(world, "f", [other])

    left_alone = mover_of(world, web).move(name, named=False)
    assert (left_alone.outcome, layers_of(world, name)) == (MoveOutcome.GONE, [other])
    assert mover_of(world, web).move(name, named=True) == Move(name, MoveOutcome.MOVED)
    assert layers_of(world, name) == [other, web]


def test_a_function_can_be_named_by_its_arn(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    arn = f"arn:aws:lambda:eu-central-1:123456789012:function:{name}"

    assert mover_of(world, web).move(arn, named=True).outcome == MoveOutcome.MOVED
    assert layers_of(world, name) == [web]


# Others change it too


def test_a_change_by_another_caller_meanwhile_is_kept(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    (other,) = layer_of(world, "other")
    name = function_of(world, "f", [one])
    meddled: list[bool] = []

    def meddle(**_event: Any) -> None:
        if not meddled:
            meddled.append(True)
            world.aws.client("lambda").update_function_configuration(
                FunctionName=name, Layers=[other, one], Timeout=77
            )

    # The request that is under way carries the revision from before.
    inject(world, UPDATE, meddle)

    assert mover_of(world, two).move(name, named=True).outcome == MoveOutcome.MOVED
    assert layers_of(world, name) == [other, two]
    found = world.aws.client("lambda").get_function_configuration(FunctionName=name)
    assert found["Timeout"] == 77


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("PreconditionFailedException", 412),
        ("ResourceConflictException", 409),
        ("TooManyRequestsException", 429),
    ],
)
def test_conflicts_and_throttling_are_tried_again_after_a_while(
    world: World, code: str, status: int
) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    errors = [answer(code, status)] * 3
    fast = Fast()
    inject(world, UPDATE, lambda **_event: errors.pop() if errors else None)

    assert (
        mover_of(world, two, clock=fast.clock).move(name, named=True).outcome == MoveOutcome.MOVED
    )
    assert errors == []
    assert layers_of(world, name) == [two]


def test_a_function_that_others_change_all_the_time_is_given_up(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    tries: list[bool] = []

    def conflict(**_event: Any) -> tuple[AWSResponse, dict[str, Any]]:
        tries.append(True)
        return answer("ResourceConflictException", 409)

    inject(world, UPDATE, conflict)
    move = mover_of(world, two).move(name, named=True)

    assert failed(move) == "it is being changed by others all the time"
    assert isinstance(move.error, ConflictError)
    assert len(tries) == ATTEMPTS
    assert layers_of(world, name) == [one]


def test_a_newer_release_is_seen_between_reading_and_changing(world: World) -> None:
    one, two, three = layer_of(world, "web", 3)
    name = function_of(world, "f", [one])
    newer: list[bool] = []

    def newer_moves(**_event: Any) -> None:
        if not newer:
            newer.append(True)
            world.aws.client("lambda").update_function_configuration(
                FunctionName=name, Layers=[three]
            )

    inject(world, UPDATE, newer_moves)
    move = mover_of(world, two, overtaken=lambda: bool(newer)).move(name, named=True)

    assert move.outcome == MoveOutcome.OVERTAKEN
    assert layers_of(world, name) == [three]


# States


def test_an_update_or_a_creation_under_way_is_waited_for(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    describing(world, {"LastUpdateStatus": "InProgress"}, {"State": "Pending"}, {})
    fast = Fast()

    assert (
        mover_of(world, web, clock=fast.clock).move(name, named=True).outcome == MoveOutcome.MOVED
    )
    assert fast.pauses[:2] == [0.5, 0.75]


def test_an_update_that_does_not_end_is_given_up(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    pending = {"State": "Pending", "StateReason": "no address is free"}
    describing(world, pending)
    fast = Fast()

    move = mover_of(world, web, clock=fast.clock).move(name, named=True)

    assert failed(move) == "an update of it does not end: no address is free"
    assert sum(fast.pauses) > UPDATE_LIMIT
    assert layers_of(world, name) == []


def test_an_update_that_fails_is_named_with_its_reason(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    ended = {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no subnet"}
    describing(world, {"State": "Active", "LastUpdateStatus": "Successful"}, ended)

    assert failed(mover_of(world, web).move(name, named=True)) == "its update failed: no subnet"


def test_an_inactive_function_moves_as_others_do(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    inactive = {"State": "Inactive", "StateReasonCode": "Idle"}
    describing(world, {**inactive, "LastUpdateStatus": "Successful"})

    assert mover_of(world, web).move(name, named=True).outcome == MoveOutcome.MOVED


def test_a_failed_function_is_not_tried_again_and_again(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    describing(
        world,
        {"State": "Failed", "StateReason": "the role is gone", "LastUpdateStatus": "Successful"},
    )
    tries: list[bool] = []

    def conflict(**_event: Any) -> tuple[AWSResponse, dict[str, Any]]:
        tries.append(True)
        return answer("ResourceConflictException", 409)

    inject(world, UPDATE, conflict)

    assert failed(mover_of(world, web).move(name, named=True)) == (
        "its state is Failed: the role is gone"
    )
    assert len(tries) == 1


# What cannot be


def test_a_function_that_is_not_there_is_named(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = f"{world.name}-nobody"

    assert failed(mover_of(world, web).move(name, named=True)) == f"there is no function {name!r}"


def test_a_function_deleted_meanwhile_is_no_failure(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])

    def delete(**_event: Any) -> tuple[AWSResponse, dict[str, Any]]:
        world.aws.client("lambda").delete_function(FunctionName=name)
        return answer("ResourceConflictException", 409)

    inject(world, UPDATE, delete)

    assert mover_of(world, two).move(name, named=True) == Move(
        name, MoveOutcome.GONE, why="it was deleted meanwhile"
    )


def test_a_function_of_another_region_is_refused(world: World) -> None:
    (web,) = layer_of(world, "web")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"

    assert failed(mover_of(world, web).move(arn, named=True)) == (
        "it is in us-east-1 and the layer in eu-central-1"
    )


def misfits() -> Iterator[tuple[Callable[[World], str], str]]:
    def five(world: World) -> str:
        return function_of(world, "f", [layer_of(world, f"l{n}")[0] for n in range(5)])

    yield image_of_f, "it is a container image, which cannot have layers"
    yield five, "it has 5 other layers already"
    yield (
        lambda world: function_of(world, "f", Runtime="python3.13"),
        "it runs python3.13 on arm64, and the layer is for python3.12 on arm64",
    )
    yield (
        lambda world: function_of(world, "f", Architectures=["x86_64"]),
        "it runs python3.12 on x86_64, and the layer is for python3.12 on arm64",
    )


def image_of_f(world: World) -> str:
    return image_of(world, "f")


@pytest.mark.parametrize(("make", "why"), list(misfits()))
def test_a_function_that_the_layer_does_not_fit_is_not_touched(
    world: World, make: Callable[[World], str], why: str
) -> None:
    (web,) = layer_of(world, "web")
    name = make(world)
    before = layers_of(world, name)

    assert failed(mover_of(world, web).move(name, named=True)) == why
    assert layers_of(world, name) == before


def test_what_lambda_refuses_is_the_reason(world: World) -> None:
    name = function_of(world, "f")
    gone = f"arn:aws:lambda:eu-central-1:123456789012:layer:{world.name}-gone:1"

    assert "UpdateFunctionConfiguration failed" in failed(
        mover_of(world, gone).move(name, named=True)
    )


def test_nothing_more_is_tried_after_an_interrupt(world: World) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    describing(world, {"State": "Pending"})
    stop = threading.Event()
    stop.set()

    assert failed(mover_of(world, web, stop=stop).move(name, named=True)) == "it was interrupted"


def test_a_size_that_cannot_be_known_is_a_warning_and_no_refusal(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    sizes = {two: 250_000_000}

    move = mover_of(world, two, unzipped=sizes.get).move(name, named=True)

    assert move.outcome == MoveOutcome.MOVED
    assert move.why.startswith("250,000,000 bytes unzipped, and zipped ")
    assert isinstance(world.services.functions.get(name), Function)
