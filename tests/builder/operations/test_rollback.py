from dataclasses import replace
from typing import Any

import pytest

from builder.errors import ConflictError, Denied, FunctionsNotMoved, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Pin, Release
from builder.layer.releases import known_release
from builder.operations.rollback import roll_back, unpin, unpinning_of
from builder.protocol.statuses import CURRENT, PINNED, STALE, UNMOVED, UNSHARED
from builder.release.plan import plan
from builder.release.release import Order, ensure
from tests.builder.aws.test_layers import archive
from tests.builder.conftest import DoomedSession, Killed, World, die, quick


def function_of(world: World, release: Release) -> str:
    world.aws.client("lambda").create_function(
        FunctionName=world.name, Runtime="python3.12", Architectures=["arm64"], Role=world.role,
        Handler="x.y", Code={"ZipFile": archive()}, Layers=[release.layer_arn],
    )  # fmt: skip
    return world.name


def layers_of(world: World) -> list[str]:
    found = world.aws.client("lambda").get_function_configuration(FunctionName=world.name)
    return [layer["Arn"] for layer in found.get("Layers", [])]


def release_at(layer: Layer, version: int) -> Release:
    return known_release(layer, layer.records.load_or_new(), version)


def back(world: World, version: int = 1, reason: str = "") -> Pin:
    layer = world.layer(functions=(world.name,))
    return roll_back(
        layer, release_at(layer, version), by="alice", reason=reason, clock=quick(),
        progress=lambda _line: None,
    )  # fmt: skip


def two_releases(world: World) -> tuple[Release, Release]:
    """Release twice, the second time as what the sources still are; a function is on the second."""
    first = world.release()
    world.edit()
    second = world.release()
    function_of(world, second)
    return first, second


# Back


def test_functions_go_back_and_the_layer_is_pinned(world: World) -> None:
    first, second = two_releases(world)

    pin = back(world, reason="v2 is bad")

    assert layers_of(world) == [first.layer_arn]
    assert (pin.release, pin.by, pin.reason) == (first, "alice", "v2 is bad")
    record = world.layer().records.load()
    assert record is not None
    assert (record.pinned, record.current) == (pin, second)


def test_rolling_back_again_keeps_the_pin_as_it_is(world: World) -> None:
    two_releases(world)
    pin = back(world, reason="v2 is bad")

    assert back(world) == pin
    assert back(world, reason="another one").reason == "another one"


def test_a_function_that_cannot_be_moved_is_named_and_the_pin_holds(world: World) -> None:
    world.release()
    layer = world.layer(functions=(f"{world.name}-gone",))
    with pytest.raises(LayerError, match="1 of 1 function was not moved") as caught:
        roll_back(
            layer,
            release_at(layer, 1),
            by="a",
            reason="",
            clock=quick(),
            progress=lambda _line: None,
        )

    assert f"{world.name}-gone" in caught.value.where
    assert "run it again: lambda-layer rollback web 1" in caught.value.fix
    assert plan(world.layer()).status == PINNED


# While it is pinned


def test_a_plan_of_a_pinned_layer_has_nothing_to_approve(world: World) -> None:
    first, second = two_releases(world)
    approved = world.layer().approved()
    back(world)

    planned = plan(world.layer())
    assert (planned.status, planned.release, planned.token) == (PINNED, first, approved)
    assert planned.reason.endswith(f"once unpinned: version {second.version} is current")

    world.edit("x = 'corrected'\n")
    corrected = plan(world.layer())
    assert (corrected.status, corrected.release, corrected.token) == (PINNED, first, approved)
    assert corrected.reason.endswith("once unpinned: stale: src/web/app.py changed")
    assert plan(world.layer()).reason == corrected.reason


def test_a_forced_rebuild_is_ignored_and_said_to_be(world: World) -> None:
    two_releases(world)
    back(world)

    planned = plan(world.layer(), force=True)
    assert planned.status == PINNED
    assert planned.token == world.layer().approved()
    assert "force_rebuild is ignored" in planned.reason


def test_a_pinned_version_that_was_deleted_holds_nothing(world: World) -> None:
    first, second = two_releases(world)
    back(world)
    world.delete_version(first.version)

    planned = plan(world.layer())
    assert (planned.status, planned.release) == (CURRENT, second)
    assert planned.reason.startswith(f"the pinned {first.layer_arn} was deleted; ")


def test_a_release_that_was_on_its_way_leaves_the_functions_alone(world: World) -> None:
    first, _ = two_releases(world)
    world.edit()
    die(world, 3)
    back(world)
    said: list[str] = []

    layer = world.layer(functions=(world.name,))
    due = plan(layer, pins=False)
    world.put("web/approved", str(due.token).encode())
    third = ensure(layer, Order(due.token, due.reason), clock=quick(), progress=said.append)

    assert third.version == 3
    assert layers_of(world) == [first.layer_arn]
    assert any(line.startswith(f"functions stay on {first.layer_arn}: pinned") for line in said)
    assert plan(layer).release == first


# Unpinned


def test_unpinning_moves_the_functions_to_the_release_of_the_sources(world: World) -> None:
    _, second = two_releases(world)
    back(world)
    layer = world.layer(functions=(world.name,))

    unpinning = unpinning_of(layer)
    assert (unpinning.due, unpinning.moves_to) == ("nothing", second)
    unpin(layer, unpinning, clock=quick(), progress=lambda _line: None)

    assert layers_of(world) == [second.layer_arn]
    assert plan(world.layer()).status == CURRENT


