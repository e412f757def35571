"""Command lines of `lambda-layer` in pages and examples: whether command and options exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from builder.cli import COMMANDS, main

OURS = re.compile(r"\blambda-layer((?: +(?!#)[^\s|&;`()]+)*)")
OPTION = re.compile(r"--?[a-zA-Z][\w-]*")


def commands_in(code: str) -> Iterator[list[str]]:
    """Yield the words behind each `lambda-layer` in lines of a shell."""
    for line in code.splitlines():
        for found in OURS.finditer(line.partition(" #")[0]):
            yield found[1].split()


def check_command(words: list[str], where: str) -> None:
    """Fail unless the words are options of ours, a command, and options of that command."""
    said = f"{where}: lambda-layer {' '.join(words)}"
    options = {name for parameter in main.params for name in parameter.opts} | {"-h", "--help"}
    takes_value = {
        name
        for parameter in main.params
        if isinstance(parameter, click.Option) and not parameter.is_flag
        for name in parameter.opts
    }
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        assert option in options, said
        del rest[: option in takes_value]
    if not rest or not re.fullmatch(r"[a-z]+", rest[0]):
        return  # `lambda-layer` itself, or a placeholder
    name = rest.pop(0)
    assert name in COMMANDS, said
    command = main.get_command(click.Context(main), name)
    assert command is not None
    known = {"-h", "--help"} | {
        option for found in command.params for option in (*found.opts, *found.secondary_opts)
    }
    for word in rest:
        option = word.strip("[]").partition("=")[0]
        if OPTION.fullmatch(option):
            assert option in known, said
