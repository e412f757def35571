import pytest

from builder.layer.record import Release
from builder.release.clear import clear_away
from tests.builder.conftest import World


def cleared(world: World, release: Release) -> list[str]:
    """Clear a release away, return what was said."""
    lines: list[str] = []
    clear_away(world.layer(), release.token, lines.append)
    return lines


def test_what_a_release_has_left_of_a_layer_without_a_record_goes(world: World) -> None:
    release = world.release()
    world.delete("web/record.json")

    lines = cleared(world, release)

    assert f"deleted {release.layer_arn}" in lines
    assert (world.versions(), world.keys()) == ([], ["web/approved"])


def test_a_layer_of_the_same_name_that_was_released_since_keeps_its_own(world: World) -> None:
    release = world.release()
    before = world.keys()

    assert cleared(world, release) == []
    assert (world.versions(), world.keys()) == ([1], before)


def test_what_cannot_be_deleted_is_said_and_the_rest_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = world.release()
    world.delete("web/record.json")
    world.become(monkeypatch, "s3:*", "lambda:ListLayerVersions", "codebuild:*")

    (note, deleted) = cleared(world, release)

    assert note.startswith("NOTE: not all is removed of layer 'web', which was retired")
    assert "lambda:DeleteLayerVersion" in note
    assert "lambda-layer retire web" in note
    assert deleted.startswith("deleted ")
    assert (world.versions(), world.keys()) == ([1], ["web/approved"])
