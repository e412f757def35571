from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.layer_spec import LayerSpec
from tests.builder.conftest import spec_of


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("functions", ("api",)),
        ("share", ("123456789012",)),
        ("parameter", "/layers/web"),
        ("layer_name", "mine"),
    ],
)
def test_what_only_layers_have_is_refused_for_an_image(key: str, value: Any) -> None:
    with pytest.raises(SpecError, match=f"{key} is of no use for an image") as caught:
        spec_of(image=True, **{key: value})

    assert caught.value.fix == f"take {key} out; functions name the output image_uri as their image"


def test_an_image_is_for_one_runtime() -> None:
    with pytest.raises(SpecError, match="an image is for one runtime, and 2 are named"):
        spec_of(image=True, python=("3.12", "3.13"))


def test_a_base_is_of_an_image() -> None:
    assert spec_of(image=True, base="python:3.13").base == "python:3.13"
    with pytest.raises(SpecError, match="base is of a layer that is an image"):
        spec_of(base="python:3.13")


def test_an_image_may_have_more_than_a_layer() -> None:
    assert spec_of().limit == 262_144_000
    assert spec_of(image=True).limit == 10 * 1024**3


def test_an_image_of_a_service_has_programs_on_a_base_of_its_own() -> None:
    spec = spec_of(image=True, supervisor=True, python=("3.13",), include=("lib",))

    assert spec.base == "public.ecr.aws/docker/library/python:3.13-slim"
    assert spec.include == ("bin", "lib")
    assert spec_of(image=True, supervisor=True, base="python:3").base == "python:3"
    assert LayerSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "the supervisor is of an image, and this is a layer"),
        ({"image": True, "python": ("3.9",)}, "does not run on Python 3.9"),
        ({"image": True, "slim": ("boto",)}, "slim leaves out boto3"),
    ],
)
def test_what_no_image_of_a_service_can_be_is_refused(settings: Any, said: str) -> None:
    with pytest.raises(SpecError, match=said):
        spec_of(supervisor=True, **settings)
