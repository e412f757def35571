"""What parliament says of policies here: nothing that is not argued, nothing argued in vain.

It knows the actions that IAM has, their resources and their conditions, from the service
authorization reference. What it looks at is each role's whole policy, as tests/policies judges it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from modules.layer.argued import OF_ACTIONS
from tests.environments import FETCHING, Unavailable, programs_of
from tests.policies.mutations import Document
from tests.policies.roles import roles

ROOT = Path(__file__).parents[2]
LINTING = 120
"""Seconds for all policies; on a machine of its own it takes six."""

Findings = set[tuple[str, str]]
"""What is found, each with the action that it is found of, in small letters."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(FETCHING + LINTING)]


@pytest.fixture(scope="module")
def parliament() -> Path:
    try:
        return programs_of(ROOT / "scan.lock") / "parliament"
    except Unavailable as error:
        pytest.skip(f"parliament cannot be had here: {error}")


def linted(parliament: Path, policies: Mapping[str, Document], folder: Path) -> dict[str, Findings]:
    """Return what is found in each policy."""
    for name, document in policies.items():
        (folder / f"{name}.json").write_text(json.dumps(document), "utf-8")
    done = subprocess.run(
        [
            *(str(parliament.with_name("python")), "-W", "ignore", str(parliament)),
            *("--directory", str(folder), "--json", "--include-community-auditors"),
        ],
        env={**os.environ, "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=LINTING,
        check=False,
    )
    # It ends with 1 if it has found something; what it does not understand it says elsewhere.
    assert done.returncode in (0, 1), done.stderr
    assert not done.stderr, done.stderr
    found: dict[str, Findings] = {name: set() for name in policies}
    for finding in map(json.loads, done.stdout.splitlines()):
        name = Path(finding["location"]["filepath"]).stem
        found[name] |= {(finding["issue"], action.lower()) for action in _actions(finding)}
    return found


def _actions(finding: Mapping[str, Any]) -> Iterator[str]:
    named = finding["location"].get("actions") or finding["detail"]
    for each in named if isinstance(named, list) else [named]:
        yield str(each["action"] if isinstance(each, dict) else each)


def test_what_is_found_in_a_policy_is_argued_and_what_is_argued_is_found(
    parliament: Path, tmp_path: Path
) -> None:
    found = linted(parliament, {n: role.document for n, role in roles().items()}, tmp_path)

    said = {(each.issue, each.action.lower()) for each in OF_ACTIONS}
    assert {name: finding - said for name, finding in found.items() if finding - said} == {}
    assert set().union(*found.values()) == said


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"Action": ["s3:GetObjects"]}, "UNKNOWN_ACTION"),
        ({"Action": ["s3:PutBucketPolicy"]}, "RESOURCE_MISMATCH"),
        ({"Resource": ["*"]}, "RESOURCE_STAR"),
        ({"Condition": {"StringEqual": {"aws:PrincipalTag/a": "b"}}}, "UNKNOWN_OPERATOR"),
    ],
)
def test_a_mistake_in_a_policy_is_found(
    change: dict[str, Any], issue: str, parliament: Path, tmp_path: Path
) -> None:
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}
    right = {"Version": "2012-10-17", "Statement": [statement]}
    wrong = {"Version": "2012-10-17", "Statement": [{**statement, **change}]}

    found = linted(parliament, {"right": right, "wrong": wrong}, tmp_path)

    assert found["right"] == set()
    assert issue in {each for each, _ in found["wrong"]}
