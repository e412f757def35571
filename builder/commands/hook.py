"""`lambda-layer hook`: what Terraform's `data "external"` calls."""

from __future__ import annotations

import sys

import click

from builder import report
from builder.hook import Query, plan_hook, release_hook


@click.group("hook")
def hook() -> None:
    """Answer Terraform's `data "external"`: JSON on stdin, JSON on stdout.

    \b
    Example: lambda-layer hook plan < query.json
    """


@hook.command("plan")
def hook_plan() -> None:
    """Say what a layer needs; never write.

    \b
    Example: lambda-layer hook plan < query.json
    """
    report.answer(plan_hook(Query.parse(sys.stdin.read())))


@hook.command("release")
def hook_release() -> None:
    """Release what apply has approved; otherwise say what is there.

    \b
    Example: lambda-layer hook release < query.json
    """
    query = Query.parse(sys.stdin.read())
    report.answer(release_hook(query, report.progress("lambda-layer")))
