"""What others wrote does not command the terminal, whatever way it takes there."""

import ast
import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.table import Table

import builder
from builder.report import answer, progress
from builder.report.console import SafeConsole
from builder.report.terminal import clean, echo, fitting

CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4=\x07"
TITLE = "\x1b]0;pwned\x1b\\"
BACK = "\x1b[2J\x1b[H\x9b2K\rall is well\x08"
ORDER = "\u202egnp.exe\u2066\u200b"
RUNNER = (
    "\n::add-mask::a\n \u00a0\t::set-output name=due::false\nx ##[add-mask]a ##vso[task.complete]"
)
"""What the runners of GitHub and Azure obey: actions/runner, ActionCommand.cs."""

POISON = f"poison{CLIPBOARD}{TITLE}{BACK}{ORDER}{RUNNER}"

OWN = re.compile(r"\x1b\[[0-9;]*m")
"""The colours that we write ourselves."""


def commands(text: str) -> list[str]:
    """Return what of a text a terminal or a runner would obey, less our own colours."""
    plain = OWN.sub("", text)
    return [
        *re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", plain),
        *re.findall(r"(?m)^\s*::.*|##\w*\[.*", plain),
    ]


def test_what_commands_a_terminal_is_shown() -> None:
    assert commands(POISON)
    assert commands(clean(POISON)) == []
    assert clean(CLIPBOARD) == r"\x1b]52;c;cm0gLXJmIH4=\x07"
    assert clean("\udcff") == r"\udcff"


def test_what_commands_a_runner_is_shown() -> None:
    assert clean("::add-mask::a") == r"\u003a:add-mask::a"
    assert clean("a\n\u3000::error::b") == "a\n\u3000\\u003a:error::b"
    assert clean("a ##[set-output name=x]y") == r"a \u0023#[set-output name=x]y"
    # In JSON it is the same text.
    assert json.loads(clean(json.dumps("a##[add-mask]b"))) == "a##[add-mask]b"


def test_what_is_only_shown_stays_as_it_is() -> None:
    text = "Zeile 1\r\nline 2\ttab, 日本語, é, 👍 std::vector, ## [a] # [b]"

    assert clean(text) == text.replace("\r\n", "\n")


def test_lines_are_written_cleaned_in_their_colour(capsys: pytest.CaptureFixture[str]) -> None:
    echo(POISON, fg="red")
    echo(POISON, err=True, mark="ERROR: ", bold=True)
    progress("web")(POISON)
    answer({"reason": POISON})

    shown = capsys.readouterr()
    assert commands(shown.out + shown.err) == []
    assert shown.err.startswith("ERROR: poison")


@pytest.mark.parametrize("width", [30, 31, 32, 33, 40, 60])
def test_a_wrapped_cell_of_a_table_begins_with_no_command(width: int) -> None:
    console = SafeConsole(width=width, file=io.StringIO(), color_system=None)
    table = Table(box=None)
    table.add_column("layer")
    table.add_column("reason")
    table.add_row("web", f"changed {RUNNER} " + " ".join(["::add-mask::a"] * 9))
    console.print(table)

    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "add-mask" in shown
    assert commands(shown) == []


def test_nothing_of_the_builder_goes_to_a_terminal_another_way() -> None:
    ways = {"click.echo", "click.secho", "Console", "print", "sys.stdout.write", "sys.stderr.write"}
    own = {
        ("report/terminal.py", "click.echo"),
        ("report/__init__.py", "sys.stdout.write"),
        ("commands/lock.py", "click.echo"),
        ("commands/get.py", "click.echo"),
        ("cli.py", "click.echo"),
        ("sizes/foreseer.py", "sys.stdout.write"),  # a pipe to the process that started it
    }
    root = Path(builder.__file__).parent
    found = {
        (path.relative_to(root).as_posix(), ast.unparse(node.func))
        for path in root.rglob("*.py")
        if "worker" not in path.relative_to(root).parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        if ast.unparse(node.func) in ways
    }

    assert found <= own


def test_the_runner_would_show_what_is_raw() -> None:
    """The test above can fail."""
    import click

    done = CliRunner().invoke(click.command()(lambda: click.echo(POISON)), [], color=True)

    assert commands(done.output)


def test_what_an_encoding_has_not_is_ascii_and_what_it_has_stays() -> None:
    assert fitting("✓ src → 3 … é", "utf-8") == "✓ src → 3 … é"
    assert fitting("✓ src → 3 … é", "ascii") == "+ src -> 3 ... \\xe9"
    assert fitting("✗ é", "latin-1") == "x é"
    console = SafeConsole(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    console.print("████ …")
    console.file.flush()
    assert console.file.buffer.getvalue() == b"#### ...\n"  # type: ignore[attr-defined]


def test_each_character_that_does_something_is_shown_by_unicodes_own_word() -> None:
    """Controls, separators of lines and paragraphs, and what turns the order of words around."""
    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    characters = [chr(number) for number in range(0x3000)]
    commands = [
        each
        for each in characters
        if unicodedata.category(each) in {"Cc", "Zl", "Zp"}
        or unicodedata.bidirectional(each) in turns
    ]
    marks = ["\u061c", "\u200b", "\u200e", "\u200f", "\ufeff"]

    through = [each for each in [*commands, *marks] if each in clean(f"a{each}b")]

    assert len(commands) > 70
    assert through == ["\t", "\n"]
