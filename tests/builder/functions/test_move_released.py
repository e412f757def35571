from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from builder.errors import FunctionsNotMoved, LayerError
from builder.functions.move import hand_over
from builder.layer.handover import Handover
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.release.plan import plan
from builder.release.release import ensure
from tests.builder.conftest import World, order_of, quick
from tests.builder.fleet import (
    MINE,
    TAGS,
    UPDATE,
    function_of,
    image_of,
    inject,
    layer_of,
    move,
    version_of,
)
from tests.patience import PATIENCE, wait_until


def record_of(layer: Layer) -> Record:
    record = layer.records.load()
    assert record is not None
    return record


def test_the_bad_night_a_function_born_while_the_layer_is_built_ends_on_the_new_version(
    world: World,
) -> None:
    scope = (MINE,)
    first = world.release(world.layer(functions=scope))
    old = function_of(world, "old", [first.layer_arn], Tags=TAGS)
    world.edit()
    go = world.root / "go"
    world.behave("wait", str(go))
    lines: list[str] = []
    layer = world.layer(functions=scope)
    with ThreadPoolExecutor(1) as pool:
        order = order_of(layer)
        release = pool.submit(ensure, layer, order, progress=lines.append, clock=quick())
        wait_until(lambda: len(world.builds()) == 2)
        # Somebody else deploys: the newest ARN there is is the old one.
        born = function_of(world, "born", [first.layer_arn], Tags=TAGS)
        stray = function_of(world, "stray", [first.layer_arn])
        go.touch()
        second = release.result(PATIENCE)

    assert second.version == 2
    assert [version_of(world, name) for name in (old, born, stray)] == [2, 2, 1]
    assert f"function {stray} is still on version 1: functions does not name it" in lines
    assert record_of(layer).handover == Handover(
        2, scope, {}, {stray: 1}, tuple(sorted([old, born]))
    )
    planned = plan(layer)
    assert planned.status == "current"
    assert planned.functions == (
        f"on another version when 2 was published, and not named in functions: {stray} (version 1)"
    )
    using = layer.services.functions.using(layer.site.layer_arn)
    assert {use.function: use.version for use in using} == {stray: 1, born: 2, old: 2}


def test_without_functions_nothing_is_asked_of_any(world: World) -> None:
    first = world.release()
    function_of(world, "f", [first.layer_arn])
    world.edit()
    before = len(world.aws.calls())
    world.release()

    assert not [c for c in world.aws.calls()[before:] if "Function" in c.operation]


def test_an_older_release_that_finishes_late_moves_nothing_back(world: World) -> None:
    name = function_of(world, "f")
    layer = world.layer(functions=(name,))
    first = world.release(layer)
    world.edit()
    world.release(world.layer(functions=(name,)))
    lines: list[str] = []

    moves = hand_over(layer, first, progress=lines.append, clock=quick())

    assert moves.overtaken
    assert version_of(world, name) == 2
    assert lines == ["functions stay where they are: a newer release, or a pin, has taken over"]
    assert plan(world.layer(functions=(name,))).status == "current"


def test_an_older_release_that_is_overtaken_while_it_moves_stops(world: World) -> None:
    one, two, three = layer_of(world, "web", 3)
    slow, other = function_of(world, "f1", [one]), function_of(world, "f2", [one])
    newer: list[bool] = []

    def newer_takes_over(**_event: Any) -> None:
        if not newer:
            newer.append(True)
            client = world.aws.client("lambda")
            for name in (slow, other):
                client.update_function_configuration(FunctionName=name, Layers=[three])

    inject(world, UPDATE, newer_takes_over)
    moves = move(world, two, slow, other, overtaken=lambda: bool(newer))

    assert moves.overtaken
    moves.check()
    assert [version_of(world, name) for name in (slow, other)] == [3, 3]


