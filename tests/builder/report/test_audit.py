import json

import pytest

from builder.errors import ArtifactError
from builder.operations.audit import Audit
from builder.operations.vulnerabilities import Vulnerability
from builder.report.audit import show_audit
from tests.builder.remembered import release_of

FOUND = (
    Vulnerability("idna", "3.6", True, "PYSEC-1", ("CVE-2024-1",), ("3.7",), "slow [red]x"),
    Vulnerability("pip", "1", False, "X-1"),
)


def test_each_vulnerability_is_a_row_and_any_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ArtifactError, match="has 2 known vulnerabilities") as caught:
        show_audit("web", Audit(release_of(3), 9, FOUND), as_json=False)

    shown = capsys.readouterr().out
    assert "PYSEC-1, CVE-2024-1" in shown
    assert "slow [red]x" in shown
    assert "(build only)" in shown
    assert caught.value.where == "idna 3.6, pip 1"


def test_machines_get_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    show_audit("web", Audit(release_of(3), 9, ()), as_json=True)

    assert json.loads(capsys.readouterr().out) == {
        "layer": "web", "version": 3, "packages": 9, "vulnerabilities": [],
        "at_start": [],
    }  # fmt: skip
