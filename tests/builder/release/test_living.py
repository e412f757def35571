from dataclasses import replace

import pytest

from builder.errors import LayerError
from builder.layer.record import Record
from builder.layer.releases import known_release
from builder.release.living import UNLISTED, living_release
from tests.builder.conftest import World


def record_of(world: World) -> Record:
    record = world.layer().records.load()
    assert record is not None
    return record


def test_a_layer_without_a_version_says_how_to_get_one(world: World) -> None:
    with pytest.raises(LayerError) as caught:
        living_release(world.layer(), Record("web"), 1)

    assert "lambda-layer build web" in caught.value.fix


def test_a_version_that_was_deleted_is_refused_with_those_that_can_be_had(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    world.delete_version(1)
    layer, record = world.layer(), record_of(world)

    assert known_release(layer, record, 1) == first
    assert living_release(layer, record, 2) == second
    with pytest.raises(LayerError, match="version 1 of layer 'web' was deleted") as caught:
        living_release(layer, record, 1)
    assert caught.value.expected == f"version 2 of {second.published_at} ({second.reason})"
    with pytest.raises(LayerError, match="version 7 is no release"):
        living_release(layer, record, 7)


def test_a_version_that_the_record_lists_no_longer_is_read_back_from_lambda(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    layer = world.layer()
    dropped = replace(record_of(world), releases=(second,))

    found = living_release(layer, dropped, 1)

    assert replace(found, reason=first.reason, published_at=first.published_at) == first
    assert found.reason == UNLISTED
    assert found.published_at.endswith("Z")
    assert found.published_at[:10] == first.published_at[:10]
    with pytest.raises(LayerError, match="version 9 is no release") as caught:
        living_release(layer, dropped, 9)
    assert "version 1, which the record lists no longer" in caught.value.expected


def test_its_sizes_are_unknown_without_its_artifact_and_others_are_not_taken(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    layer = world.layer()
    dropped = replace(record_of(world), releases=(second,))
    world.delete(layer.keys.verified.manifest(first.fingerprint))

    found = living_release(layer, dropped, 1)

    assert (found.unzipped_size, found.packages) == (0, 0)
    assert (found.code_sha256, found.zipped_size) == (first.code_sha256, first.zipped_size)


def test_what_was_refused_or_is_of_another_application_cannot_be_had(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    layer = world.layer()
    dropped = replace(record_of(world), releases=(second,))

    with pytest.raises(LayerError, match="version 1 is no release"):
        living_release(layer, replace(dropped, refused=(first.layer_arn,)), 1)
    lambda_ = world.aws.client("lambda")
    key = layer.keys.verified.archive(first.fingerprint)
    mark = f"[{first.token} of another-app]"
    lambda_.publish_layer_version(
        LayerName=layer.site.layer_name,
        Description=mark,
        Content={"S3Bucket": world.name, "S3Key": key},
    )
    with pytest.raises(LayerError, match="version 3 is no release"):
        living_release(layer, dropped, 3)
