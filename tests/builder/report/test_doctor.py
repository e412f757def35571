import os
import sys
from pathlib import Path

import click
import pytest

from builder.operations.doctor.findings import OK, PROBLEM, Finding
from builder.report.doctor import show_findings
from tests.patience import PATIENCE
from tests.terminals.pseudo import in_terminal

BUCKET = "s3://billing-layers-123456789012-eu-central-1"
FOUND = [
    Finding("bucket", OK, f"{BUCKET} is there and versioned"),
    Finding("project", PROBLEM, "there is none [yet]", "apply the stack, which makes it"),
]


def test_a_pipe_gets_a_line_for_each_finding_and_its_fix(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_findings(FOUND, as_json=False)

    assert click.unstyle(capsys.readouterr().out).splitlines() == [
        f"ok       bucket   {BUCKET} is there and versioned",
        "problem  project  there is none [yet]",
        "                  fix: apply the stack, which makes it",
        "",
        "1 problem",
    ]


@pytest.mark.slow
def test_in_a_narrow_terminal_words_are_wrapped_and_addresses_stay_whole(tmp_path: Path) -> None:
    module = "tests.builder.report.test_doctor"
    program = f"from {module} import *; show_findings(FOUND, as_json=False)"
    env = {**os.environ, "TERM": "xterm", "PYTHONPATH": str(Path(__file__).parents[3])}
    with in_terminal([sys.executable, "-c", program], env=env, cwd=tmp_path, columns=50) as shown:
        assert shown.wait(PATIENCE) == 0, shown.text

    lines = click.unstyle(shown.text).splitlines()
    assert lines[:2] == [f"ok       bucket   {BUCKET}", "                  is there and versioned"]
    assert lines[3:5] == [
        "                  fix: apply the stack, which",
        "                  makes it",
    ]
