"""A function of another region than its layers: the plan refuses what Lambda would."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack

ELSEWHERE = "eu-west-2"


@pytest.fixture(scope="module")
def proof(make: Make) -> Stack:
    """A stack with a function that has the layer; each test undoes what it does to it."""
    stack = make(proof=True)
    quick_builds(stack)
    return stack


def by_its_argument(_document: dict[str, Any], function: dict[str, Any]) -> None:
    function["region"] = ELSEWHERE


def by_its_provider(document: dict[str, Any], function: dict[str, Any]) -> None:
    (here,) = document["provider"]["aws"]
    document["provider"]["aws"].append({**here, "alias": "elsewhere", "region": ELSEWHERE})
    function["provider"] = "aws.elsewhere"


@pytest.mark.parametrize("moves", [by_its_argument, by_its_provider])
def test_a_function_in_another_region_than_its_layers_is_refused_at_plan(
    proof: Stack, moves: Callable[[dict[str, Any], dict[str, Any]], None]
) -> None:
    before = json.loads(proof.configuration.read_text())
    with proof.edited() as document:
        (function,) = document["resource"]["aws_lambda_function"].values()
        moves(document, function)
    refused = proof.fails("plan")
    with proof.edited() as document:
        document.clear()
        document.update(before)

    here = proof.aws.identity.region
    said = f"This function is in region {ELSEWHERE}, and its layers (web) are in {here}"
    assert said in refused.said, refused.said
    assert refused.writes == []


def test_a_function_beside_its_layers_is_made(proof: Stack) -> None:
    assert proof.apply().builds == 1
    assert proof.plan().exit_code == 0
    proof.destroy()
