from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.split import split

WHERE = "layers.toml [layers.web]"
ONE: dict[str, Any] = {"python": ("3.12",), "architecture": ("arm64",), "package": "src"}


def test_a_layer_that_is_not_split_stays_one() -> None:
    assert split("web", {**ONE, "python": ("3.12", "3.13")}, WHERE) == {
        "web": {"python": ("3.12", "3.13"), "architecture": "arm64", "package": "src"}
    }


def test_a_split_layer_of_one_target_still_says_which_in_its_name() -> None:
    # Else its name, and with it the ARN, would change when a second target comes.
    assert list(split("web", {**ONE, "split": "target"}, WHERE)) == ["web-python312-arm64"]


@pytest.mark.parametrize("architectures", [("arm64", "x86_64"), ()])
def test_architectures_that_cannot_be_merged_are_refused_with_the_way_out(
    architectures: tuple[str, ...],
) -> None:
    with pytest.raises(SpecError) as caught:
        split("web", {**ONE, "architecture": architectures}, WHERE)

    assert caught.value.where == f"{WHERE}, key 'architecture'"
    assert "split" in caught.value.fix + caught.value.expected


def test_the_longest_name_that_fits_is_reported() -> None:
    assert list(split("w" * 48, {**ONE, "split": "target"}, WHERE))

    with pytest.raises(SpecError, match="too long to be split") as caught:
        split("w" * 49, {**ONE, "split": "target"}, WHERE)

    assert "at most 48 characters" in caught.value.expected


def test_functions_cannot_get_several_layers_of_one_kind() -> None:
    with pytest.raises(SpecError, match="is split has functions") as caught:
        split("web", {**ONE, "split": "target", "functions": ("api",)}, WHERE)

    assert "layer_arn" in caught.value.fix


def test_a_target_named_twice_is_one_layer() -> None:
    values = {**ONE, "architecture": ("arm64", "arm64"), "split": "target"}

    assert len(split("web", values, WHERE)) == 1
