"""Names of folders and files that a shell, an installer or a lock would take for something else."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.worker.samples import mine

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

NAMES = {
    "a short option": "-r",
    "a long option": "--index-url=x",
    "a command of a shell": "$(touch ran)",
    "an older one": "`touch ran`",
    "the next command": "a;touch ran",
    "quotes": "a\"b'c",
    "another line": "a\nb",
    "a comment": "a #b",
    "an extra": "a[b]",
    "a variable": "${HOME}",
    "a pattern": "*",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_a_package_a_list_and_a_script_of_an_odd_name_are_what_they_are(
    name: str, make_bundle: MakeBundle
) -> None:
    bundle = make_bundle(mine(), package="libs/mine")
    project = bundle.path / "project"
    odd = project / name
    shutil.move(project / "libs" / "mine", odd)
    script, listed = f"{name}.sh", f"{name}.txt"
    (project / script).write_text('touch "$LAYER_BIN/tool"\n', "utf-8")
    (project / listed).write_text("\n", "utf-8")
    bundle.change(package=name, pre_install=script, requirements=[listed], include=["bin"])

    result = bundle.run()

    assert result.status == 0, result.errors
    assert "python/mine/__init__.py" in result.names
    assert "bin/tool" in result.names
    assert not [where for where, _, files in os.walk(bundle.path) if "ran" in files]
