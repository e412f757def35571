import json
from dataclasses import replace
from pathlib import Path

import pytest

from builder.errors import SpecError
from builder.inputs.fingerprint import inputs_of
from builder.spec.build_images import image_of, pulled
from builder.spec.layer_spec import LayerSpec
from builder.spec.layers_toml import load_config
from builder.spec.runtimes import Target
from tests.builder.conftest import spec_of

DIGEST = f"sha256:{'9f' * 32}"
OTHER = f"sha256:{'8e' * 32}"
HOUSE = "registry.example.com:5000/house/python"
ARM = Target("3.13", "arm64")


def layer(*images: str, python: tuple[str, ...] = ("3.13",)) -> LayerSpec:
    return spec_of(python=python, architecture="arm64", images=images)


@pytest.mark.parametrize(
    ("written", "asked_for"),
    [
        (f"{HOUSE}:1", f"{HOUSE}:1"),
        (f"{HOUSE}@{DIGEST}", f"{HOUSE}@{DIGEST}"),
        # CodeBuild takes a tag or a digest.
        (f"{HOUSE}:1@{DIGEST}", f"{HOUSE}@{DIGEST}"),
        (f"public.ecr.aws/a/b:latest-arm64@{DIGEST}", f"public.ecr.aws/a/b@{DIGEST}"),
    ],
)
def test_an_image_is_pulled_by_its_digest_where_it_has_one(written: str, asked_for: str) -> None:
    entries = layer(f"python3.13-arm64={written}").images

    assert image_of(ARM, entries) == written
    assert pulled(ARM, entries) == asked_for


def test_a_target_that_is_not_named_has_the_image_of_its_runtime() -> None:
    entries = layer(f"python3.13-arm64={HOUSE}:1").images

    assert pulled(Target("3.12", "arm64"), entries) == Target("3.12", "arm64").build_image


def test_images_are_in_the_order_of_the_targets() -> None:
    both = (f"python3.13-arm64={HOUSE}:a", f"python3.12-arm64={HOUSE}:b")

    made = layer(*both, python=("3.13", "3.12"))

    assert made.images == (both[1], both[0])
    assert LayerSpec.from_json(made.to_json()) == made


@pytest.mark.parametrize("name", ["python3.13-x86_64", "python3.12-arm64"])
def test_a_program_is_told_of_an_image_that_no_build_uses(name: str) -> None:
    own = f"python3.13-arm64={HOUSE}:a"

    with pytest.raises(SpecError, match=f"an image is for {name}, and the layer is not") as caught:
        layer(own, f"{name}={HOUSE}:b")

    assert caught.value.where == "layer 'web', key 'images'"
    assert "take the entry out" in caught.value.fix
    with pytest.raises(SpecError, match="Lambda compute, which has its own"):
        replace(layer(own), compute="lambda")


def test_of_the_images_of_all_that_terraform_writes_a_layer_takes_its_own() -> None:
    """As the module for HCL does with those of defaults."""
    own, other = f"python3.13-arm64={HOUSE}:a", f"python3.12-arm64={HOUSE}:b"
    written = json.loads(layer(own).to_json())

    def read(**changed: object) -> tuple[str, ...]:
        return LayerSpec.from_json(json.dumps({**written, **changed})).images

    assert read(images=[other, own]) == (own,)
    assert read(images=[own], compute="lambda") == ()
    with pytest.raises(SpecError, match="names no image"):
        read(images=["python3.12-arm64="])


