import pytest

from builder.errors import RecordError, SourceError
from builder.publisher.stored_layer import remember
from builder.release.release import advance
from tests.builder.conftest import World, order_of, quick


def test_a_layer_is_remembered_by_the_one_who_started_its_build(world: World) -> None:
    layer = world.layer(description="for the web", functions=("api",))
    advance(layer, order_of(layer), clock=quick())

    remembered = remember(world.services, layer.site, "web", layer.fingerprint)

    assert remembered.spec == layer.spec
    assert remembered.fingerprint == layer.fingerprint
    assert remembered.artifact_folder == layer.artifact_folder
    with pytest.raises(SourceError, match="the sources of layer 'web' are not here"):
        remembered.bundle()


def test_a_layer_that_nobody_started_a_build_of_is_not_remembered(world: World) -> None:
    layer = world.layer()
    with pytest.raises(RecordError, match="is not known"):
        remember(world.services, layer.site, "web", layer.fingerprint)
