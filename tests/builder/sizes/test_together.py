from builder.sizes.together import neighbours, together
from tests.builder.conftest import spec_of

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:api"


def test_layers_of_one_function_are_counted_together() -> None:
    functions = {"web": ("api",), "data": (ARN, "jobs"), "tools": ("jobs:$LATEST",)}
    found = together("web", {"web": 200_000_000, "data": 90_000_000, "tools": 5}, functions)

    assert found is not None
    assert (found.function, found.layers, found.size) == ("api", ("web", "data"), 290_000_000)
    assert "too large" in str(found)


def test_the_function_with_most_is_named() -> None:
    functions = {"web": ("a", "b"), "small": ("a",), "large": ("b",)}
    found = together("web", {"web": 1, "small": 2, "large": 3}, functions)

    assert found is not None
    assert (found.function, found.size) == ("b", 4)
    assert "they fit" in str(found)


def test_what_is_not_known_is_not_counted() -> None:
    functions = {"web": ("a",), "other": ("a",)}

    assert together("web", {"web": 1, "other": None}, functions) is None
    assert together("web", {"web": None, "other": 1}, functions) is None
    assert together("web", {"web": 1, "other": 1}, {"web": ("a",), "other": ("b",)}) is None


def test_neighbours_are_the_other_layers_for_the_same_functions() -> None:
    web = spec_of("web", functions=("api", "tag:team=x"))
    data = spec_of("data", functions=(ARN,))
    tagged = spec_of("tagged", functions=("tag:team=x",))
    jobs = spec_of("jobs", functions=("jobs", "data"))

    assert neighbours([web], (web, data, tagged, jobs)) == (data,)
    assert neighbours([web, data], (web, data, tagged, jobs)) == ()
    assert neighbours([tagged], (web, data, tagged, jobs)) == ()
