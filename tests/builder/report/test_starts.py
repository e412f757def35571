import json

import pytest

from builder.builds.artifact import Start
from builder.operations.audit import Audit
from builder.report.audit import show_audit
from builder.report.starts import show_starts
from tests.builder.remembered import release_of

FOUND = (
    Start("python/patch.pth", "patch", "import patch; \x1b]0;title\x07", more=True),
    Start("python/sitecustomize.py", "", "", more=False),
)


def test_each_file_is_named_with_its_package_and_what_it_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_starts(FOUND)

    shown = capsys.readouterr().out
    assert "runs at every start of a function: python/patch.pth of patch: import patch; " in shown
    assert "python/sitecustomize.py of no package\n" in shown
    assert "\x1b" not in shown


def test_the_audit_names_them_too(capsys: pytest.CaptureFixture[str]) -> None:
    show_audit("web", Audit(release_of(3), 9, (), FOUND), as_json=False)
    shown = capsys.readouterr().out
    show_audit("web", Audit(release_of(3), 9, (), FOUND), as_json=True)

    assert "python/patch.pth of patch" in shown
    assert json.loads(capsys.readouterr().out)["at_start"][1] == {
        "file": "python/sitecustomize.py", "package": "", "line": "", "more": False
    }  # fmt: skip
