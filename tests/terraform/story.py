"""The central story of a stack, step by step, and what each step did.

It is told with one terraform and another (`test_newer_terraform.py`), and with the stand-ins and
the real provider (`test_conformance.py`): what is recorded must be the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.terraform.builds import Builds, quick_builds
from tests.terraform.conftest import Outcome, Planned, Stack

TAGS = '-var=tags={team="blue"}'


@dataclass(frozen=True)
class Step:
    """What one command did: ``changes`` and ``deferred`` are those of a plan."""

    name: str
    exit_code: int
    changes: dict[str, list[str]]
    deferred: list[str]
    writes: Counter[str]


def of_plan(name: str, planned: Planned) -> Step:
    """Return what a plan did and says."""
    return Step(name, planned.exit_code, planned.changes, planned.deferred, writes(planned))


def of_command(name: str, outcome: Outcome) -> Step:
    """Return what another command did."""
    return Step(name, outcome.exit_code, {}, [], writes(outcome))


def writes(outcome: Outcome) -> Counter[str]:
    """Count the calls that could change something, less those that builds make themselves.

    Approvals, which a provider writes, are counted apart from what a release writes.
    """
    return Counter(
        f"{call.service}:{call.operation}"
        + " approved" * (call.operation == "PutObject" and call.target.endswith("/approved"))
        for call in outcome.calls
        if call.is_write and ":assumed-role/" not in call.principal
    )


def short_story(stack: Stack) -> Iterator[Step]:
    """First plan, apply, no change, edit, destroy."""
    builds = quick_builds(stack)
    yield of_plan("first plan", stack.plan())
    yield of_command("apply", stack.apply())
    yield of_plan("no change", stack.plan())
    stack.edit()
    yield of_plan("edit", stack.plan())
    yield of_command("apply the edit", stack.apply())
    yield of_plan("no change after the edit", stack.plan())
    builds.wait_for_end()
    yield of_command("destroy", stack.destroy())


def whole_story(stack: Stack) -> Iterator[Step]:
    """Everything that the rules of "Plan never writes" speak of."""
    builds = quick_builds(stack)
    yield of_plan("first plan", stack.plan())
    yield of_command("apply", stack.apply())
    yield of_plan("no change", stack.plan())
    chapters: tuple[Callable[[Stack, Builds], Iterator[Step]], ...] = (
        _failing,
        _forced,
        _approval_by_hand,
        _in_part,
        _tags,
    )
    for chapter in chapters:
        yield from chapter(stack, builds)
    yield of_plan("plan to destroy", stack.plan("-destroy"))
    yield of_command("destroy", stack.destroy())


def _failing(stack: Stack, builds: Builds) -> Iterator[Step]:
    stack.edit()
    yield of_plan("edit", stack.plan())
    with builds.failing():
        yield of_command("failing build", stack.apply(check=False))
    yield of_plan("after the failure", stack.plan())
    yield of_command("the next build", stack.apply())
    yield of_plan("no change after the failure", stack.plan())


def _forced(stack: Stack, builds: Builds) -> Iterator[Step]:
    yield of_plan("force", stack.plan("-var=force_rebuild=true"))
    yield of_command("apply by force", stack.apply("-var=force_rebuild=true"))
    yield of_plan("no force any more", stack.plan())


def _approval_by_hand(stack: Stack, builds: Builds) -> Iterator[Step]:
    stack.delete("web/approved")
    yield of_plan("approval deleted", stack.plan())
    yield of_command("approval made again", stack.apply())
    stack.aws.client("s3").put_object(Bucket=stack.bucket, Key="web/approved", Body=b"other")
    yield of_plan("approval overwritten", stack.plan())
    yield of_command("apply over it", stack.apply())
    yield of_plan("no change after it", stack.plan())


def _in_part(stack: Stack, builds: Builds) -> Iterator[Step]:
    stack.edit()
    yield of_plan("refresh only", stack.plan("-refresh-only"))
    yield of_command("apply the refresh", stack.apply("-refresh-only"))
    yield of_plan("target the other layer", stack.plan("-target=data.external.tools_release"))
    yield of_plan("target the edited layer", stack.plan("-target=data.external.web_release"))
    yield of_command("apply the target", stack.apply("-target=data.external.web_release"))
    yield of_plan("no change after the target", stack.plan())


def _tags(stack: Stack, builds: Builds) -> Iterator[Step]:
    yield of_plan("tags on", stack.plan(TAGS))
    yield of_command("apply tags on", stack.apply(TAGS))
    yield of_plan("no change with tags", stack.plan(TAGS))
    yield of_plan("tags off", stack.plan())
    yield of_command("apply tags off", stack.apply())
    yield of_plan("no change without tags", stack.plan())
