"""Each action of sharing and naming versions is needed: without it a release says so.

``make test`` takes a few actions out, ``make policies`` each of them.
"""

from __future__ import annotations

import os
import sys

import pytest

from builder.errors import AwsError
from tests.builder.conftest import World
from tests.builder.release.test_share import ONE, RIGHTS, TWO, parameter, shared
from tests.policies.flows import acting, arn
from tests.policies.mutations import Document, removed
from tests.policies.release_roles import NAMES, SHARES, document

QUICK = ("ssm:DeleteParameter",)
CHOSEN = (*SHARES, *NAMES) if os.environ.get("POLICY_MUTATIONS") == "all" else QUICK


def policy(world: World) -> Document:
    """Return the rights of one who releases, with those of shared and named layers."""
    # Two parameters: the one that the layer had before, and its own now.
    names = arn("ssm", f"parameter/layers/{world.name}*")
    rest = {"Effect": "Allow", "Action": list(RIGHTS), "Resource": ["*"]}
    mine = document(arn("lambda", f"layer:{world.name}-web"), names)
    return {**mine, "Statement": [*mine["Statement"], rest]}


def release(world: World, allowed: Document) -> str:
    """Release, then share the same version with another and give it another name.

    Return the action that is missing, "" where none is.
    """
    name = f"/layers/{world.name}"
    with acting(world, allowed) as mine:
        try:
            mine.release(mine.layer(share=(ONE,), parameter=f"{name}-old"))
            mine.release(mine.layer(share=(TWO,), parameter=name))
        except AwsError as error:
            return error.what
    assert shared(world, 1) == {TWO}
    assert (parameter(world, f"{name}-old"), bool(parameter(world, name))) == (None, True)
    return ""


def test_every_action_is_tried() -> None:
    assert {m.name.rpartition(" ")[2] for m in removed(document())} == {*SHARES, *NAMES}


@pytest.mark.slow
def test_a_version_is_shared_and_named_under_the_whole_policy(world: World) -> None:
    assert release(world, policy(world)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("action", CHOSEN)
def test_without_an_action_it_is_named(
    action: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    without = next(m for m in removed(policy(world)) if m.name.endswith(f"without {action}"))

    said = release(world, without.document)

    with capsys.disabled():
        sys.stdout.write(f"{without.name:48} release: {said}\n")
    assert action in said
