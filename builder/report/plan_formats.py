"""What layers need, for a comment on a pull request and for GitHub Actions.

Sources: GitHub Flavored Markdown, "Tables" and "Code spans"; GitHub Actions, "Workflow commands"
(``::notice``, escapes, GITHUB_STEP_SUMMARY, GITHUB_OUTPUT).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.layer.layer import Layer
from builder.protocol.statuses import AT_REST
from builder.release.plan import Plan
from builder.report.plan import summary
from builder.report.terminal import clean, echo

Plans = Sequence[tuple[Layer, Plan]]


def show_markdown(plans: Plans) -> None:
    """Write a table in Markdown, with a sentence above it."""
    echo(markdown(plans))


def show_github(plans: Plans, environment: Mapping[str, str]) -> None:
    """Write a notice for each layer that is due; also the step's summary and outputs.

    The outputs are ``due`` (true or false) and ``layers``, the names of those that are due.
    """
    due = [(layer, plan) for layer, plan in plans if plan.status not in AT_REST]
    for layer, plan in due:
        title = _command(f"layer {layer.name}", is_property=True)
        echo(f"::notice title={title}::{_command(f'{plan.status}: {plan.reason}')}")
    if not due:
        echo("no layer is due")
    _append(environment.get("GITHUB_STEP_SUMMARY"), markdown(plans) + "\n")
    names = " ".join(layer.name for layer, _ in due)
    outputs = f"due={'true' if due else 'false'}\nlayers={names}\n"
    _append(environment.get("GITHUB_OUTPUT"), outputs)


def markdown(plans: Plans) -> str:
    """Return the table."""
    due = sum(plan.status not in AT_REST for _, plan in plans)
    lines = [
        f"**Lambda layers: {due} of {len(plans)} due**"
        if due
        else "**Lambda layers: none is due**",
        "",
        "| layer | status | reason | now | next |",
        "| --- | --- | --- | --- | --- |",
    ]
    for layer, plan in plans:
        reason, now, after = summary(plan)
        lines.append(f"| {_code(layer.name)} | {plan.status} | {_code(reason)} | {now} | {after} |")
    return "\n".join(lines)


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
