"""How often the functions of an account are listed: once a release."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from builder.layer.layer import Layer
from builder.release.release import ensure
from tests.builder.conftest import World, order_of, quick
from tests.builder.fleet import MINE, TAGS, function_of, inject, version_of

LIST = "before-call.lambda.ListFunctions"


@pytest.fixture
def listings(world: World) -> list[str]:
    """What is listed from now on: "ALL" with published versions; a page after the first is none."""
    found: list[str] = []

    def asked(params: dict[str, Any], **_event: object) -> None:
        query = params["query_string"]
        if "Marker" not in query:
            found.append(query.get("FunctionVersion", ""))

    inject(world, LIST, asked)
    return found


def release(world: World, layer: Layer) -> int:
    order = order_of(layer)
    return ensure(layer, order, clock=quick()).version


@pytest.mark.parametrize("keep", [0, 1])
@pytest.mark.parametrize("entry", ["*", MINE, "{f}"])
def test_one_listing_a_release_serves_the_moves_and_the_pruning(
    world: World, listings: list[str], entry: str, keep: int
) -> None:
    first = world.release()
    name = function_of(world, "f", [first.layer_arn], Tags=TAGS)
    layer: dict[str, Any] = {"functions": (entry.format(f=name),), "keep": keep}
    for _ in range(2):
        world.edit()
        release(world, world.layer(**layer))
    listings.clear()

    world.edit()
    assert release(world, world.layer(**layer)) == 4

    assert version_of(world, name) == 4
    assert listings == ["ALL" if keep else ""]
    assert world.versions() == ([4] if keep else [1, 2, 3, 4])


def test_a_function_that_is_new_since_the_last_release_costs_a_second_listing(
    world: World, listings: list[str]
) -> None:
    layer: dict[str, Any] = {"functions": ("*",)}
    first = world.release(world.layer(**layer))
    name = function_of(world, "f", [first.layer_arn])
    listings.clear()
    world.edit()

    release(world, world.layer(**layer))

    assert version_of(world, name) == 2
    assert len(listings) == 2


@pytest.mark.parametrize("entry", [MINE, "{arn}"])
def test_a_new_function_is_found_where_published_versions_are_listed_too(
    world: World, entry: str
) -> None:
    """Lambda refuses to say the tags of an ARN that names a version, as that listing does."""
    first = world.release()
    name = function_of(world, "f", [first.layer_arn], Tags=TAGS)
    lambda_ = world.aws.client("lambda")
    arn = lambda_.get_function_configuration(FunctionName=name)["FunctionArn"]
    world.edit()
    layer = world.layer(functions=(entry.format(arn=arn),), keep=1)
    asked: list[str] = []

    def asking(params: dict[str, Any], **_event: object) -> None:
        asked.append(params["Resource"])

    inject(world, "provide-client-params.lambda.ListTags", asking)
    release(world, layer)

    assert version_of(world, name) == 2
    assert set(asked) <= {arn}
    assert layer.records.load_or_new().left_behind() == ""


def test_a_function_that_had_the_layer_and_has_it_no_more_is_left_alone(world: World) -> None:
    first = world.release()
    stays, leaves, gone = (function_of(world, n, [first.layer_arn]) for n in ("a", "b", "c"))
    world.edit()
    world.release(world.layer(functions=("*",)))
    lambda_ = world.aws.client("lambda")
    lambda_.update_function_configuration(FunctionName=leaves, Layers=[])
    lambda_.delete_function(FunctionName=gone)
    world.edit()
    lines: list[str] = []

    world.release(world.layer(functions=("*",)), progress=lines.append)

    assert version_of(world, stays) == 3
    assert lambda_.get_function_configuration(FunctionName=leaves).get("Layers", []) == []
    assert [line for line in lines if "function" in line] == [
        f"function {stays} moved from version 2 to 3"
    ]


def test_a_tag_that_was_taken_away_is_seen_without_a_listing(world: World) -> None:
    first = world.release()
    name = function_of(world, "f", [first.layer_arn], Tags=TAGS)
    world.edit()
    world.release(world.layer(functions=(MINE,)))
    lambda_ = world.aws.client("lambda")
    arn = lambda_.get_function_configuration(FunctionName=name)["FunctionArn"]
    lambda_.untag_resource(Resource=arn, TagKeys=list(TAGS))
    world.edit()

    world.release(world.layer(functions=(MINE,)))

    assert version_of(world, name) == 2


def test_layers_that_are_released_together_share_listings(
    world: World, listings: list[str]
) -> None:
    layers = [world.layer(f"l{number}", functions=("*",)) for number in range(8)]
    names = [
        function_of(world, f"f{layer.name}", [world.release(world.layer(layer.name)).layer_arn])
        for layer in layers
    ]
    world.edit()
    layers = [world.layer(layer.name, functions=("*",)) for layer in layers]
    orders = [order_of(layer) for layer in layers]
    listings.clear()

    with ThreadPoolExecutor(len(layers)) as pool:
        list(pool.map(lambda l, o: ensure(l, o, clock=quick()), layers, orders))  # noqa: E741

    assert [version_of(world, n, l.name) for n, l in zip(names, layers, strict=True)] == [2] * 8  # noqa: E741
    # Each finds a function that is new to it, so each wants two; some of them were shared.
    assert len(listings) <= 16
