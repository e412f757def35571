import json

import pytest

from builder.report.log import show_line


def test_a_line_is_the_same_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("[   1.0s] auditing", "ERROR: no", "[Container] 2026/01/01 1 Entering", "[x] y"):
        show_line(line, as_json=False)
        assert capsys.readouterr().out == line + "\n"


def test_machines_get_kind_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_line("          NOTE: careful", as_json=True)

    assert json.loads(capsys.readouterr().out) == {"kind": "note", "text": "careful"}
