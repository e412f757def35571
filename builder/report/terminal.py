"""The one way to a terminal: what others wrote cannot command it.

Log lines, reasons, names and ARNs come from builds, from the bucket and from AWS. A terminal obeys
control characters in them: it changes its title, moves the cursor over what was said before, or
puts something into the clipboard (OSC 52). Here they are shown as what they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import click

COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff"  # order, and nothing
    "\ud800-\udfff]"  # halves of characters, which no terminal can be sent
)
"""Characters that do something, or hide what is there, in place of being shown."""


def clean(text: str) -> str:
    """Return a text with what commands a terminal shown as escapes, such as ``\\x1b``."""
    return COMMANDS.sub(lambda found: ascii(found[0])[1:-1], text.replace("\r\n", "\n"))


def echo(text: str = "", *, err: bool = False, mark: str = "", **style: Any) -> None:
    """Write a line to stdout or stderr.

    ``style`` is that of ``mark``, which comes first, or else of the whole line; click takes colours
    away where there is no terminal.
    """
    text = clean(text)
    colour = wants_colour(os.environ)
    if mark:
        click.echo(click.style(mark, **style) + text, err=err, color=colour)
    else:
        click.echo(click.style(text, **style) if style else text, err=err, color=colour)


def wants_colour(environment: Mapping[str, str]) -> bool | None:
    """Return whether the environment wants colours or none; None if the terminal decides.

    NO_COLOR comes first. Sources: no-color.org and force-color.org; rich, which draws the tables,
    reads all three alike.
    """
    if environment.get("NO_COLOR") or environment.get("TERM") in {"dumb", "unknown"}:
        return False
    return True if environment.get("FORCE_COLOR") else None
