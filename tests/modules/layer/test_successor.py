from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec
from pathlib import Path

import pytest

from modules.layer import successor
from modules.layer.successor import Successor, is_needed, renamed, take_over


def test_only_cdktfs_packages_have_a_successor() -> None:
    assert renamed("cdktf") == "cdktn"
    assert renamed("cdktf_cdktf_provider_aws.s3_bucket") == "cdktn_provider_aws.s3_bucket"
    assert renamed("cdktf_other.cdktf") == "cdktf_other.cdktf"
    assert Successor().find_spec("json") is None


def test_cdktf_is_used_where_it_is_installed() -> None:
    assert not is_needed()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules in which one package takes the place of another."""
    monkeypatch.setattr(successor, "NAMES", {"old_name_of_it": "new_name_of_it"})
    package = tmp_path / "new_name_of_it"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("class Thing: ...\n")
    (package / "other.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path


def test_both_names_give_one_module(folder: Path) -> None:
    take_over()

    old, new = import_module("old_name_of_it.part"), import_module("new_name_of_it.part")

    assert old.Thing is new.Thing
    assert new.__spec__ is not None
    assert new.__spec__.name == "new_name_of_it.part"


def test_two_modules_may_be_imported_at_the_same_time(folder: Path) -> None:
    """As threads do: each import is between its two steps when the other one begins."""
    finder = Successor()
    specs = [finder.find_spec(f"old_name_of_it.{name}") for name in ("part", "other")]

    modules = [(module_from_spec(spec), spec) for spec in specs if spec]
    for module, _ in modules:
        finder.exec_module(module)

    names = [module.__spec__ and module.__spec__.name for module, _ in modules]
    assert names == ["new_name_of_it.part", "new_name_of_it.other"]


def test_it_is_needed_still_when_it_has_taken_over(folder: Path) -> None:
    """An import that fails afterwards, for want of Node, can be tried again."""
    assert is_needed("old_name_of_it")
    take_over()
    assert is_needed("old_name_of_it")


def test_a_folder_that_is_called_as_cdktf_is_not_cdktf(folder: Path) -> None:
    (folder / "old_name_of_it").mkdir()
    (folder / "old_name_of_it" / "main.py").write_text("")
    assert is_needed("old_name_of_it")
