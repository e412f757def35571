import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from builder.aws.layers import LayerVersion
from builder.builds.artifact import Artifact, find_artifact
from builder.builds.start import start_build
from builder.clock import Clock
from builder.errors import ArtifactError, AwsError, Unanswered
from builder.layer.layer import Layer
from builder.layer.record import Release
from builder.layer.token import Token
from builder.release.publish import publish, settle
from tests.builder.building import finished
from tests.builder.conftest import DoomedSession, Killed, World, quick
from tests.patience import PATIENCE


@dataclass
class FastClock:
    """A clock whose time passes only while somebody waits."""

    time: float = 1_700_000_000.0
    waits: list[float] = field(default_factory=list)

    def clock(self, owner: str = "me") -> Clock:
        return Clock(now=lambda: self.time, sleep=self.sleep, owner=owner)

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.waits.append(seconds)


def built(layer: Layer, number: int = 1) -> tuple[Artifact, Token]:
    """Return the artifact of a real build, and its token."""
    token = Token(layer.fingerprint, number)
    build_id = start_build(layer, token, debug=False, progress=print, clock=quick()).id
    finished(layer, build_id)
    artifact = find_artifact(layer.services.store, layer.keys.unverified, layer.fingerprint)
    assert artifact is not None
    return artifact, token


def published(
    layer: Layer, artifact: Artifact, token: Token, *, since: int = 0, clock: Clock | None = None
) -> LayerVersion:
    return publish(
        layer, artifact, token, since=since, clock=clock or quick(), progress=lambda _line: None
    )


def test_a_version_is_published_once_for_its_token(world: World) -> None:
    layer = world.layer(description="what the web needs", python=("3.12", "3.13"))
    artifact, token = built(layer)

    first = published(layer, artifact, token)
    again = published(layer, artifact, token)

    assert first.arn == again.arn
    assert first.arn.endswith(f":layer:{world.name}-web:1")
    assert world.versions() == [1]
    found = world.aws.client("lambda").get_layer_version(
        LayerName=layer.site.layer_name, VersionNumber=1
    )
    assert found["Description"] == f"what the web needs [{token} of {world.name}]"
    assert found["CompatibleRuntimes"] == ["python3.12", "python3.13"]
    assert found["CompatibleArchitectures"] == ["arm64"]
    assert found["Content"]["CodeSha256"] == artifact.manifest.code_sha256


