from pathlib import Path

import pytest

import builder
from builder.operations.doctor.permissions import (
    APPLY,
    BUILDS,
    MOVES,
    PLAN,
    PRUNES,
    PUBLISHER,
    READS,
    RELEASES,
    needs,
)

DOCS = Path(builder.__file__).parents[1] / "docs" / "permissions.md"
NAMES = {
    "bucket": "BUCKET", "lambda": "LAMBDA", "codebuild": "CODEBUILD", "logs": "LOGS",
    "app": "billing", "layer": "web", "project": "P", "build_role": "ROLE", "log_group": "G",
}  # fmt: skip


def actions(role: str, functions: tuple[str, ...] = (), *, prunes: bool = False) -> set[str]:
    found = needs(role, NAMES, functions=functions, prunes=prunes)
    return {action for need in found for action in need.actions}


@pytest.mark.parametrize("table", [READS, RELEASES, BUILDS, MOVES, PRUNES])
def test_every_action_is_documented(table: dict[str, tuple[str, ...]]) -> None:
    text = DOCS.read_text()

    for action in (action for found in table.values() for action in found):
        assert f"`{action}`" in text, action


def test_a_plan_needs_nothing_that_writes() -> None:
    verbs = {action.partition(":")[2] for action in actions(PLAN)}

    assert all(verb.startswith(("Get", "List", "BatchGet")) for verb in verbs)


def test_only_who_applies_starts_builds() -> None:
    assert "codebuild:StartBuild" in actions(APPLY)
    assert "iam:PassRole" in actions(APPLY)
    assert actions(PUBLISHER) == actions(APPLY) - {"codebuild:StartBuild", "iam:PassRole"}
    assert actions(PUBLISHER) >= actions(PLAN)


def test_functions_and_pruning_need_more_only_where_they_are_used() -> None:
    assert "lambda:UpdateFunctionConfiguration" not in actions(APPLY)
    moved = needs(APPLY, NAMES, functions=("api",))
    assert [need.resource for need in moved if "function" in need.resource] == [
        "LAMBDA:function:api"
    ]
    assert "lambda:ListFunctions" not in actions(APPLY)
    assert actions(APPLY, prunes=True) >= {"lambda:ListFunctions", "s3:DeleteObjectVersion"}


def test_resources_are_those_of_the_layer() -> None:
    assert {need.resource for need in needs(PLAN, NAMES)} == {
        "BUCKET/web/*", "BUCKET", "LAMBDA:layer:billing-web:*", "CODEBUILD:project/P",
    }  # fmt: skip
