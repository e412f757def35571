from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from stacks.example import PROOF

if TYPE_CHECKING:
    from tests.stacks.conftest import Stack

SNAPSHOT = Path(__file__).with_name("example.tf.json")


def test_the_terraform_json_is_the_one_we_know(stack: Stack) -> None:
    """If it changed on purpose: UPDATE_SNAPSHOTS=1 pytest tests/stacks/test_example.py."""
    text = json.dumps(stack(), indent=2, sort_keys=True) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text()


def test_the_function_has_the_layers_and_runs_where_they_do(stack: Stack) -> None:
    function = stack()["resource"]["aws_lambda_function"]["proof_function"]
    assert function["function_name"] == "${local.app}-proof"
    assert function["runtime"] == "python3.13"
    assert function["architectures"] == ["arm64"]
    assert function["layers"] == [
        "${local.receipts_answer.layer_arn}",
        "${local.science_answer.layer_arn}",
    ]


def test_the_function_can_do_nothing_but_write_its_log(stack: Stack) -> None:
    resources = stack()["resource"]
    (statement,) = json.loads(resources["aws_iam_role_policy"]["proof_permissions"]["policy"])[
        "Statement"
    ]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    group, streams = statement["Resource"]
    assert group.endswith(":log-group:/aws/lambda/${local.app}-proof")
    assert streams == f"{group}:*"


@pytest.fixture
def proof() -> ModuleType:
    spec = importlib.util.spec_from_file_location("proof", PROOF)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_function_says_where_a_package_came_from(proof: ModuleType) -> None:
    answer = proof.handler({"modules": ["packaging"]}, None)
    assert answer["packages"]["packaging"]["file"].endswith("packaging/__init__.py")
    assert (answer["receipt"], answer["picture"]) == (None, None)


def test_the_function_fails_if_a_package_is_not_there(proof: ModuleType) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_package"):
        proof.handler({"modules": ["no_such_package"]}, None)
