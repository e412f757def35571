from typing import Any

import pytest

from embedded.codebuild.event_patterns import PatternError, matches

EVENT = {
    "source": "aws.codebuild",
    "account": "123456789012",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "project-name": "shop-layers",
        "build-status": "FAILED",
        "minutes": 12.5,
        "complete": True,
        "nothing": None,
        "empty": "",
        "file": "dir/sub/picture.png",
        "phases": [{"type": "BUILD"}],
    },
}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"source": ["aws.codebuild"]},
        {"source": ["aws.ec2", "aws.codebuild"]},
        {"resources": ["arn:two"]},
        {"detail": {"build-status": ["FAILED"], "project-name": ["shop-layers"]}},
        {"detail": {"minutes": [12.5]}},
        {"detail": {"complete": [True]}},
        {"detail": {"nothing": [None]}},
        {"detail": {"empty": [""]}},
        {"detail": {"project-name": [{"prefix": "shop-"}]}},
        {"detail": {"project-name": [{"prefix": {"equals-ignore-case": "SHOP-"}}]}},
        {"detail": {"file": [{"suffix": ".png"}]}},
        {"detail": {"file": [{"suffix": {"equals-ignore-case": ".PNG"}}]}},
        {"detail": {"build-status": [{"equals-ignore-case": "failed"}]}},
        {"detail": {"build-status": [{"anything-but": "SUCCEEDED"}]}},
        {"detail": {"build-status": [{"anything-but": ["SUCCEEDED", "STOPPED"]}]}},
        {"detail": {"project-name": [{"anything-but": {"prefix": "other-"}}]}},
        {"detail": {"file": [{"anything-but": {"wildcard": "*/lib/*"}}]}},
        {"detail": {"minutes": [{"numeric": [">", 10, "<=", 20]}]}},
        {"detail": {"minutes": [{"numeric": ["=", 12.5]}]}},
        {"detail": {"file": [{"wildcard": "dir/*.png"}]}},
        {"detail": {"file": [{"wildcard": "*sub*"}]}},
        {"detail": {"file": [{"wildcard": "dir/sub/picture.png"}]}},
        {"detail": {"empty": [{"exists": True}]}},
        {"detail": {"missing": [{"exists": False}]}},
        {"missing": {"deeper": [{"exists": False}]}},
        {"$or": [{"source": ["aws.ec2"]}, {"account": ["123456789012"]}]},
        {"detail": {"$or": [{"minutes": [1]}, {"build-status": ["FAILED"]}]}},
    ],
)
def test_a_pattern_matches(pattern: dict[str, Any]) -> None:
    assert matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": []},
        {"source": ["aws.ec2"]},
        {"source": ["AWS.CODEBUILD"]},
        {"resources": ["arn:three"]},
        {"source": ["aws.codebuild"], "account": ["1"]},
        {"missing": ["x"]},
        {"missing": [None]},
        {"missing": {"deeper": ["x"]}},
        {"source": {"deeper": ["x"]}},
        {"detail": {"complete": [1]}},
        {"detail": {"minutes": ["12.5"]}},
        {"detail": {"minutes": [{"prefix": "12"}]}},
        {"detail": {"project-name": [{"prefix": "layers"}]}},
        {"detail": {"file": [{"suffix": ".jpg"}]}},
        {"detail": {"build-status": [{"anything-but": ["FAILED", "STOPPED"]}]}},
        {"detail": {"missing": [{"anything-but": "x"}]}},
        {"detail": {"project-name": [{"anything-but": {"prefix": "shop"}}]}},
        {"detail": {"minutes": [{"numeric": [">", 12.5]}]}},
        {"detail": {"complete": [{"numeric": ["=", 1]}]}},
        {"detail": {"file": [{"wildcard": "dir/*.pn"}]}},
        {"detail": {"file": [{"wildcard": "dir/sub/picture.png*g"}]}},
        {"detail": {"empty": [{"exists": False}]}},
        {"detail": {"missing": [{"exists": True}]}},
        {"$or": [{"source": ["aws.ec2"]}, {"account": ["1"]}]},
    ],
)
def test_a_pattern_does_not_match(pattern: dict[str, Any]) -> None:
    assert not matches(pattern, EVENT)


def test_a_star_can_be_meant_literally() -> None:
    assert matches({"file": [{"wildcard": "a\\*b*"}]}, {"file": "a*bc"})
    assert not matches({"file": [{"wildcard": "a\\*b*"}]}, {"file": "axbc"})


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": "aws.codebuild"},
        {"source": [{"cidr": "10.0.0.0/8"}]},
        {"source": [{"prefix": "a", "suffix": "b"}]},
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(PatternError, match="event pattern cannot be used"):
        matches(pattern, EVENT)
