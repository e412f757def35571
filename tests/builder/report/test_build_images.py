import json
import tomllib

import pytest

from builder.report.build_images import show_pins

PINS = ("python3.12-arm64=a.example/b@sha256:9f", "python3.13-x86_64=a.example/c:1@sha256:8e")


def test_what_is_written_is_toml_to_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    show_pins(PINS, as_json=False)

    written = capsys.readouterr().out
    assert tomllib.loads(written) == {"images": list(PINS)}
    assert "[defaults]" in written


def test_machines_get_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_pins(PINS, as_json=True)

    assert json.loads(capsys.readouterr().out) == {"images": list(PINS)}
