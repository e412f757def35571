"""Constraints as Poetry's documentation explains them."""

import tomllib

import pytest

from builder.inputs.poetry_dependencies import PoetryError, specifier, translate

CONSTRAINTS = {
    "^1.2.3": ">=1.2.3,<2",
    "^1.2": ">=1.2,<2",
    "^1": ">=1,<2",
    "^0.2.3": ">=0.2.3,<0.3",
    "^0.0.3": ">=0.0.3,<0.0.4",
    "^0.0": ">=0.0,<0.1",
    "^0": ">=0,<1",
    "~1.2.3": ">=1.2.3,<1.3",
    "~1.2": ">=1.2,<1.3",
    "~1": ">=1,<2",
    "*": "",
    "1.*": "==1.*",
    "1.2.3": "==1.2.3",
    "=1.2": "==1.2",
    "~=1.2": "~=1.2",
    ">= 1.2, < 1.5": ">=1.2,<1.5",
    ">=1.2 <1.5": ">=1.2,<1.5",
    "!=1.3,^1.2": "!=1.3,>=1.2,<2",
    "^1.0b1": ">=1.0b1,<2",
}


@pytest.mark.parametrize(("constraint", "meant"), CONSTRAINTS.items())
def test_a_constraint_is_what_poetry_says_it_is(constraint: str, meant: str) -> None:
    assert specifier(constraint) == meant


@pytest.mark.parametrize("constraint", ["^1 || ^2", "latest", "^", ">=1.*", "1.2; rm"])
def test_what_no_requirement_can_say_is_refused(constraint: str) -> None:
    with pytest.raises(PoetryError):
        specifier(constraint)


WHOLE = """
[tool.poetry.dependencies]
python = "^3.9"
requests = { version = "^2.28", extras = ["socks", "use_chardet_on_py3"] }
numpy = [
    { version = "<=1.19", python = "<3.8 || ~3.9" },
    { version = "^2", markers = "platform_machine == 'x86_64'", platform = "linux" },
]
psycopg = { version = "*", optional = true }
deep = { git = "git@git.example:group/deep.git", tag = "v1", subdirectory = "x" }
away = { url = "https://files.example/away-1.0.zip" }
lib = { path = "../lib", develop = true }
[tool.poetry.extras]
pg = ["psycopg"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""


def test_tables_lists_extras_and_places_are_translated() -> None:
    found = translate(tomllib.loads(WHOLE))

    assert found.python == ">=3.9,<4"
    assert found.lines == [
        "requests[socks,use_chardet_on_py3]<3,>=2.28",
        'numpy<=1.19; python_full_version < "3.8" or '
        'python_full_version >= "3.9" and python_full_version < "3.10"',
        'numpy<3,>=2; platform_machine == "x86_64" and sys_platform == "linux"',
        "deep @ git+ssh://git@git.example/group/deep.git@v1#subdirectory=x",
        "away @ https://files.example/away-1.0.zip",
        "lib",
    ]
    assert found.extras == {"pg": ["psycopg"]}
    assert found.paths == {"lib": "../lib"}


def test_what_project_lists_goes_before_and_poetry_says_where_it_is_from() -> None:
    text = (
        '[project]\nname = "x"\ndependencies = ["deep>=1", "six>1"]\n'
        '[project.optional-dependencies]\nmore = ["idna"]\n'
        '[tool.poetry.dependencies]\ndeep = { git = "https://git.example/deep" }\nother = "*"\n'
    )

    found = translate(tomllib.loads(text))

    assert found.lines == ["deep @ git+https://git.example/deep", "six>1"]
    assert found.extras == {"more": ["idna"]}