def test_a_version_of_the_same_fingerprint_is_adopted(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    first = published(layer, artifact, token)

    assert published(layer, artifact, replace(token, number=5)).arn == first.arn
    assert world.versions() == [1]


def test_a_forced_rebuild_gets_a_version_of_its_own(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    published(layer, artifact, token)

    second = published(layer, artifact, replace(token, number=2), since=2)
    again = published(layer, artifact, replace(token, number=3), since=2)

    assert second.version == again.version == 2
    assert world.versions() == [1, 2]


def test_a_version_that_another_caller_published_is_not_ours(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    world.aws.client("lambda").publish_layer_version(
        LayerName=layer.site.layer_name,
        Description="by hand",
        Content={"ZipFile": world.read(artifact.key)},
    )

    assert published(layer, artifact, token).version == 2


def test_a_version_of_other_bytes_is_not_adopted_even_with_our_token(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    world.put("other.zip", world.read(artifact.key) + b"\n")
    layer.services.layers.publish(
        layer.site.layer_name, bucket=world.name, key="other.zip", object_version="",
        targets=layer.spec.targets, description="", token=str(token), app=layer.app,
    )  # fmt: skip

    version = published(layer, artifact, replace(token, number=2))

    assert version.code_sha256 == artifact.manifest.code_sha256


def test_what_is_published_is_the_version_that_was_verified(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    world.put(artifact.key, b"something else, put there since")

    assert published(layer, artifact, token).code_sha256 == artifact.manifest.code_sha256


def test_an_artifact_that_is_not_what_its_manifest_says_is_refused_and_its_version_deleted(
    world: World,
) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    wrong = replace(artifact, manifest=replace(artifact.manifest, code_sha256="c2hh"))

    with pytest.raises(ArtifactError, match="not what the build's manifest says") as caught:
        published(layer, wrong, token)

    assert world.versions() == []
    assert "c2hh" in caught.value.expected
    record = layer.records.load()
    assert record is not None
    assert record.lease is None


def test_of_many_who_publish_at_once_one_does(world: World) -> None:
    artifact, token = built(world.layer())
    layers = [world.layer() for _ in range(4)]
    start = threading.Barrier(len(layers))

    def run(layer: Layer) -> str:
        start.wait(PATIENCE)
        return published(layer, artifact, token).arn

    with ThreadPoolExecutor(len(layers)) as pool:
        arns = set(pool.map(run, layers))

    assert len(arns) == 1
    assert world.versions() == [1]


def release_of(token: Token, version: LayerVersion, published_at: str = "then") -> Release:
    return Release(
        number=token.number, fingerprint=token.fingerprint, layer_arn=version.arn,
        version=version.version, code_sha256=version.code_sha256, unzipped_size=1, zipped_size=1,
        packages=1, reason="first build", build_id="b", published_at=published_at,
    )  # fmt: skip


def twice(layer: Layer, artifact: Artifact, token: Token) -> list[LayerVersion]:
    """Publish a version for this token and one for the next, as two do who lost the lease."""
    return [
        layer.services.layers.publish(
            layer.site.layer_name, bucket=layer.site.bucket, key=artifact.key, object_version="",
            targets=layer.spec.targets, description="", token=str(replace(token, number=number)),
            app=layer.app,
        )
        for number in (token.number, token.number + 1)
    ]  # fmt: skip


@pytest.mark.parametrize("winner", [0, 1])
def test_of_two_who_published_in_spite_of_the_lease_the_first_recorded_wins(
    world: World, winner: int
) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    versions = twice(layer, artifact, token)
    releases = [
        release_of(replace(token, number=token.number + index), version)
        for index, version in enumerate(versions)
    ]

    settle(layer, releases[winner], since=0, ours=True)
    record, settled = settle(layer, releases[1 - winner], since=0, ours=True)

    assert world.versions() == [versions[winner].version]
    assert settled.layer_arn == versions[winner].arn
    assert {release.layer_arn for release in record.all_releases} == {versions[winner].arn}


def test_a_forced_rebuild_keeps_its_version_beside_the_recorded_one(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    versions = twice(layer, artifact, token)
    settle(layer, release_of(token, versions[0]), since=0, ours=True)
    forced = replace(token, number=2)

    record, settled = settle(layer, release_of(forced, versions[1]), since=2, ours=True)

    assert world.versions() == [1, 2]
    assert record.current == settled == release_of(forced, versions[1])


def test_a_recorded_version_that_was_deleted_does_not_win(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    versions = twice(layer, artifact, token)
    settle(layer, release_of(token, versions[0]), since=0, ours=True)
    layer.services.layers.delete(layer.site.layer_name, 1)
    later = release_of(replace(token, number=2), versions[1])

    record, settled = settle(layer, later, since=0, ours=True)

    assert record.current == settled == later


def test_two_versions_of_one_token_are_adopted_as_the_lower_one(world: World) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    for _ in range(2):
        layer.services.layers.publish(
            layer.site.layer_name, bucket=world.name, key=artifact.key, object_version="",
            targets=layer.spec.targets, description="", token=str(token), app=layer.app,
        )  # fmt: skip

    assert published(layer, artifact, token).version == 1


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_publishing_goes_on_after_a_crash(world: World, writes: int) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    doomed = replace(layer, services=world.connect(DoomedSession(writes)))

    with pytest.raises(Killed):
        published(doomed, artifact, token)

    assert published(layer, artifact, token, clock=FastClock(9e9).clock("other")).version == 1
    assert world.versions() == [1]


@pytest.mark.parametrize("was_published", [True, False])
def test_a_lost_answer_is_looked_for_before_it_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch, was_published: bool
) -> None:
    layer, now = world.layer(), FastClock()
    artifact, token = built(layer)
    publishing: Callable[..., LayerVersion] = layer.services.layers.publish
    calls: list[str] = []

    def lost(*arguments: Any, **options: Any) -> LayerVersion:
        calls.append("publish")
        if was_published or len(calls) > 1:
            version = publishing(*arguments, **options)
        if len(calls) == 1:
            raise Unanswered("the connection was reset")
        return version

    monkeypatch.setattr(layer.services.layers, "publish", lost)

    assert published(layer, artifact, token, clock=now.clock()).version == 1
    assert world.versions() == [1]
    assert len(calls) == (1 if was_published else 2)


def test_a_refused_version_that_cannot_be_deleted_is_never_adopted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = world.layer()
    artifact, token = built(layer)
    wrong = replace(artifact, manifest=replace(artifact.manifest, code_sha256="c2hh"))

    def denied(name: str, version: int) -> None:
        raise AwsError("throttled")

    with monkeypatch.context() as patched:
        patched.setattr(layer.services.layers, "delete", denied)
        with pytest.raises(ArtifactError, match="could not be deleted: throttled"):
            published(layer, wrong, token)

    record = layer.records.load()
    assert record is not None
    assert [arn.rpartition(":")[2] for arn in record.refused] == ["1"]
    assert (published(layer, artifact, token).version, world.versions()) == (2, [2])
