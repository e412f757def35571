from __future__ import annotations

import pytest

from builder.spec.layer_spec import LayerSpec
from modules.layer.layer_errors import (
    no_layer,
    no_publisher,
    no_version,
    none_yet,
    not_released,
)

SPEC = LayerSpec("web", ("3.13",), "arm64", dependencies=("requests",), image=True)


@pytest.mark.parametrize("refusal", [no_layer, no_publisher])
def test_a_refusal_names_the_layer_the_place_and_the_way_out(refusal: object) -> None:
    assert callable(refusal)
    error = refusal(SPEC)

    assert "'web'" in error.what
    assert "'web'" in error.where
    assert error.expected
    assert error.fix


def test_an_image_without_an_arn_says_what_functions_have_instead() -> None:
    error = no_layer(SPEC)

    assert error.what == "layer 'web' is an image, and has no layer_arn"
    assert "image_uri" in error.expected
    assert "image_uri" in error.fix


def test_what_terraform_says_begins_with_the_layer_and_ends_with_what_to_do() -> None:
    assert no_version("web").startswith("Layer web has no version yet")
    assert no_version("web").endswith("then plan and apply again")
    said = not_released("web", "${a.status}", "${a.reason}")
    assert "(status ${a.status}: ${a.reason})" in said
    assert said.startswith("Layer web ")
    assert "Run terraform apply without -target" in said


def test_what_there_is_not_yet_is_an_address_of_its_kind() -> None:
    place = ("aws", "eu-west-1", 12 * "1")

    layer = f"arn:aws:lambda:eu-west-1:{place[2]}:layer:shop-web:no-version-yet"
    assert none_yet(*place, "shop-web") == layer
    image = f"{place[2]}.dkr.ecr.eu-west-1.amazonaws.com/shop/web:no-version-yet"
    assert none_yet(*place, "shop/web") == image
