import sys

import pytest

from builder.worker import standard_library


def test_it_is_the_library_of_this_python() -> None:
    python = f"3.{sys.version_info[1]}"
    here = {name for name in sys.stdlib_module_names if not name.startswith("_")}

    assert {name for name in standard_library.NAMES if standard_library.has(name, python)} == here


@pytest.mark.parametrize(
    ("name", "python", "there"),
    [
        ("json", "3.9", True),
        ("distutils", "3.11", True),
        ("distutils", "3.12", False),
        ("tomllib", "3.10", False),
        ("tomllib", "3.13", True),
        ("requests", "3.12", False),
    ],
)
def test_a_module_is_there_from_one_version_to_another(name: str, python: str, there: bool) -> None:
    assert standard_library.has(name, python) is there
