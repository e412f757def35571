from typing import Any

import pytest

from builder.publisher.event import ENDED, Ending

PROJECT = "shop-layers"
ARN = f"arn:aws:codebuild:eu-west-1:123456789012:build/{PROJECT}:8745a7a9"


def event(**detail: Any) -> dict[str, Any]:
    """Return an event as the user guide shows it, with parts of its detail replaced."""
    return {
        "version": "0",
        "detail-type": "CodeBuild Build State Change",
        "source": "aws.codebuild",
        "account": "123456789012",
        "region": "eu-west-1",
        "resources": [ARN],
        "detail": {
            "build-status": "SUCCEEDED",
            "project-name": PROJECT,
            "build-id": ARN,
            "additional-information": {"build-complete": True},
            **detail,
        },
    }


@pytest.mark.parametrize("status", ENDED)
def test_every_end_of_a_build_is_understood(status: str) -> None:
    assert Ending.parse(event(**{"build-status": status})) == Ending(
        PROJECT, f"{PROJECT}:8745a7a9", status
    )


@pytest.mark.parametrize(
    "detail",
    [
        {"build-status": "IN_PROGRESS"},
        {"build-status": None},
        {"build-status": ["SUCCEEDED"]},
        {"project-name": 3},
        {"build-id": None},
        {"build-id": "nonsense"},
        {"project-name": "other"},
        {"build-id": ARN.replace(PROJECT, "other")},
    ],
)
def test_what_is_no_end_of_a_build_is_none(detail: dict[str, Any]) -> None:
    assert Ending.parse(event(**detail)) is None


@pytest.mark.parametrize(
    "other",
    [
        None,
        [],
        "text",
        {},
        {**event(), "source": "aws.ec2"},
        {**event(), "detail-type": "CodeBuild Build Phase Change"},
        {**event(), "detail": None},
        {**event(), "detail": []},
    ],
)
def test_other_events_are_none(other: Any) -> None:
    assert Ending.parse(other) is None
