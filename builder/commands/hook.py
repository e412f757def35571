"""`lambda-layer hook`: what Terraform's `data "external"` calls."""

from __future__ import annotations

import sys

import click

from builder import report
from builder.commands.options import Setting, pass_setting
from builder.hook import plan_hook, release_hook
from builder.query import Query
from builder.report.debug import show_decisions


@click.group("hook")
def hook() -> None:
    """Answer Terraform's `data "external"`: JSON on stdin, JSON on stdout.

    \b
    Example: lambda-layer hook plan < query.json
    """


def _query(setting: Setting) -> Query:
    """Read what Terraform asks; ``debug_mode`` and ``--debug`` are one."""
    # In UTF-8, whatever the locale or PYTHONIOENCODING is (RFC 8259, 8.1).
    asked = sys.stdin.buffer.read().decode("utf-8", "replace")
    query = Query.parse(asked)
    if query.debugs:
        show_decisions(debug=True)
    elif setting.debug:
        return query.with_flag("debug_mode")
    return query


@hook.command("plan")
@pass_setting
def hook_plan(setting: Setting) -> None:
    """Say what each layer needs; never write.

    \b
    Example: lambda-layer hook plan < query.json
    """
    report.answer(plan_hook(_query(setting)))


@hook.command("release")
@pass_setting
def hook_release(setting: Setting) -> None:
    """Release what apply has approved; otherwise say what is there.

    \b
    Example: lambda-layer hook release < query.json
    """
    report.answer(release_hook(_query(setting), report.progress("lambda-layer")))
