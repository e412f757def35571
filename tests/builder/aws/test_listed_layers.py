from collections import Counter
from collections.abc import Callable

import pytest
from botocore.stub import Stubber

from builder.aws import listed_layers
from builder.aws.layers import Layers
from builder.aws.listed_layers import ListedLayers
from builder.errors import AwsError
from builder.spec.runtimes import Target
from tests.builder.aws.test_layers import archive
from tests.builder.conftest import World

OTHERS = tuple(f"other-{number}" for number in range(1000))
"""Names for which it pays to list whatever layers other tests have left."""


def publish(world: World, name: str) -> str:
    """Publish a version of a layer; return its ARN."""
    world.put("layer.zip", archive())
    return world.services.layers.publish(
        f"{world.name}-{name}", bucket=world.name, key="layer.zip", object_version="",
        targets=(Target("3.12", "arm64"),), description="", token="", app="",
    ).arn  # fmt: skip


def listed(world: World, *names: str) -> ListedLayers:
    return ListedLayers(world.session, [*(f"{world.name}-{name}" for name in names), *OTHERS])


def calls(world: World, ask: Callable[[], object]) -> Counter[str]:
    before = len(world.aws.calls())
    ask()
    return Counter(call.operation for call in world.aws.calls()[before:])


def test_newest_versions_are_seen_in_one_list_and_others_asked_for(world: World) -> None:
    first, newest, other = publish(world, "a"), publish(world, "a"), publish(world, "b")
    publish(world, "a-b")  # whose name begins alike
    layers = listed(world, "a", "b")

    assert calls(world, lambda: layers.exists(newest))["ListLayers"] >= 1
    assert calls(world, lambda: [layers.exists(arn) for arn in (newest, other)]) == {}
    assert all(layers.exists(arn) for arn in (newest, other, first))
    assert calls(world, lambda: layers.exists(first)) == {"GetLayerVersion": 1}


def test_what_was_deleted_or_never_published_is_not_there(world: World) -> None:
    kept, deleted = publish(world, "a"), publish(world, "a")
    world.services.layers.delete(f"{world.name}-a", 2)
    layers = listed(world, "a")

    assert layers.exists(kept)
    assert not layers.exists(deleted)
    assert not layers.exists(deleted.replace(":2", ":99"))
    assert not layers.exists(deleted.replace(f"{world.name}-a", f"{world.name}-never"))


def test_no_more_pages_are_read_than_pay(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed_layers, "PAGE", 1)
    arns = [publish(world, f"l{number}") for number in range(4)]
    layers = ListedLayers(world.session, [f"none-{number}" for number in range(10)])

    asked = calls(world, lambda: [layers.exists(arn) for arn in arns])

    assert asked["ListLayers"] == 2
    assert all(layers.exists(arn) for arn in arns)


def test_the_list_ends_where_all_names_were_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listed_layers, "PAGE", 2)
    monkeypatch.setattr(listed_layers, "WORTH", 1)
    for name in ("a", "b", "c"):
        publish(world, name)
    entries = world.aws.client("lambda").list_layers(MaxItems=2)["Layers"]
    layers = ListedLayers(world.session, [entry["LayerName"] for entry in entries])
    arn = entries[0]["LatestMatchingVersion"]["LayerVersionArn"]

    assert calls(world, lambda: layers.exists(arn)) == {"ListLayers": 1}


def test_a_layer_of_which_the_list_says_no_version_is_asked_for(world: World) -> None:
    arn = publish(world, "a")
    layers = listed(world, "a")
    with Stubber(layers._lambda) as stubbed:
        stubbed.add_response("list_layers", {"Layers": [{"LayerName": f"{world.name}-a"}, {}]})
        stubbed.add_client_error("get_layer_version_by_arn", "ResourceNotFoundException")

        assert not layers.exists(arn)
    assert layers.exists(arn)


def test_who_may_not_list_asks_for_each(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    arn = publish(world, "a")
    world.become(monkeypatch, "lambda:GetLayerVersion")
    layers = listed(world, "a")

    asked = calls(world, lambda: [layers.exists(arn) for _ in range(3)])

    assert asked == {"ListLayers": 1, "GetLayerVersion": 3}
    assert layers.exists(arn)


def test_who_may_do_neither_is_told_what_a_plan_needs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = publish(world, "a")
    world.become(monkeypatch, "s3:GetObject")

    for layers in (Layers(world.session), listed(world, "a")):
        with pytest.raises(AwsError, match="may not lambda:GetLayerVersion:"):
            layers.exists(arn)
