"""What layers need, for a comment on a pull request and for GitHub Actions.

Sources: GitHub Flavored Markdown, "Tables" and "Code spans"; GitHub Actions, "Workflow commands"
(``::notice``, escapes, GITHUB_STEP_SUMMARY, GITHUB_OUTPUT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from builder.layer.layer import Layer
from builder.protocol.statuses import AT_REST
from builder.release.plan import Plan
from builder.report.plan import Sizes, size_remarks, size_words, summary
from builder.report.terminal import clean, command, echo
from builder.sizes.verdicts import TOO_LARGE

Plans = Sequence[tuple[Layer, Plan]]
NO_SIZES: Sizes = MappingProxyType({})


def show_markdown(plans: Plans, sizes: Sizes = NO_SIZES) -> None:
    """Write a table in Markdown, with a sentence above it."""
    echo(markdown(plans, sizes))


def show_github(plans: Plans, sizes: Sizes, environment: Mapping[str, str]) -> None:
    """Write a notice for each layer that is due; also the step's summary and outputs.

    A layer that is too large has a warning besides, or an error where its apply is refused.

    The outputs are ``due`` (true or false) and ``layers``, the names of those that are due.
    """
    due = [(layer, plan) for layer, plan in plans if plan.status not in AT_REST]
    for layer, plan in due:
        title = _command(f"layer {layer.name}", is_property=True)
        command(f"::notice title={title}::{_command(f'{plan.status}: {plan.reason}')}")
        said = sizes.get(layer.name)
        if said is not None and said["size_verdict"] == TOO_LARGE:
            level = "error" if said["size_fits"] == "false" else "warning"
            command(f"::{level} title={title}::{_command(said['size'])}")
    if not due:
        echo("no layer is due")
    _append(environment.get("GITHUB_STEP_SUMMARY"), markdown(plans, sizes) + "\n")
    names = " ".join(layer.name for layer, _ in due)
    outputs = f"due={'true' if due else 'false'}\nlayers={names}\n"
    _append(environment.get("GITHUB_OUTPUT"), outputs)


def markdown(plans: Plans, sizes: Sizes = NO_SIZES) -> str:
    """Return the table, and below it what does not simply fit."""
    due = sum(plan.status not in AT_REST for _, plan in plans)
    lines = [
        f"**Lambda layers: {due} of {len(plans)} due**"
        if due
        else "**Lambda layers: none is due**",
        "",
        _row("layer", "status", "reason", *["size"] * bool(sizes), "now", "next"),
        _row(*["---"] * (6 if sizes else 5)),
    ]
    for layer, plan in plans:
        reason, now, after = summary(plan)
        size = [size_words(sizes.get(layer.name))] if sizes else []
        lines.append(_row(_code(layer.name), plan.status, _code(reason), *size, now, after))
    remarks = [
        line for layer, _ in plans for line in size_remarks(layer.name, sizes.get(layer.name))
    ]
    if remarks:
        lines += ["", *(f"- {_code(line)}" for text in remarks for line in text.splitlines())]
    return "\n".join(lines)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    # In a code span nothing is a link, a tag or the name of someone to notify.
    plain = clean(" ".join(text.split())).replace("`", "'").replace("|", "\\|")
    return f"`{plain}`" if plain else ""


def _command(text: str, *, is_property: bool = False) -> str:
    for character in "%\r\n" + (":," if is_property else ""):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
