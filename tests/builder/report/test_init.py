import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from builder import report
from builder.errors import SpecError
from builder.layer.layer import Layer
from builder.layer.site import Site
from builder.layer.token import Token
from builder.release.plan import Plan
from builder.report.errors import show_error
from builder.report.plan import show_plans
from builder.report.release import show_release
from tests.builder.conftest import spec_of
from tests.builder.layer.test_record import release_of

SITE = Site("billing-web", "b", "p", "r", "g", "123456789012", "eu-west-1")
# Nothing of AWS is asked for a report.
LAYER = Layer(spec_of(), Path(), SITE, cast("Any", None))
RELEASE = replace(release_of(1), unzipped_size=31_457_280, reason="pydantic[email] [bold]added[/]")
STALE = Plan(
    Token("a" * 64, 2), "stale", "dependencies changed from rich to pydantic[email]", RELEASE
)
CURRENT = Plan(Token("a" * 64, 1), "current", "first build", RELEASE)


def test_plans_show_what_is_due_and_why_with_every_letter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_plans([(LAYER, STALE), (LAYER, CURRENT)], as_json=False)

    _, stale, current = capsys.readouterr().out.splitlines()
    assert stale.split()[:2] == ["web", "stale"]
    assert "dependencies changed from rich to pydantic[email]" in stale
    assert stale.split()[-3:] == ["v1", "build", "#2"]
    assert current.split()[-2:] == ["v1", "-"]


def test_a_layer_without_a_release_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    missing = Plan(Token("a" * 64, 1), "missing", "first build", None)
    show_plans([(LAYER, missing)], as_json=False)

    assert capsys.readouterr().out.splitlines()[1].split()[-3:] == ["-", "build", "#1"]


def test_plans_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([(LAYER, STALE)], as_json=True)

    (found,) = json.loads(capsys.readouterr().out)
    assert found["token"] == f"{'a' * 64}#2"
    assert (found["layer"], found["status"], found["reason"]) == ("web", "stale", STALE.reason)
    assert found["release"]["layer_arn"] == RELEASE.layer_arn


def test_a_release_is_shown_on_lines_that_can_be_searched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_release(LAYER, RELEASE, as_json=False)

    lines = {line.split(None, 1)[0]: line.split(None, 1)[1].rstrip()
             for line in capsys.readouterr().out.splitlines()}  # fmt: skip
    assert lines["layer_arn"] == RELEASE.layer_arn
    assert lines["unzipped_size"] == "31,457,280"
    assert lines["reason"] == RELEASE.reason


def test_a_release_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    show_release(LAYER, RELEASE, as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert (found["layer"], found["version"], found["unzipped_size"]) == ("web", 1, 31_457_280)


def test_an_error_is_one_line_and_its_parts(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(SpecError("wrong", where="here", fix="mend"), as_json=False, debug=False)

    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.splitlines() == ["ERROR: wrong", "  where:    here", "  fix:      mend"]


def test_an_error_for_machines_goes_to_stderr_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(SpecError("wrong"), as_json=True, debug=False)

    assert json.loads(capsys.readouterr().err)["error"]["what"] == "wrong"


def test_a_traceback_is_for_debug_mode(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(SpecError("wrong"), as_json=False, debug=True)

    assert "SpecError" in capsys.readouterr().err


def test_progress_goes_to_stderr_and_an_answer_to_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report.progress("web")("building")
    report.answer({"b": "2", "a": "1"})

    found = capsys.readouterr()
    assert found.err == "web: building\n"
    assert found.out == '{"a": "1", "b": "2"}\n'


def test_nothing_is_coloured_that_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([(LAYER, STALE)], as_json=False)

    assert "\x1b" not in capsys.readouterr().out


def test_functions_are_due_to_move_and_not_to_be_built(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([(LAYER, replace(CURRENT, status="unmoved"))], as_json=False)

    assert capsys.readouterr().out.split()[-3:] == ["v1", "move", "#1"]
