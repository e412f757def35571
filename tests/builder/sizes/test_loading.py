from __future__ import annotations

import pytest

from builder.sizes.loading import at_once, imports

OWNERS = {"vision": "vision", "numbers": "numbers", "plots": "plots", "pkg.deep": "deep"}

ONE_BY_ONE = """
    try:
        __import__(n)
    except ImportError:
        missing.append(n)
"""


def owner(name: str) -> str:
    return next((o for n, o in OWNERS.items() if name == n or name.startswith(f"{n}.")), "")


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("import numbers", True),
        ("import os, numbers.deep as x", True),
        ("from numbers.deep import *", True),
        ("try:\n    import numbers\nexcept ImportError:\n    print()\n    raise", True),
        ("try:\n    import numbers\nexcept ImportError as e:\n    raise E() from e", True),
        ("try:\n    import numbers\nexcept KeyError:\n    pass", True),
        ("try:\n    import numbers\nexcept (KeyError, ImportError):\n    pass", False),
        ("try:\n    import numbers\nexcept:\n    numbers = None", False),
        ("try:\n    x = 1\nexcept ImportError:\n    pass\nelse:\n    import numbers", False),
        ("try:\n    x = 1\nfinally:\n    import numbers", True),
        ("with suppress(ImportError):\n    import numbers", False),
        ("with open(x) as f:\n    import numbers", True),
        ("def f():\n    import numbers", False),
        ("class A:\n    import numbers", True),
        ("if TYPE_CHECKING:\n    import numbers", False),
        ("if typing.TYPE_CHECKING:\n    pass\nelse:\n    import numbers", True),
        ("if sys.version_info > (3, 9):\n    import numbers", True),
        ("if __name__ == '__main__':\n    import numbers", False),
        ("'''\nimport numbers\n'''", False),
        ("print 'python 2'\nimport numbers", False),
        ("import numbersome", False),
        ("for x in y:\n    import numbers", True),
        ("while x:\n    import numbers", True),
        ("__import__('numbers')", True),
        ("x = importlib.import_module('numbers.deep')", True),
        ("try:\n    import_module('numbers')\nexcept ImportError:\n    pass", False),
        ("numbers = optional('numbers')", False),
        (f"for n in ('os', 'numbers'):\n{ONE_BY_ONE}", True),
        (f"hard = ('os', 'numbers')\nfor n in hard:\n{ONE_BY_ONE}", True),
        (f"hard: list = ['os', 'numbers']\nfor n in hard:\n{ONE_BY_ONE}", True),
        ("hard = ('os', 'numbers')\ndef f(n):\n    __import__(n)", False),
        ("hard = ('os', 'numbers')\nfor n in hard:\n    print(n)", False),
    ],
)
def test_what_runs_when_a_module_is_imported_is_needed(text: str, needed: bool) -> None:
    found = at_once("vision", {"vision.py": text.encode()}, owner)
    assert found == (frozenset({"numbers"}) if needed else frozenset())


def test_modules_are_followed_from_the_top_through_relative_imports() -> None:
    texts = {
        "vision/__init__.py": b"from .core import mat\nfrom . import io\n",
        "vision/core/__init__.py": b"from ..low import x\n",
        "vision/core/mat.py": b"",
        "vision/io.py": b"import vision.plain.tools\n",
        "vision/low.py": b"import numbers\n",
        "vision/plain/__init__.py": b"import pkg.deep.x\n",
        "vision/plain/tools.py": b"from vision import low\n",
        "vision/drawing.py": b"import plots\n",
    }
    assert at_once("vision", texts, owner) == {"numbers", "deep"}
    assert at_once("plots", texts, owner) == frozenset()


def test_a_folder_without_init_has_its_modules_at_the_top() -> None:
    texts = {"space/one/__init__.py": b"import numbers\n", "space/one/x.py": b"import plots"}
    found = at_once("one", texts, lambda n: "one" if n.startswith("space.one") else owner(n))
    assert found == {"numbers"}


def test_a_folder_without_init_inside_of_a_package_is_not_imported_with_it() -> None:
    texts = {
        "vision/__init__.py": b"",
        "vision/far/__init__.py": b"",
        "vision/far/off/here.py": b"import numbers\n",
    }
    assert at_once("vision", texts, owner) == frozenset()
    texts["vision/__init__.py"] = b"from vision.far.off import here\n"
    assert at_once("vision", texts, owner) == {"numbers"}


def test_from_a_package_everything_that_may_be_a_module_is_named() -> None:
    text = b"from . import d\nfrom ..e import f\nfrom x import y"
    assert imports("a/b/c.py", text) == ["a.b.d", "a.e.f", "x.y"]
    assert imports("top.py", b"from . import x") == []
    assert imports("a.py", b"\x00") == []


def test_what_cython_has_compiled_imports_what_its_source_does() -> None:
    text = b"""# cython: profile=False
cimport cython
cimport numbers.cy as ncy, plots
from ..low cimport x, y
from .other import (
    z,
)
from libc.math cimport sqrt
cdef f():
    import os
"""
    found = set(imports("vision/core/fast.pyx", text))
    assert {"numbers.cy", "plots", "vision.low.x", "vision.core.other"} <= found
    assert "os" not in found
    texts = {
        "vision/__init__.py": b"from .core import fast",
        "vision/core/__init__.py": b"",
        "vision/core/fast.pyx": text,
        "vision/low.py": b"from pkg import deep\n",
    }
    assert at_once("vision", texts, owner) == {"numbers", "plots", "deep"}


def test_circles_end() -> None:
    texts = {"vision/__init__.py": b"from . import a", "vision/a.py": b"import vision.a, vision"}
    assert at_once("vision", texts, owner) == frozenset()


def test_what_a_module_of_another_package_imports_is_needed_too() -> None:
    texts = {
        "vision.py": b"from plots.api import draw\n",
        "plots/__init__.py": b"",
        "plots/api.py": b"from .fast import draw\n",
        "plots/fast.pyx": b"cimport numbers.cy\n",
    }

    assert at_once("plots", texts, owner) == frozenset()
    assert at_once("vision", texts, owner) == {"plots", "numbers"}
