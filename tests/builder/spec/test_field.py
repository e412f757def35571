import pytest

from builder.errors import SpecError
from builder.spec.checks import Check
from builder.spec.field import Field, Place, addresses, described
from builder.spec.indexes import Index
from builder.spec.kinds import STRING

CHECK = Check("[here]")


def test_a_value_that_is_not_given_is_not_checked() -> None:
    field = Field("package", (Place.LAYER,), STRING, '"src"', "", rule=Check.path)

    assert field.checked(CHECK, None) is None
    assert field.checked(CHECK, "src") == "src"
    with pytest.raises(SpecError, match="outside the project"):
        field.checked(CHECK, "..")


def test_a_required_value_is_always_checked() -> None:
    field = Field("name", (Place.APP,), STRING, '"a"', "", required=True, rule=Check.text)

    with pytest.raises(SpecError, match="name is None"):
        field.checked(CHECK, None)


def test_the_attribute_has_the_name_of_the_key_unless_it_says_otherwise() -> None:
    assert Field("notify", (Place.APP,), STRING, "", "").in_spec == "notify"
    assert Field("async", (Place.APP,), STRING, "", "", attribute="async_mode").in_spec == (
        "async_mode"
    )


def test_how_indexes_are_described_has_no_login() -> None:
    index = Index("house", "https://packages.example.com/simple", "ci", "pypi/ci:password")

    assert addresses((index,)) == ["https://packages.example.com/simple"]
    assert described((index,)) == [{"url": "https://packages.example.com/simple", "default": False}]
