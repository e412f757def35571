from __future__ import annotations

from builder.sizes.imports import importers, loader
from builder.sizes.model import FileSize, Importer


def test_imports_that_run_while_a_module_loads_are_counted() -> None:
    texts = {
        "a/__init__.py": b"import b\nfrom b.x import y\ndef f():\n    import c\n",
        "a/deep/m.py": b"from google.auth import z\nimport os, a\n",
        "a/tests/t.py": b"import c\n",
        "b/__init__.py": b"",
        "c/__init__.py": b"",
        "google/auth/__init__.py": b"",
        "google/cloud/__init__.py": b"",
    }
    owners = {"google/auth/__init__.py": "auth", "google/cloud/__init__.py": "cloud"}
    files = [FileSize(name, owners.get(name, name[0]), 1, 1) for name in texts]
    assert importers(files, texts) == {
        ("a", "b"): Importer(1, "a/__init__.py"),
        ("a", "auth"): Importer(1, "a/deep/m.py"),
    }


def test_what_importing_a_package_needs_leaves_its_tests_out() -> None:
    texts = {
        "a/__init__.py": b"import b\n",
        "a/tests/__init__.py": b"",
        "tests/t.py": b"import c\n",
        "b/__init__.py": b"import c\n",
        "c/__init__.py": b"",
        "c/fast.pyx": b"cimport d.x",
        "d/__init__.py": b"",
    }
    texts["c/__init__.py"] = b"from . import fast\n"
    files = [FileSize(name, "a" if "test" in name else name[0], 1, 1) for name in texts]
    needs = loader(files, texts)
    assert [needs(name) for name in "abc"] == [{"b", "c", "d"}, {"c", "d"}, {"d"}]
