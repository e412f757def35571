from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.checks import DESCRIPTION_LIMIT, Check


@pytest.mark.parametrize("value", ["rich", None, 3, ["rich", 3], {"rich": "14"}])
def test_several_strings_are_a_list_of_strings_and_nothing_else(value: Any) -> None:
    with pytest.raises(SpecError, match="dependencies is") as caught:
        Check("layers.toml [layers.web]").several("dependencies", value)

    assert caught.value.where == "layers.toml [layers.web], key 'dependencies'"


def test_a_mistake_is_corrected_where_it_was_made() -> None:
    with pytest.raises(SpecError) as caught:
        Check("layers.toml [layers.web]").description("description", "x" * (DESCRIPTION_LIMIT + 1))

    assert caught.value.fix == "change description in layers.toml [layers.web]"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("idna @ file:///etc", "is a file of one machine"),
        ("idna @ FILE:///etc/x.whl", "is a file of one machine"),
        ("idna @ https://h.example/${SECRET}/x.whl", "names a variable of the environment"),
        ("idna @ https://h.example/x.whl?token=hush", "has a password for h.example"),
        ("--index-url=https://h.example", "is not a requirement"),
        ("-r /etc/passwd", "is not a requirement"),
        ("idna\n--index-url https://h.example", "is not a requirement"),
        ("idna; $(id)", "is not a requirement"),
    ],
)
def test_a_dependency_is_a_requirement_that_every_machine_can_install(
    line: str, problem: str
) -> None:
    with pytest.raises(SpecError) as caught:
        Check("here").dependencies("dependencies", [line])

    assert problem in caught.value.what


@pytest.mark.parametrize("name", ["eu-west-1", "us-gov-east-1", "cn-north-1", "ap-southeast-5", ""])
def test_names_of_regions(name: str) -> None:
    assert Check("here").region("region", name) == name


@pytest.mark.parametrize("name", ["eu-west", "EU-WEST-1", "${var.x}", "eu-west-1\n", "../x", 1])
def test_what_is_no_region_is_refused(name: object) -> None:
    with pytest.raises(SpecError):
        Check("here").region("region", name)
