from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.functions import Functions
from builder.errors import BuildFailed, ConflictError, LayerError
from builder.images.manifest import digest_of
from builder.images.reference import Reference
from builder.images.registry import Document
from builder.images.registry import Registry as Client
from builder.layer.connected import services_at
from builder.layer.image_versions import ImageVersions
from builder.layer.layer import Layer
from builder.release.leftovers import note, noted
from builder.release.plan import plan
from builder.release.prune import prune, pruning_of
from builder.release.release import ensure
from tests.builder.conftest import ACCOUNT, REGION, World, hurried, order_of
from tests.builder.fleet import function_of
from tests.builder.pushing import make_pusher
from tests.registry import Registry

HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture
def base() -> Iterator[Registry]:
    """A registry with what images are built on."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield registry


def pusher_of(world: World) -> None:
    """Make what pushes the image of web, which waits while ``hold-push`` is there."""
    make_pusher(
        world.aws,
        project=world.name,
        bucket=world.name,
        repository=f"{world.name}/web",
        hold=world.root / "hold-push",
    )


def pushes(world: World) -> list[dict[str, Any]]:
    """Return the builds that push the layer web, oldest first."""
    codebuild: Any = world.aws.client("codebuild")
    project = f"{world.name}_web"
    ids = codebuild.list_builds_for_project(projectName=project, sortOrder="ASCENDING")["ids"]
    return [dict(b) for b in codebuild.batch_get_builds(ids=ids)["builds"]] if ids else []


def image_layer(world: World, base: Registry) -> Layer:
    """Return the layer web as an image, read anew; its repository is made if there is none."""
    made = world.layer(image=True, base=f"{base.host}/python:3")
    site = replace(made.site, layer_name=f"{world.name}/web")
    ecr: Any = world.aws.client("ecr")
    with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=site.layer_name, imageTagMutability="IMMUTABLE")
        pusher_of(world)
    return replace(made, site=site, services=services_at(made.spec, site, world.services))


def put_image(world: World, tag: str, config: str) -> None:
    """Put an image into the repository of web by hand."""
    registries = world.services.registries
    login = registries.log_in(registries.registry())
    client = Client(registries.registry(), login=login.login, url=login.url)
    content = config.encode()
    name = f"{world.name}/web"
    digest = digest_of(content)
    client.upload(name, digest, content)
    media = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": digest,
        "size": len(content),
    }
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": media, "layers": []}
    into = Reference(registries.registry(), name, tag)
    client.put_manifest(into, Document(json.dumps(manifest).encode(), kind))


def pushed(world: World) -> list[str]:
    ecr: Any = world.aws.client("ecr")
    found = ecr.describe_images(repositoryName=f"{world.name}/web")["imageDetails"]
    return sorted(tag for image in found for tag in image.get("imageTags", ()))


def test_a_release_is_an_image_of_the_zip_that_was_verified(world: World, base: Registry) -> None:
    layer = image_layer(world, base)
    release = world.release(layer)

    assert release.layer_arn == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{world.name}/web:1"
    assert release.image_uri.startswith(f"{HOST}/{world.name}/web@sha256:")
    assert pushed(world) == [f"{release.fingerprint}-1"]
    assert world.versions() == []
    found = layer.services.layers.get(release.layer_arn)
    assert found is not None
    assert (found.code_sha256, found.app) == (release.code_sha256, layer.app)
    assert found.image_uri == release.image_uri
    versions = layer.services.layers
    assert isinstance(versions, ImageVersions)
    assert replace(versions, architecture="x86_64").get(release.layer_arn) is None
    assert plan(image_layer(world, base)).status == "current"


def test_what_was_pushed_and_not_recorded_is_found_and_not_pushed_again(
    world: World, base: Registry
) -> None:
    first = world.release(image_layer(world, base))
    world.delete("web/record.json")

    layer = image_layer(world, base)
    assert plan(layer).status == "missing"
    again = world.release(layer)
    assert again.image_uri == first.image_uri
    assert pushed(world) == [f"{first.fingerprint}-1"]


def test_a_forced_release_is_another_image(world: World, base: Registry) -> None:
    first = world.release(image_layer(world, base))
    second = world.release(image_layer(world, base), force=True)

    assert (first.version, second.version) == (1, 2)
    assert len(pushed(world)) == 2


def test_an_image_of_other_bytes_under_our_tag_is_refused(world: World, base: Registry) -> None:
    layer = image_layer(world, base)
    labels = {"fast-lambda-layer.token": f"{layer.fingerprint}#1"}
    run = {"config": {"Labels": labels}, "rootfs": {"type": "layers", "diff_ids": []}}
    config = json.dumps({"os": "linux", "architecture": "arm64", **run})
    put_image(world, f"{layer.fingerprint}-1", config)

    with pytest.raises(BuildFailed, match="an image of this approval is there, and has other byt"):
        world.release(layer)
    assert layer.records.load_or_new().current is None
    # Nothing was deleted, and the next approval has another number.
    assert world.release(image_layer(world, base)).version == 2
    assert len(world.builds()) == 1


def test_a_number_is_of_one_image_alone(world: World, base: Registry) -> None:
    layer = image_layer(world, base)
    ecr: Any = world.aws.client("ecr")
    ecr.put_image(
        repositoryName=layer.site.layer_name,
        imageTag=f"{'0' * 64}-1",
        imageManifest=json.dumps({"layers": []}),
    )

    with pytest.raises(ConflictError, match=r"image 1 of .*/web is of other sources"):
        world.release(layer)
    # The number is used up, so the next apply takes another one.
    assert world.release(image_layer(world, base)).version == 2


def test_a_base_that_is_not_there_is_said_and_nothing_is_recorded(
    world: World, base: Registry
) -> None:
    layer = image_layer(world, base)
    base.manifests.clear()

    with pytest.raises(BuildFailed, match="there is no image"):
        world.release(layer)
    assert pushed(world) == []
    assert layer.records.load_or_new().current is None


def test_images_that_functions_have_are_not_pruned(world: World, base: Registry) -> None:
    first = world.release(image_layer(world, base))
    for _ in range(2):
        world.edit()
        world.release(image_layer(world, base))
    lambda_: Any = world.aws.client("lambda")
    lambda_.create_function(
        FunctionName=world.name,
        PackageType="Image",
        Code={"ImageUri": first.image_uri},
        Role=world.role,
    )

    layer = image_layer(world, base)
    found = pruning_of(layer, 1)
    assert {v.version: v.stays for v in found.verdicts} == {
        1: f"used by {world.name}",
        2: "",
        3: "current",
    }
    prune(layer, found, lambda _line: None)
    assert [tag.rpartition("-")[2] for tag in sorted(pushed(world), key=lambda t: t[-1])] == [
        "1",
        "3",
    ]


def test_an_image_has_no_zip_to_download(world: World, base: Registry) -> None:
    layer = image_layer(world, base)

    with pytest.raises(LayerError, match="is an image, and no layer version"):
        layer.services.layers.download(f"{layer.site.layer_arn}:1", world.root / "zip")


def test_what_retired_layers_left_goes_with_a_release_of_an_image(
    world: World, base: Registry
) -> None:
    release = world.release(world.layer("old"))
    function = function_of(world, "f", [release.layer_arn])
    note(world.services.store, "old", {release.version}, layer_name=f"{world.name}-old")
    world.delete("old/record.json")

    world.release(image_layer(world, base))
    assert world.versions("old") == [release.version]
    assert noted(world.services.store, "old") == {release.version}

    world.aws.client("lambda").update_function_configuration(FunctionName=function, Layers=[])
    world.edit()
    world.release(image_layer(world, base))
    assert world.versions("old") == []
    assert noted(world.services.store, "old") == frozenset()


def test_an_image_is_used_by_whatever_name_of_its_registry_the_function_has(
    world: World, base: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = image_layer(world, base)
    release = world.release(layer)
    dual = f"{ACCOUNT}.dkr-ecr.{REGION}.on.aws"
    uri = release.image_uri.replace(HOST, dual)
    monkeypatch.setattr(Functions, "images", lambda self, *, published: [("f", "1", "arn:f", uri)])

    (use,) = layer.services.functions.uses().of(layer.site.layer_arn)
    assert (use.function, use.layer_arn) == ("f", release.layer_arn)


def test_of_two_releases_at_once_one_pushes(world: World, base: Registry) -> None:
    layers = [image_layer(world, base) for _ in range(2)]
    order = order_of(layers[0])
    world.put("web/approved", str(order.token).encode())
    with ThreadPoolExecutor() as pool:
        released = list(pool.map(lambda layer: ensure(layer, order, clock=hurried()), layers))

    assert released[0] == released[1]
    assert pushed(world) == [f"{order.token.fingerprint}-1"]
    assert (len(world.builds()), len(pushes(world))) == (1, 1)
