import json

import pytest

from builder.report.log import show_line
from builder.report.terminal import wants_colour


def test_a_line_is_the_same_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("[   1.0s] auditing", "ERROR: no", "[Container] 2026/01/01 1 Entering", "[x] y"):
        show_line(line, as_json=False)
        assert capsys.readouterr().out == line + "\n"


@pytest.mark.parametrize(
    ("variables", "colours"),
    [
        ({}, None),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"NO_COLOR": "", "TERM": "xterm"}, None),
    ],
)
def test_the_environment_decides_on_colours(
    variables: dict[str, str], colours: bool | None
) -> None:
    assert wants_colour(variables) is colours


def test_a_pipe_has_colours_when_they_are_forced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    show_line("ERROR: no", as_json=False)

    assert capsys.readouterr().out == "\x1b[31m\x1b[1mERROR: no\x1b[0m\n"


def test_machines_get_kind_and_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_line("          NOTE: careful", as_json=True)

    assert json.loads(capsys.readouterr().out) == {"kind": "note", "text": "careful"}
