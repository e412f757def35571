"""What others wrote does not command the terminal, whatever way it takes there."""

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import builder
from builder.report import answer, progress
from builder.report.terminal import clean, echo

CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4=\x07"
TITLE = "\x1b]0;pwned\x1b\\"
BACK = "\x1b[2J\x1b[H\x9b2K\rall is well\x08"
ORDER = "\u202egnp.exe\u2066\u200b"
POISON = f"poison{CLIPBOARD}{TITLE}{BACK}{ORDER}"

OWN = re.compile(r"\x1b\[[0-9;]*m")
"""The colours that we write ourselves."""


def commands(text: str) -> list[str]:
    """Return what of a text a terminal would obey, less our own colours."""
    return re.findall(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", OWN.sub("", text)
    )


def test_what_commands_a_terminal_is_shown() -> None:
    assert commands(POISON)
    assert commands(clean(POISON)) == []
    assert clean(CLIPBOARD) == r"\x1b]52;c;cm0gLXJmIH4=\x07"
    assert clean("\udcff") == r"\udcff"


def test_what_is_only_shown_stays_as_it_is() -> None:
    text = "Zeile 1\r\nline 2\ttab, 日本語, é, 👍"

    assert clean(text) == text.replace("\r\n", "\n")


def test_lines_are_written_cleaned_in_their_colour(capsys: pytest.CaptureFixture[str]) -> None:
    echo(POISON, fg="red")
    echo(POISON, err=True, mark="ERROR: ", bold=True)
    progress("web")(POISON)
    answer({"reason": POISON})

    shown = capsys.readouterr()
    assert commands(shown.out + shown.err) == []
    assert shown.err.startswith("ERROR: poison")


def test_nothing_of_the_builder_goes_to_a_terminal_another_way() -> None:
    ways = {"click.echo", "click.secho", "Console", "print", "sys.stdout.write", "sys.stderr.write"}
    own = {
        ("report/terminal.py", "click.echo"),
        ("report/__init__.py", "sys.stdout.write"),
        ("commands/lock.py", "click.echo"),
        ("commands/get.py", "click.echo"),
        ("cli.py", "click.echo"),
    }
    root = Path(builder.__file__).parent
    found = {
        (path.relative_to(root).as_posix(), ast.unparse(node.func))
        for path in root.rglob("*.py")
        if "worker" not in path.relative_to(root).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ways
    }

    assert found <= own


def test_the_runner_would_show_what_is_raw() -> None:
    """The test above can fail."""
    import click

    done = CliRunner().invoke(click.command()(lambda: click.echo(POISON)), [], color=True)

    assert commands(done.output)
