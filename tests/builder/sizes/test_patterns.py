from __future__ import annotations

from builder.sizes.model import FileSize
from builder.sizes.patterns import patterns
from builder.worker.slim.ignore import Ignore

FILES = {
    "google/cloud/storage/__init__.py": "storage",
    "google/cloud/storage/a.py": "storage",
    "google/auth/__init__.py": "auth",
    "single.py": "storage",
    "odd[1]*/x.py": "storage",
    "odd1/x.py": "auth",
    "my_storage-1.0.dist-info/METADATA": "storage",
    "my_storage-1.0.dist-info/RECORD": "storage",
}


def test_the_patterns_leave_out_all_of_a_package_and_nothing_else() -> None:
    found = patterns([FileSize(name, owner, 1, 1) for name, owner in FILES.items()], {"storage"})
    assert "/google/cloud/" in found
    assert "/my_storage-*.dist-info/" in found
    ignore = Ignore(found)
    assert {name for name in FILES if ignore.excludes(name)} == {
        name for name, owner in FILES.items() if owner == "storage"
    }


def test_nothing_gives_no_pattern() -> None:
    assert patterns([FileSize("a.py", "a", 1, 1)], set()) == ()