def test_after_a_kill_before_the_functions_the_next_plan_says_so_and_the_next_apply_moves_them(
    world: World,
) -> None:
    name = function_of(world, "f")

    class Killed(BaseException):
        pass

    def kill(**_event: Any) -> None:
        raise Killed

    inject(world, UPDATE, kill)
    layer = world.layer(functions=(name,))
    order = order_of(layer)
    with pytest.raises(Killed):
        ensure(layer, order, clock=quick())

    world.services.functions._lambda.meta.events.unregister(UPDATE, kill)
    planned = plan(layer)
    assert planned.status == "unmoved"
    assert planned.reason == "published as version 1; the functions were not all moved to it yet"
    assert planned.release is not None

    # The same order again, as the publisher function is called again:
    assert ensure(layer, order, clock=quick()).version == 1
    assert version_of(world, name) == 1
    assert plan(layer).status == "current"
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_a_function_named_later_is_due_at_the_next_plan_and_one_taken_off_is_not(
    world: World,
) -> None:
    one, two = function_of(world, "f1"), function_of(world, "f2")
    world.release(world.layer(functions=(one,)))

    planned = plan(world.layer(functions=(one, two)))
    assert (planned.status, planned.reason) == (
        "unmoved", f"published as version 1; functions has been given {two} since",
    )  # fmt: skip
    world.release(world.layer(functions=(one, two)))
    assert version_of(world, two) == 1
    assert plan(world.layer(functions=(one,))).status == "current"
    assert plan(world.layer()).status == "current"
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_moving_functions_changes_nothing_of_when_and_why_a_version_was_published(
    world: World,
) -> None:
    world.edit("x = 1\n")
    first = world.release()
    world.edit("x = 2\n")
    second = world.release()
    layer = world.layer(functions=(function_of(world, "f"),))

    moved = world.release(layer)

    history = [(r.version, r.published_at, r.reason) for r in record_of(layer).all_releases]
    assert history == [(r.version, r.published_at, r.reason) for r in (second, first)]
    assert (moved.reason, plan(layer).reason) == (second.reason, second.reason)
    assert (len(world.builds()), world.versions()) == (2, [1, 2])


def test_what_is_current_again_says_why_and_its_version_why_it_was_published(world: World) -> None:
    world.edit("x = 1\n")
    first = world.release()
    world.edit("x = 2\n")
    world.release()
    world.edit("x = 1\n")
    back = world.release()

    assert (back.reason, back.published_at) == (first.reason, first.published_at)
    layer = world.layer(functions=(function_of(world, "f"),))
    for _ in range(2):
        assert plan(world.layer()).reason == "src/web/app.py changed"
        world.release(layer)


def test_a_function_that_never_can_move_is_taken_off_the_list_without_an_apply(
    world: World,
) -> None:
    image, good = image_of(world, "image"), function_of(world, "f")
    with pytest.raises(FunctionsNotMoved):
        world.release(world.layer(functions=(image, good)))

    assert plan(world.layer(functions=(image, good))).status == "unmoved"
    assert plan(world.layer(functions=(good,))).status == "current"


# Who may


APPLY = (
    "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:ListBucket",
    "codebuild:StartBuild", "codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject",
    "iam:PassRole", "logs:GetLogEvents",
    "lambda:PublishLayerVersion", "lambda:GetLayerVersion", "lambda:ListLayerVersions",
    "lambda:DeleteLayerVersion",
)  # fmt: skip
NAMES = ("lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration")
"""What docs/permissions.md says that an apply needs, without and for functions by name."""


@pytest.mark.parametrize(
    ("entry", "more", "version"),
    [
        ("{f}", (*NAMES, "lambda:ListFunctions"), 2),
        ("{f}", NAMES, 2),
        ("*", (*NAMES, "lambda:ListFunctions"), 2),
        (MINE, (*NAMES, "lambda:ListFunctions", "lambda:ListTags"), 2),
        (MINE, (*NAMES, "lambda:ListFunctions"), 1),
        ("*", NAMES, 1),
        ("{f}", ("lambda:GetFunctionConfiguration",), 1),
    ],
)
def test_the_permissions_that_the_docs_list_are_enough_and_none_is_too_much(
    world: World, monkeypatch: pytest.MonkeyPatch, entry: str, more: tuple[str, ...], version: int
) -> None:
    name = function_of(world, "f", Tags=TAGS)
    world.release(world.layer(functions=(name,)))
    world.edit()
    world.become(monkeypatch, *APPLY, *more)
    layer = world.layer(functions=(entry.format(f=name),))

    release(world, layer, fails=version == 1)

    assert version_of(world, name) == version


def release(world: World, layer: Layer, *, fails: bool) -> None:
    order = order_of(layer)
    if not fails:
        assert ensure(layer, order, clock=quick()).version == 2
        return
    with pytest.raises(LayerError, match="not moved") as caught:
        ensure(layer, order, clock=quick())
    assert "docs/permissions.md" in str(caught.value)
    assert plan(layer).status == "unmoved"
