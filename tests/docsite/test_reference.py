from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from builder.cli import COMMANDS, main
from builder.protocol import statuses as protocol
from docsite import reference


def test_every_command_is_there_with_what_it_says_of_itself() -> None:
    page = reference.commands()
    for name in COMMANDS.keys() - {"hook"}:
        assert f"\n## {name}\n" in page
        assert f"Usage: lambda-layer {name} " in page
    assert "\n## hook\n" not in page
    assert "--detailed-exitcode" in page


def test_the_page_leaves_the_commands_as_they_are() -> None:
    reference.commands()
    assert CliRunner().invoke(main, ["why", "-h"]).exit_code == 0


def test_every_status_and_every_kind_of_error_is_there(errors_page: str) -> None:
    named = {
        text for name, text in vars(protocol).items() if name.isupper() and isinstance(text, str)
    }
    page = reference.statuses()
    assert {status for status in named if f"| `{status}` |" not in page} == set()
    assert "| `SpecError` |" in errors_page


def test_variables_and_outputs_are_those_of_the_synthesized_stack() -> None:
    variables = reference.variables()
    for name in ("force_rebuild", "retain_versions", "assume_role_arn", "s3_use_path_style"):
        assert f"| `{name}` |" in variables
    rows = [line for line in reference.outputs().splitlines() if line.startswith("| `")]
    assert any(line.startswith("| `layer_arn` | The ARN of") for line in rows)
    assert all(line.count("|") == 3 and line.split("|")[2].strip() for line in rows)


@pytest.mark.parametrize("name", reference.pages())
def test_a_page_has_one_title_and_whole_tables(name: str) -> None:
    lines = reference.pages()[name]().splitlines()
    assert sum(line.startswith("# ") for line in lines) == 1
    columns = {line.replace("\\|", "").count("|") for line in lines if line.startswith("| ")}
    assert len(columns) <= 1


def test_a_cell_ends_no_row() -> None:
    assert reference._table(("a",), [("x | y\nz",)]) == "| a |\n| --- |\n| x \\| y z |\n"
    assert json.loads(reference._default({"a": 1}).strip("`")) == {"a": 1}
