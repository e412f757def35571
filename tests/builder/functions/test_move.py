from dataclasses import replace
from typing import Any

import pytest

from builder.errors import CredentialsError, FunctionsNotMoved
from builder.functions.move import ROUNDS, Moves
from builder.functions.mover import Move, MoveOutcome
from builder.layer.record import Record
from tests.builder.conftest import World
from tests.builder.fleet import (
    MINE,
    TAGS,
    UPDATE,
    answer,
    function_of,
    image_of,
    inject,
    layer_of,
    layers_of,
    move,
    outcomes,
    version_of,
)

# Who moves


def test_names_move_whoever_uses_it_and_tags_only_those_that_do(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    named = function_of(world, "named")
    tagged = function_of(world, "tagged", [one], Tags={"app": "shop"})
    function_of(world, "tagged-without", Tags={"app": "shop"})
    other = function_of(world, "other", [one], Tags={"app": "else"})

    moves = move(world, two, named, MINE)

    assert outcomes(moves) == {named: "moved", tagged: "moved"}
    assert moves.behind == {other: 1}
    assert [layers_of(world, name) for name in (named, tagged, other)] == [[two], [two], [one]]


def test_a_star_moves_all_that_use_any_version_and_no_others(world: World) -> None:
    one, two, three = layer_of(world, "web", 3)
    (api,) = layer_of(world, "web-api")
    first, second = function_of(world, "f1", [one]), function_of(world, "f2", [two])
    third = function_of(world, "f3", [api])

    moves = move(world, three, "*")

    assert outcomes(moves) == {first: "moved", second: "moved"}
    assert layers_of(world, third) == [api]
    assert moves.behind == {}


def test_a_function_that_is_named_twice_is_moved_once(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one], Tags=TAGS)

    assert outcomes(move(world, two, name, f"{name}:$LATEST", "*", MINE)) == {name: "moved"}


def test_those_that_no_one_named_are_named_in_the_end(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    mine, legacy = function_of(world, "mine", [one]), function_of(world, "legacy", [one])
    lines: list[str] = []

    moves = move(world, two, mine, lines=lines)

    assert moves.behind == {legacy: 1}
    assert lines == [
        f"function {mine} moved from version 1 to 2",
        f"function {legacy} is still on version 1: functions does not name it",
    ]


def test_a_function_born_on_the_old_version_while_others_move_moves_too(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    first = function_of(world, "f", [one], Tags=TAGS)
    born: list[str] = []

    def bear(**_event: Any) -> None:
        if not born:
            born.append(function_of(world, "born", [one], Tags=TAGS))

    inject(world, UPDATE, bear)
    moves = move(world, two, MINE)

    assert outcomes(moves) == {first: "moved", born[0]: "moved"}
    assert version_of(world, born[0]) == 2


def test_a_function_that_is_put_back_once_moves_again(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    looks: list[bool] = []

    def put_back(**_event: Any) -> None:
        if not looks:
            looks.append(True)
            world.aws.client("lambda").update_function_configuration(
                FunctionName=name, Layers=[one]
            )

    inject(world, "before-call.lambda.ListFunctions", put_back)

    assert outcomes(move(world, two, name)) == {name: "moved"}
    assert version_of(world, name) == 2


def test_a_function_that_is_put_back_again_and_again_is_a_failure(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    looks: list[bool] = []

    def put_back(params: dict[str, Any], **_event: Any) -> None:
        if "Marker" in params["query_string"]:
            return  # a further page of the same look
        looks.append(True)
        world.aws.client("lambda").update_function_configuration(FunctionName=name, Layers=[one])

    inject(world, "before-call.lambda.ListFunctions", put_back)
    moves = move(world, two, name)

    assert "something else moves it back" in moves.failed[name]
    assert len(looks) == ROUNDS + 1


def test_every_failure_is_reported_at_once_and_the_others_move(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    good, image = function_of(world, "good", [one]), image_of(world, "image")
    wrong = function_of(world, "wrong", [one], Runtime="python3.9")
    full = function_of(world, "full", [layer_of(world, f"l{n}")[0] for n in range(5)])
    gone = f"{world.name}-gone"

    moves = move(world, two, image, wrong, full, gone, good)

    assert outcomes(moves) == {
        good: "moved", image: "failed", wrong: "failed", full: "failed", gone: "failed",
    }  # fmt: skip
    with pytest.raises(FunctionsNotMoved, match="4 of 5 functions were not moved") as caught:
        moves.check()
    for name in (image, wrong, full, gone):
        assert f"function {name}: " in caught.value.where
    assert "nothing is built again" in caught.value.fix


def test_where_the_credentials_have_expired_the_fix_is_to_log_in() -> None:
    expired = CredentialsError("ExpiredToken")
    moves = Moves("arn", (Move("f", MoveOutcome.FAILED, why=expired.what, error=expired),))

    with pytest.raises(FunctionsNotMoved) as caught:
        moves.check("run it again")

    assert caught.value.fix.startswith("log in (for example `aws sso login`), then run it again;")


# Sizes


def test_a_function_that_our_layers_alone_would_burst_is_refused_before(world: World) -> None:
    core = world.release(world.layer("core"))
    web = world.layer()
    first = world.release(web)
    name = function_of(world, "f", [core.layer_arn])
    world.layer("core").records.change(lambda record: grown(record, 200_000_000))
    web.records.change(lambda record: grown(record, 62_144_001))

    moves = move(world, first.layer_arn, name)

    assert moves.failed == {name: "its layers of ours alone have 262,144,001 bytes unzipped"}
    assert layers_of(world, name) == [core.layer_arn]


def grown(record: Record, size: int) -> Record:
    assert record.current is not None
    release = replace(record.current, unzipped_size=size)
    return replace(record, current=release, releases=(release,))


# Who may


def denied(event: str, operation: str, world: World) -> None:
    inject(world, f"before-call.lambda.{event}", lambda **_event: answer(operation, 403))


def test_named_functions_move_for_code_that_may_not_list_and_that_is_reported(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    denied("ListFunctions", "AccessDeniedException", world)
    lines: list[str] = []

    moves = move(world, two, name, lines=lines)

    assert outcomes(moves) == {name: "moved"}
    assert "may not lambda:ListFunctions" in moves.blind
    assert lines[-1].startswith("functions left behind could not be looked for: ")


def test_tags_that_cannot_be_read_are_a_failure_and_named_functions_move(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    name = function_of(world, "f", [one])
    function_of(world, "other", [one], Tags=TAGS)
    denied("ListTags", "AccessDeniedException", world)

    moves = move(world, two, name, MINE)

    assert outcomes(moves) == {name: "moved", MINE: "failed"}
    assert "may not lambda:ListTags" in moves.failed[MINE]