def test_unpinning_leaves_the_functions_where_they_are_while_a_build_is_due(world: World) -> None:
    first, _ = two_releases(world)
    back(world)
    world.edit("x = 'corrected'\n")
    layer = world.layer(functions=(world.name,))

    unpinning = unpinning_of(layer)
    assert (unpinning.due, unpinning.moves_to) == ("stale: src/web/app.py changed", None)
    unpin(layer, unpinning, clock=quick(), progress=lambda _line: None)

    assert layers_of(world) == [first.layer_arn]
    planned = plan(world.layer())
    assert (planned.status, planned.token.number) == (STALE, 3)


def test_a_layer_can_be_unpinned_whose_sources_are_broken(world: World) -> None:
    two_releases(world)
    back(world)
    layer = world.layer(package="gone")

    unpinning = unpinning_of(layer)
    assert unpinning.moves_to is None
    assert "its sources cannot be used" in unpinning.due
    unpin(layer, unpinning, clock=quick(), progress=lambda _line: None)
    assert world.layer().records.load() == replace(
        world.layer().records.load() or pytest.fail("no record"), pinned=None
    )


def test_an_unpin_that_did_not_move_all_functions_is_finished_when_it_is_run_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = two_releases(world)
    back(world)
    layer = world.layer(functions=(world.name,))
    with monkeypatch.context() as denied:
        denied.setattr(layer.services.functions, "give", refuse)
        with pytest.raises(FunctionsNotMoved):
            unpin(layer, unpinning_of(layer), clock=quick(), progress=lambda _line: None)

    unpin(layer, unpinning_of(layer), clock=quick(), progress=lambda _line: None)

    assert layers_of(world) == [second.layer_arn]
    with pytest.raises(LayerError, match="is not pinned"):
        unpinning_of(layer)


def refuse(*_arguments: object) -> bool:
    raise Denied("the credentials may not lambda:UpdateFunctionConfiguration")


def test_a_layer_that_is_not_pinned_cannot_be_unpinned(world: World) -> None:
    with pytest.raises(LayerError, match="is not pinned"):
        unpinning_of(world.layer())


# Others at the same moment


def test_of_two_rollbacks_at_once_the_last_pin_has_the_functions(world: World) -> None:
    _, second = two_releases(world)
    layer = world.layer(functions=(world.name,))

    def another(line: str) -> None:
        if line.startswith("pinned to version 1"):
            back(world, 2)

    with pytest.raises(ConflictError, match="pinned otherwise, or unpinned"):
        roll_back(layer, release_at(layer, 1), by="bob", reason="", clock=quick(), progress=another)

    assert layers_of(world) == [second.layer_arn]
    assert plan(world.layer()).release == second


def test_a_rollback_that_is_unpinned_meanwhile_leaves_the_functions_where_they_belong(
    world: World,
) -> None:
    _, second = two_releases(world)
    layer = world.layer(functions=(world.name,))

    def another(line: str) -> None:
        if line.startswith("pinned to version 1"):
            unpin(layer, unpinning_of(layer), clock=quick(), progress=lambda _line: None)

    with pytest.raises(ConflictError, match="pinned otherwise, or unpinned"):
        roll_back(layer, release_at(layer, 1), by="bob", reason="", clock=quick(), progress=another)

    assert layers_of(world) == [second.layer_arn]
    assert plan(layer).status == CURRENT


def test_a_version_that_is_being_pruned_cannot_be_pinned(world: World) -> None:
    first, _ = two_releases(world)
    layer = world.layer(functions=(world.name,))
    layer.records.change(lambda record: record.pruning([first.layer_arn]))

    with pytest.raises(ConflictError, match="version 1 is being deleted by a prune"):
        back(world)
    assert plan(world.layer()).status == CURRENT


@pytest.mark.parametrize("by", ["apply", "unpin"])
@pytest.mark.parametrize("writes", [1, 2, 3])
def test_an_unpin_that_is_killed_is_finished_by_the_next_apply_or_unpin(
    world: World, writes: int, by: str
) -> None:
    name = f"/layers/{world.name}"
    fields: dict[str, Any] = {"functions": (world.name,), "parameter": name}
    world.release(world.layer(parameter=name))
    world.edit()
    second = world.release(world.layer(parameter=name))
    function_of(world, second)
    world.release(world.layer(**fields))
    layer = world.layer(**fields)
    roll_back(
        layer, release_at(layer, 1), by="a", reason="", clock=quick(),
        progress=lambda _line: None,
    )  # fmt: skip
    doomed = replace(layer, services=world.connect(DoomedSession(writes)))

    with pytest.raises(Killed):
        unpin(doomed, unpinning_of(layer), clock=quick(), progress=lambda _line: None)

    assert plan(layer).status in {UNMOVED, UNSHARED}
    if by == "apply":
        world.release(world.layer(**fields))
    else:
        again = world.layer(**fields)
        unpin(again, unpinning_of(again), clock=quick(), progress=lambda _line: None)
    assert layers_of(world) == [second.layer_arn]
    assert world.services.parameters.get(name) == second.layer_arn
    assert plan(world.layer(**fields)).status == CURRENT
    with pytest.raises(LayerError, match="is not pinned"):
        unpinning_of(world.layer(**fields))
