"""What each layer needs, as people and machines read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rich.markup import escape

from builder.inputs.ignore import Reason
from builder.layer.layer import Layer
from builder.layer.token import Token
from builder.protocol.statuses import AT_REST, BUILDING, CURRENT, UNMOVED, UNSHARED
from builder.release.plan import Plan
from builder.report.tables import megabytes, new_table, release_fields, show, show_json, styled
from builder.report.terminal import echo
from builder.sizes.verdicts import FITS, UNKNOWN

Sizes = Mapping[str, Mapping[str, str]]
"""What the plan hook says of sizes, by layer; only of those that are due."""


def show_plans(
    plans: Sequence[tuple[Layer, Plan]], sizes: Sizes = MappingProxyType({}), *, as_json: bool
) -> None:
    """Write what each layer needs, and why, with the sizes that are predicted."""
    if as_json:
        show_json(
            [_plan(layer, plan) | size_fields(sizes.get(layer.name)) for layer, plan in plans]
        )
        return
    _show([(layer.name, plan.status, *summary(plan)) for layer, plan in plans], sizes)


def show_answers(answers: Mapping[str, Mapping[str, str]]) -> None:
    """Write the same of what the plan hook has answered, by layer."""
    rows = []
    for name, answer in answers.items():
        token = Token.parse(answer["token"])
        words = _summary(answer["status"], answer["reason"], answer["version"], token)
        rows.append((name, answer["status"], *words))
    _show(rows, {name: answer for name, answer in answers.items() if answer.get("size")})


def summary(plan: Plan) -> tuple[str, str, str]:
    """Return the reason, the version that there is and what comes next, "-" for none."""
    version = str(plan.release.version) if plan.release else ""
    return _summary(plan.status, plan.reason, version, plan.token)


def _summary(status: str, reason: str, version: str, token: Token | None) -> tuple[str, str, str]:
    why = "nothing changed since then" if status == CURRENT else reason
    work = {UNMOVED: "move", UNSHARED: "share"}.get(status, "build")
    due = "-" if status in AT_REST or token is None else f"{work} #{token.number}"
    return why, f"v{version}" if version else "-", due


def size_fields(said: Mapping[str, str] | None) -> dict[str, Any]:
    """Return what machines read of a predicted size, in the plan hook's words; null for none."""
    if said is None:
        return dict.fromkeys(("size", "predicted_size", "size_verdict", "size_fits"))
    size = said["predicted_size"]
    return {
        "size": said["size"],
        "predicted_size": int(size) if size else None,
        "size_verdict": said["size_verdict"],
        "size_fits": said["size_fits"] != "false",
    }


def size_words(said: Mapping[str, str] | None) -> str:
    """Return a predicted size in a few words, "-" for none."""
    if said is None:
        return "-"
    size, verdict = said["predicted_size"], said["size_verdict"]
    least = "at least " * (verdict == UNKNOWN)
    return f"{least}{megabytes(int(size))}, {verdict}" if size else verdict


def size_remarks(name: str, said: Mapping[str, str] | None) -> list[str]:
    """Return the lines that say more of a size which does not simply fit."""
    if said is None or said["size_verdict"] == FITS:
        return []
    refusal = said.get("size_refusal", "")
    refused = [f"the apply of {name} is refused: {refusal}"] if refusal else []
    return [f"{name}: {said['size']}", *refused]


def _show(rows: Sequence[tuple[str, str, str, str, str]], sizes: Sizes) -> None:
    columns = ["layer", "status", "reason", "size", "now", "next"]
    if not sizes:
        columns.remove("size")
    table = new_table(*columns)
    for name, status, why, now, due in rows:
        size = [size_words(sizes.get(name))] if sizes else []
        table.add_row(name, styled(status), escape(why), *size, now, due)
    show(table)
    remarks = [line for name, *_ in rows for line in size_remarks(name, sizes.get(name))]
    if remarks:
        show("", *map(escape, remarks))


def show_files(found: Sequence[tuple[Layer, Mapping[str, Reason]]], *, as_json: bool) -> None:
    """Write the input files of each layer, and what is left out and why."""
    if as_json:
        show_json(
            [
                {
                    "layer": layer.name,
                    "files": [file.path for file in layer.files],
                    "left_out": {path: reason.value for path, reason in left_out.items()},
                }
                for layer, left_out in found
            ]
        )
        return
    for layer, left_out in found:
        table = new_table("input", "left out because", title=layer.name)
        rows = {file.path: "" for file in layer.files}
        rows |= {path: reason.value for path, reason in left_out.items()}
        for path, reason in sorted(rows.items()):
            table.add_row(escape(path), reason)
        show(table)


def show_building(layer: Layer, plan: Plan, *, as_json: bool) -> None:
    """Write that a build was started and goes on without us."""
    if as_json:
        show_json({**_plan(layer, plan), "status": BUILDING})
        return
    echo(f"building; to wait for the release: lambda-layer wait {layer.name}")


def _plan(layer: Layer, plan: Plan) -> dict[str, Any]:
    return {
        "layer": layer.name,
        "status": plan.status,
        "reason": plan.reason,
        "token": str(plan.token),
        "release": release_fields(plan.release) if plan.release else None,
    }
