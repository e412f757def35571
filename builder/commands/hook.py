"""`lambda-layer hook`: what Terraform's `data "external"` calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from builder import report
from builder.commands.options import Setting, pass_setting
from builder.errors import Denied
from builder.heap import keep_what_is_loaded
from builder.hook import connect_for_plan, plan_hook, publisher_hook, release_hook
from builder.protocol.variables import PUBLISHER_VARIABLE
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


@contextmanager
def _known(query: Query) -> Iterator[None]:
    """Let an error about permissions say who the hook is."""
    try:
        yield
    except Denied as error:
        raise query.as_who(error) from error


@hook.command("plan")
@pass_setting
def hook_plan(setting: Setting) -> None:
    """Say what each layer needs; never write.

    \b
    Example: lambda-layer hook plan < query.json
    """
    query = _query(setting)
    with _known(query):
        services = connect_for_plan(query)
        keep_what_is_loaded()
        report.answer(plan_hook(query, services))


@hook.command("release")
@pass_setting
def hook_release(setting: Setting) -> None:
    """Release what apply has approved; otherwise say what is there.

    \b
    Example: lambda-layer hook release < query.json
    """
    keep_what_is_loaded()
    query = _query(setting)
    with _known(query):
        report.answer(release_hook(query, report.progress("lambda-layer")))


@hook.command("publisher")
def hook_publisher() -> None:
    """Store the code of the publisher function (async mode of the module for HCL).

    A provisioner calls it, which has no stdin to give: the query is in LAMBDA_LAYER_PUBLISHER.

    \b
    Example: lambda-layer hook publisher
    """
    keep_what_is_loaded()
    query = Query.parse(os.environ.get(PUBLISHER_VARIABLE, ""))
    with _known(query):
        publisher_hook(query)
