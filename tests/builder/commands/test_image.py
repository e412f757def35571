from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from builder.cli import main
from embedded.aws import EmbeddedAws
from embedded.calls import INTERNAL
from tests.builder.commands.conftest import Project, releases
from tests.builder.commands.test_get import archive_of
from tests.builder.conftest import REGION, environ
from tests.builder.sizes.conftest import Serve
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.builder.sizes.test_trial import tools as tools
from tests.patience import PATIENCE
from tests.registry import Registry
from tests.worker.conftest import MakeWheel
from tests.worker.conftest import make_tools as make_tools
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache

TOML = f"""
[app]
name = "gallery"
region = "{REGION}"
[layers.web]
dependencies = ["tool"]
python = ["3.12", "3.13"]
architecture = "arm64"
[layers.server]
dependencies = ["tool"]
python = ["3.13"]
architecture = "arm64"
image = true
[services.chroma]
command = ["chroma", "{{port}}", "{{data}}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
[services.built]
command = ["chroma", "{{port}}", "{{data}}"]
layer = "server"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""


@pytest.fixture
def base() -> Iterator[str]:
    """A base for both architectures, which anyone may read."""
    with Registry(auth="bearer").serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield f"{registry.host}/python:3"


@pytest.fixture
def folder(
    make_wheel: MakeWheel,
    shelf: Path,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A project with a layer and a service, and an index with what they need."""
    for name in ("tool", "boto3"):
        make_wheel(shelf, name)
    serve(ranges=True)
    (tmp_path / "project").mkdir()
    (tmp_path / "project/layers.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.fixture
def repository(aws: EmbeddedAws, folder: Path) -> Iterator[str]:
    """The repository of the service, as the stack makes it."""
    ecr: Any = aws.client("ecr")
    with suppress(ecr.exceptions.RepositoryNotFoundException):
        ecr.delete_repository(repositoryName="gallery-chroma", force=True)
    ecr.create_repository(repositoryName="gallery-chroma", imageTagMutability="IMMUTABLE")
    yield "gallery-chroma"
    ecr.delete_repository(repositoryName="gallery-chroma", force=True)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["image", *words])


def blob(aws: EmbeddedAws, repository: str, digest: str) -> bytes:
    url = f"{aws.url}/v2/{repository}/blobs/{digest}"
    asked = urllib.request.Request(url, headers={"User-Agent": INTERNAL})
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
        found: bytes = answer.read()
    return found


@pytest.mark.slow
def test_the_image_of_a_service_is_in_its_repository_and_is_found_again(
    aws: EmbeddedAws, repository: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    made = run("tool", "--service", "chroma", "--python", "3.13", "--base", base, "--json")
    assert made.exit_code == 0, made.stderr
    said = json.loads(made.stdout)
    assert said["pushed"]
    assert [package["name"] for package in said["packages"]] == ["boto3", "tool"]
    ecr: Any = aws.client("ecr")
    (found,) = ecr.describe_images(repositoryName=repository)["imageDetails"]
    assert found["imageTags"] == ["1"]
    assert said["image_uri"].endswith(f".amazonaws.com/{repository}@{found['imageDigest']}")
    (image,) = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "1"}])[
        "images"
    ]
    config = json.loads(
        blob(aws, repository, json.loads(image["imageManifest"])["config"]["digest"])
    )
    assert config["architecture"] == "arm64"
    again = run("tool", "--service", "chroma", "--python", "3.13", "--base", base)
    assert again.exit_code == 0, again.stderr
    assert again.stdout.startswith("there already")
    assert again.stdout.rstrip().endswith(found["imageDigest"])


