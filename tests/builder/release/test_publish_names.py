"""Two applications that make one name in Lambda do not publish into each other's layer."""

import pytest

from builder.errors import ConflictError
from tests.builder.conftest import World
from tests.builder.release.test_publish import built, published


def test_nothing_is_published_into_the_layer_of_another_application(world: World) -> None:
    """``shop`` with ``web-x`` makes the name that ``shop-web`` with ``x`` makes."""
    layer = world.layer()
    artifact, token = built(layer)
    layer.services.layers.publish(
        layer.site.layer_name, bucket=world.name, key=artifact.key, object_version="",
        targets=layer.spec.targets, description="", token=str(token), app=world.name[:-2],
    )  # fmt: skip

    with pytest.raises(ConflictError, match=f"application '{world.name[:-2]}' has") as caught:
        published(layer, artifact, token)

    assert world.versions() == [1]
    assert "another name" in caught.value.fix
