import json

import pytest

from builder.errors import SpecError
from builder.report.errors import show_error


def test_an_error_is_one_line_and_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(SpecError("wrong", where="here", fix="correct it"), as_json=False, debug=False)

    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.splitlines() == ["ERROR: wrong", "  where:    here", "  fix:      correct it"]


def test_an_error_for_machines_goes_to_stderr_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(SpecError("wrong"), as_json=True, debug=False)

    assert json.loads(capsys.readouterr().err)["error"]["what"] == "wrong"


def test_a_traceback_is_for_debug_mode(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(SpecError("wrong"), as_json=False, debug=True)

    assert "SpecError" in capsys.readouterr().err
