import tomllib

import pytest

from builder.spec.dependency_lists import is_declared, may_be_one

BUILT = '[build-system]\nrequires = ["hatchling"]\n'


@pytest.mark.parametrize(
    ("text", "declared", "possible"),
    [
        ("[tool.uv]\npackage = false\n", True, True),
        (BUILT + "[tool.poetry]\npackage-mode = false\n", True, True),
        ("[tool.uv]\npackage = true\n", False, False),
        ("[project]\ndependencies = []\n", False, True),
        ("[tool.poetry.dependencies]\nsix = '*'\n", False, True),
        (BUILT + "[project]\ndependencies = []\n", False, False),
        ("[project]\nname = 'web'\n", False, False),
        ("tool = 1\nproject = 'x'\n", False, False),
    ],
)
def test_a_list_says_so_or_has_no_build_system(text: str, declared: bool, possible: bool) -> None:
    pyproject = tomllib.loads(text)

    assert (is_declared(pyproject), may_be_one(pyproject)) == (declared, possible)
