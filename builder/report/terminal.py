"""The one way to a terminal: what others wrote cannot command it.

Log lines, reasons, names and ARNs come from builds, from the bucket and from AWS. A terminal obeys
control characters in them: it changes its title, moves the cursor over what was said before, or
puts something into the clipboard (OSC 52). A CI runner obeys lines in what a step writes: they set
outputs and blank out words. Here all of them are shown as what they are.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from typing import Any

import click

COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff"  # order, and nothing
    "\ud800-\udfff]"  # halves of characters, which no terminal can be sent
)
"""Characters that do something, or hide what is there, in place of being shown."""


RUNNER = re.compile(r"^[^\S\n]*:(?=:)|#(?=#\w*\[)", re.MULTILINE)
"""Up to the first character of a command: ``::NAME`` after spaces, and ``##[NAME]`` anywhere.

Sources: actions/runner, src/Runner.Common/ActionCommand.cs; Azure Pipelines, "Logging commands";
TeamCity, "Service messages".
"""


def clean(text: str) -> str:
    """Return a text with what commands a terminal or a runner shown as escapes (``\\x1b``)."""
    return RUNNER.sub(lambda found: found[0][:-1] + shown(found[0][-1]), without_controls(text))


def without_controls(text: str) -> str:
    """Return a text with what commands a terminal shown as escapes."""
    return COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text.replace("\r\n", "\n"))


def shown(character: str) -> str:
    """Return a character as JSON may have it: what is in a string there stays what it is."""
    return f"\\u{ord(character):04x}"


ASCII = str.maketrans({"…": "...", "→": "->", "█": "#", "✓": "+", "✗": "x"})
"""What stands for our own characters where a terminal's encoding has not got them."""


def fitting(text: str, encoding: str | None) -> str:
    """Return a text in characters that an encoding has: ASCII for ours, escapes for others."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding, "backslashreplace").decode(encoding)
    return text


def command(text: str) -> None:
    """Write one line that is a command to the runner; its values are escaped by the caller."""
    click.echo(without_controls(text))


def echo(text: str = "", *, err: bool = False, mark: str = "", **style: Any) -> None:
    """Write a line to stdout or stderr.

    ``style`` is that of ``mark``, which comes first, or else of the whole line; click takes colours
    away where there is no terminal.
    """
    text = fitting(clean(text), getattr(sys.stderr if err else sys.stdout, "encoding", None))
    colour = wants_colour(os.environ)
    if mark:
        click.echo(click.style(mark, **style) + text, err=err, color=colour)
    else:
        click.echo(click.style(text, **style) if style else text, err=err, color=colour)


_quiet = False


def be_quiet(*, quiet: bool) -> None:
    """Let :func:`say` write nothing from now on, or write again."""
    global _quiet  # one terminal a process
    _quiet = quiet


def say(line: str) -> None:
    """Write a line of progress to stderr, unless quiet is wanted."""
    if not _quiet:
        echo(line, err=True)


def wants_colour(environment: Mapping[str, str]) -> bool | None:
    """Return whether the environment wants colours or none; None if the terminal decides.

    NO_COLOR comes first. Sources: no-color.org and force-color.org; rich, which draws the tables,
    reads all three alike.
    """
    if environment.get("NO_COLOR") or environment.get("TERM") in {"dumb", "unknown"}:
        return False
    return True if environment.get("FORCE_COLOR") else None