@pytest.mark.slow
def test_a_tag_that_has_other_packages_is_refused(
    aws: EmbeddedAws, repository: str, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    words = ("--service", "chroma", "--python", "3.13", "--base", base)
    assert run("tool", *words).exit_code == 0
    refused = run("tool==1.0", *words)
    assert refused.exit_code == 1
    assert "the tag '1' has another image" in refused.stderr
    assert "image_tag in layers.toml" in refused.stderr


def test_a_repository_that_is_not_there_is_said_before_anything_is_built(
    aws: EmbeddedAws, folder: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    monkeypatch.setattr("builder.operations.image.run", None)
    refused = run("tool", "--service", "chroma", "--python", "3.13", "--base", base)
    assert refused.exit_code == 1
    assert "there is no repository 'gallery-chroma'" in refused.stderr


@pytest.mark.slow
def test_an_image_goes_to_a_registry_that_needs_no_aws(
    folder: Path, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "layers.toml").unlink()
    with Registry().serving() as target:
        target.repositories.add("shop")
        into = f"{target.host}/shop"
        made = run("tool", "--to", into, "--python", "3.13", "--base", base, "--json")
        assert made.exit_code == 0, made.stderr
        said = json.loads(made.stdout)
        assert said["tag"] == said["fingerprint"]
        assert "opt/python/tool/__init__.py" in target.files("shop", said["tag"])
        assert "opt/python/hybrid_service/__init__.py" not in target.files("shop", said["tag"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("web", "--to", "127.0.0.1:1/a"), "2 images are meant"),
        (("tool", "--service", "chrome"), "there is no service 'chrome'"),
        (("tool", "--service", "chroma", "--architecture", "x86_64"), "runs on arm64"),
        (("tool", "--service", "built"), "the image of service 'built' is the layer server"),
        (("tool", "--to", "no image"), "names no image"),
        (("tool", "--to", "127.0.0.1:1/a", "--base", "A"), "names no image"),
        (("tool", "--to", f"127.0.0.1:1/a@sha256:{'0' * 64}"), "named by its digest"),
    ],
)
def test_what_cannot_be_meant_is_refused(folder: Path, words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert refused.exit_code == 1
    assert said in refused.stderr


@pytest.mark.usefixtures("folder")
def test_the_images_of_a_layer_are_pruned_as_its_versions(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    refused = CliRunner().invoke(main, ["prune", "built", "--keep", "2"])

    assert refused.exit_code == 2
    assert "those of its layer: lambda-layer prune server --keep 2" in refused.stderr


def test_an_image_of_a_release_has_the_bytes_that_lambda_has(project: Project, base: str) -> None:
    releases(project, 1)
    with Registry().serving() as target:
        target.repositories.add("shop")
        words = ("web", "--release", "--to", f"{target.host}/shop", "--base", base, "--json")
        made = project.run("image", *words)
        assert made.exit_code == 0, made.stderr
        said = json.loads(made.stdout)
        found = target.files("shop", said["tag"])
        key = archive_of(project)
        content = project.aws.client("s3").get_object(Bucket=project.bucket, Key=key)["Body"].read()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                assert found[f"opt/{name}"] == archive.read(name)
        first = made.stdout
        assert json.loads(project.run("image", *words).stdout)["pushed"] is False

        releases(project, 1)
        assert json.loads(project.run("image", *words).stdout)["tag"] != said["tag"]
        again = json.loads(project.run("image", "web", "--release", "1", *words[2:]).stdout)
        assert again == {**json.loads(first), "pushed": False, "packages": []}


def test_an_image_of_a_release_that_is_not_there_is_refused(project: Project, base: str) -> None:
    words = ("--to", "127.0.0.1:1/shop", "--base", base)
    refused = project.run("image", "web", "--release", *words)
    assert refused.exit_code == 1
    assert "has no release yet" in refused.stderr
    refused = project.run("image", "web", "--release", "--python", "3.13", *words)
    assert refused.exit_code == 1
    assert "a release stays what it is" in refused.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("tool",),
        ("tool", "--to", "a", "--service", "chroma"),
    ],
)
def test_where_an_image_goes_is_said_once(folder: Path, words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert refused.exit_code == 2
    assert "--to or --service" in refused.stderr


def test_a_service_has_no_release_for_an_image(folder: Path) -> None:
    refused = run("web", "--service", "chroma", "--release")
    assert refused.exit_code == 2
    assert "leave out --release" in refused.stderr
