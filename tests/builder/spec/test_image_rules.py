from typing import Any

import pytest

from builder.errors import SpecError
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
