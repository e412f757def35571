"""Whole builds: which files a target's folder has in the end."""

from typing import TYPE_CHECKING

import pytest

from builder.worker.request import Target
from tests.worker.samples import mine

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel


@pytest.mark.slow
def test_excluded_files_are_left_out(make_bundle: "MakeBundle") -> None:
    files = mine(**{"types.pyi": "", "tests/__init__.py": "", "keep.py": ""})

    result = make_bundle(files, package="libs/mine", exclude=["*.pyi", "mine/tests/"]).run()

    assert result.status == 0, result.errors
    assert "python/mine/keep.py" in result.names
    assert not [name for name in result.names if name.endswith(".pyi") or "/tests/" in name]


@pytest.mark.slow
def test_several_versions_lie_apart_in_one_layer(
    make_bundle: "MakeBundle", here: Target, make_wheel: "MakeWheel"
) -> None:
    other = Target("3.14", here.architecture, "2.34", f"{here.machine}-manylinux_2_34")
    bundle = make_bundle(mine(), targets=(here, other), package="libs/mine")

    result = bundle.run()

    assert result.status == 0, result.errors
    folders = {name.rpartition("mine/__init__.py")[0] for name in result.names} - {""}
    assert folders == {f"python/lib/python{t.python}/site-packages/" for t in (here, other)}
    assert result.manifest["packages"][0]["name"] == "mine"
    assert len(result.manifest["packages"]) == 1