def test_another_digest_builds_the_layer_again_and_that_of_another_target_does_not() -> None:
    def fingerprint(*images: str) -> str:
        written = json.loads(layer().to_json())
        spec = LayerSpec.from_json(json.dumps({**written, "images": images}))
        return inputs_of(spec, []).fingerprint

    pinned = f"python3.13-arm64={HOUSE}@{DIGEST}"
    assert fingerprint(pinned) == fingerprint(pinned, f"python3.13-x86_64={HOUSE}@{OTHER}")
    assert len({fingerprint(), fingerprint(pinned), fingerprint(pinned.replace("9f", "8e"))}) == 3


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("", "is none"),
        ("public.ecr.aws/sam/build-python3.13:latest", "is none"),
        (f"python3.8-arm64={HOUSE}:1", "'python3.8-arm64' is none"),
        (f"python3.13-aarch64={HOUSE}:1", "is none"),
        (f"python3.13={HOUSE}:1", "is none"),
        ("python3.13-arm64=", "names no image"),
        (f"python3.13-arm64={HOUSE}", "names no image"),
        (f"python3.13-arm64={HOUSE}:", "names no image"),
        (f"python3.13-arm64={HOUSE}@{DIGEST[:-1]}", "names no image"),
        (f"python3.13-arm64={HOUSE}@{DIGEST}0", "names no image"),
        (f"python3.13-arm64={HOUSE}@{DIGEST.upper()}", "names no image"),
        (f"python3.13-arm64={HOUSE}@sha512:{'9f' * 64}", "names no image"),
        (f"python3.13-arm64={HOUSE}@{DIGEST}:1", "names no image"),
        (f"python3.13-arm64=https://{HOUSE}:1", "names no image"),
        (f"python3.13-arm64={HOUSE.upper()}:1", "names no image"),
        (f"python3.13-arm64={HOUSE}:1\n", "names no image"),
        (f"python3.13-arm64= {HOUSE}:1", "names no image"),
        (f"python3.13-arm64={'a' * 2000}:1", "names no image"),
        ("python3.13-arm64=123456789012.dkr.ecr.eu-west-1.amazonaws.com/a:1", "private registry"),
        ("python3.13-arm64=aws/codebuild/amazonlinux-x86_64-standard:5.0", "CodeBuild's own"),
    ],
)
def test_what_is_no_image_of_a_target_is_refused(entry: str, said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        layer(entry)

    assert "'images'" in caught.value.where
    assert len(caught.value.what) < 700


def test_one_target_has_one_image() -> None:
    with pytest.raises(SpecError, match="has several images"):
        layer(f"python3.13-arm64={HOUSE}:1", f"python3.13-arm64={HOUSE}:2")


LAYERS = """
[app]
name = "shop"
[defaults]
images = ["python3.13-arm64=house/python:1", "python3.12-x86_64=house/python:2"]
[layers.web]
dependencies = ["six"]
python = ["3.13"]
architecture = "arm64"
{more}
"""


def read(folder: Path, more: str) -> LayerSpec:
    (folder / "layers.toml").write_text(LAYERS.format(more=more))
    return load_config(folder / "layers.toml").layers[0]


SPLIT = """
[app]
name = "shop"
[layers.web]
dependencies = ["six"]
python = ["3.12", "3.13"]
architecture = "arm64"
split = "target"
images = ["python3.13-arm64=house/python:1"]
"""


def test_a_split_layer_has_the_images_of_each_of_its_layers(tmp_path: Path) -> None:
    (tmp_path / "layers.toml").write_text(SPLIT)

    layers = load_config(tmp_path / "layers.toml").layers

    assert [one.images for one in layers] == [(), ("python3.13-arm64=house/python:1",)]


def test_defaults_may_have_images_of_all_and_a_layer_those_of_its_targets(tmp_path: Path) -> None:
    assert read(tmp_path, "").images == ("python3.13-arm64=house/python:1",)
    with pytest.raises(SpecError, match=r"an image is for python3.12-arm64, and the layer is not"):
        read(tmp_path, 'images = ["python3.12-arm64=house/python:1"]')


def test_an_image_that_lambda_compute_cannot_use_is_refused_or_builds_nothing_again(
    tmp_path: Path,
) -> None:
    on_lambda = spec_of(python=("3.13",), compute="lambda")
    in_containers = replace(on_lambda, compute="auto", images=(f"python3.13-arm64={HOUSE}:1",))
    assert inputs_of(in_containers, []) != inputs_of(on_lambda, [])
    assert read(tmp_path, 'compute = "lambda"').images == ()
    with pytest.raises(SpecError, match="builds run on Lambda compute, which has its own"):
        read(tmp_path, 'compute = "lambda"\nimages = ["python3.13-arm64=house/python:1"]')
