import json
from typing import Any

import pytest

from embedded.codebuild.role import trusts_codebuild


def statement(effect: str, action: Any, principal: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Principal": principal}


CODEBUILD = {"Service": "codebuild.amazonaws.com"}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([statement("Allow", "sts:AssumeRole", CODEBUILD)], True),
        (statement("Allow", ["sts:TagSession", "sts:AssumeRole"], CODEBUILD), True),
        (
            [statement("Allow", "*", {"Service": ["lambda.amazonaws.com", CODEBUILD["Service"]]})],
            True,
        ),
        ([statement("Allow", "sts:AssumeRole", {"Service": "lambda.amazonaws.com"})], False),
        ([statement("Allow", "sts:TagSession", CODEBUILD)], False),
        ([statement("Allow", "sts:AssumeRole", "*")], False),
        (
            [
                statement("Allow", "sts:AssumeRole", CODEBUILD),
                statement("Deny", "sts:AssumeRole", CODEBUILD),
            ],
            False,
        ),
    ],
)
def test_whether_a_role_trusts_codebuild(statements: Any, expected: bool) -> None:
    document = {"Version": "2012-10-17", "Statement": statements}
    assert trusts_codebuild(document) is expected
    assert trusts_codebuild(json.dumps(document)) is expected
