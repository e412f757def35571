import re

import pytest

from builder.operations.terraform import Changes
from builder.report.deploy import show_deployed

ARN = "arn:aws:lambda:eu-central-1:123456789012:layer:billing-web:1"
LAYERS = {
    "web": {"status": "current", "version": 1, "layer_arn": ARN},
    "late": {"status": "building", "version": 0, "layer_arn": ""},
}


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    show_deployed("applied", Changes(), LAYERS, folder="x", as_json=False)
    text = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    return [line.rstrip() for line in text.splitlines()]


def test_in_a_pipe_each_layer_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    head, web, late = shown(capsys)

    assert head.split() == ["layer", "status", "version", "ARN"]
    assert web.split() == ["web", "current", "1", ARN]
    assert late.split() == ["late", "building", "-", "-"]


def test_on_a_narrow_terminal_no_arn_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "60"}.items():
        monkeypatch.setenv(name, value)

    lines = shown(capsys)

    assert lines[-1] == ARN
    assert "web    current   1" in lines
