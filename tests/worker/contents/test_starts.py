from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.contents import starts
from builder.worker.contents.distributions import Distribution
from builder.worker.contents.starts import Start
from tests.worker.samples import offline

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel


def test_lines_that_run_and_modules_that_python_looks_for_are_found(tmp_path: Path) -> None:
    (tmp_path / "folder.pth").write_text("a_folder\nimportant\n")
    (tmp_path / "long.pth").write_text("import os; " + "x" * 500)
    (tmp_path / "patch.pth").write_text("# patches\nimport patch\n")
    (tmp_path / "usercustomize").mkdir()
    (tmp_path / "usercustomize" / "__init__.py").touch()
    found = [Distribution("patch", "1", "", ("patch.pth",))]

    long, patch, user = starts.read(tmp_path, found)

    assert patch == Start("patch.pth", "patch", "import patch")
    assert (len(long.line), long.more) == (starts.LONGEST_LINE, True)
    assert user == Start("usercustomize/__init__.py", "")


@pytest.mark.slow
def test_the_manifest_names_them_with_their_place_in_the_layer(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    files = {"patch.py": "", "patch.pth": "import patch\n"}
    make_wheel(bundle.path / "project" / "wheels", "patch", files=files)
    offline(bundle, "patch")

    manifest = bundle.run().manifest

    start = {"file": "python/patch.pth", "package": "patch", "line": "import patch", "more": False}
    assert manifest["at_start"] == [start]
