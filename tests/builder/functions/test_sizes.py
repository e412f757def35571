from dataclasses import replace

from builder.functions.sizes import UnzippedSizes
from builder.layer.records import Records
from tests.builder.conftest import World
from tests.builder.remembered import release_of

LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer"


def remember(world: World, layer: str, version: int, size: int) -> str:
    arn = f"{LAYER}:{world.name}-{layer}:{version}"
    release = replace(release_of(version), layer_arn=arn, unzipped_size=size)
    Records(world.services.store, layer).change(lambda record: record.published(release))
    return arn


def test_sizes_of_all_layers_of_the_application_are_known(world: World) -> None:
    web1, web2 = remember(world, "web", 1, 10), remember(world, "web", 2, 20)
    core = remember(world, "core-x", 1, 30)
    sizes = UnzippedSizes(world.layer())

    assert [sizes(arn) for arn in (web1, web2, core)] == [10, 20, 30]


def test_sizes_of_what_others_published_are_not_known(world: World) -> None:
    remember(world, "web", 1, 10)
    world.put("broken/record.json", b"{")
    sizes = UnzippedSizes(world.layer())

    for name in ("web:7", "never:1", "broken:1"):
        assert sizes(f"{LAYER}:{world.name}-{name}") is None
    assert sizes(f"{LAYER}:somebody-elses:1") is None


def test_a_record_is_read_once_for_all_functions(world: World) -> None:
    web = remember(world, "web", 1, 10)
    sizes = UnzippedSizes(world.layer())
    sizes(web)
    before = len(world.aws.calls())

    assert sizes(web) == 10
    assert not [call for call in world.aws.calls()[before:] if world.name in call.target]
