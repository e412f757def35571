import pytest

from builder.errors import RecordError, SourceError
from builder.publisher.stored_layer import stored_layer
from builder.release.release import advance
from tests.builder.conftest import World, order_of, quick


def test_a_layer_is_stored_by_the_one_who_started_its_build(world: World) -> None:
    layer = world.layer(description="for the web", functions=("api",))
    advance(layer, order_of(layer), clock=quick())

    stored = stored_layer(world.services, layer.site, "web", layer.fingerprint)

    assert stored.spec == layer.spec
    assert stored.fingerprint == layer.fingerprint
    assert stored.keys == layer.keys
    with pytest.raises(SourceError, match="the sources of layer 'web' are not here"):
        stored.bundle()


def test_a_layer_that_no_one_started_a_build_of_is_not_stored(world: World) -> None:
    layer = world.layer()
    with pytest.raises(RecordError, match="is not known"):
        stored_layer(world.services, layer.site, "web", layer.fingerprint)
