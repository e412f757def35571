import pytest

from builder.worker.audit import shadowing
from builder.worker.errors import BuildError
from builder.worker.request import Target

TARGET = Target("3.12", "x86_64", "2.34", "x86_64-manylinux_2_34")


def test_a_dependency_that_replaces_a_module_of_python_is_refused_with_two_ways_out() -> None:
    modules = {"dataclasses": ("dataclasses",), "six": ("six",)}

    with pytest.raises(BuildError, match="dataclasses would take the place of Python's own") as it:
        shadowing.check(modules, {"dataclasses.py"}, (), TARGET)

    assert it.value.where == "python/dataclasses.py"
    assert "remove dataclasses from the requirements" in it.value.fix
    assert 'exclude = ["dataclasses.py"]' in it.value.fix


def test_all_modules_of_a_distribution_are_named_at_once() -> None:
    modules = {"enum34": ("enum", "enum.inner", "html")}

    with pytest.raises(BuildError, match=r"enum34 would take .* own enum, html") as caught:
        shadowing.check(modules, {"enum/__init__.py", "html.py"}, (), TARGET)

    assert 'exclude = ["enum/", "html.py"]' in caught.value.fix


@pytest.mark.parametrize(
    "module",
    [
        "backports.zoneinfo",  # another name
        "concurrent.mine",  # a folder without __init__.py, which Python looks at last
        "distutils",  # python3.12 has it no more
        "imp",
        "typing_extensions",
    ],
)
def test_what_hides_nothing_passes(module: str) -> None:
    assert shadowing.check({"pkg": (module,)}, (), (), TARGET) == []


def test_the_projects_own_module_is_a_note() -> None:
    (note,) = shadowing.check({"mine": ("platform", "mine")}, {"platform.py"}, {"mine"}, TARGET)

    assert note.startswith("mine: its module platform takes the place of Python's own")
