import json
from typing import Any

import pytest

from tests.embedded.standins.conftest import Stack


def written(stack: Stack, **document: Any) -> str:
    """Apply a configuration with one document, and return its JSON as Terraform has it."""
    stack.write(
        {},
        data={"aws_iam_policy_document": {"it": document}},
        output={"json": {"value": "${data.aws_iam_policy_document.it.json}"}},
    )
    stack.apply()
    return str(stack.terraform.outputs()["json"])


def test_a_trust_policy_is_written_as_the_real_provider_writes_it(stack: Stack) -> None:
    statement = {
        "actions": ["sts:AssumeRole"],
        "principals": {"type": "Service", "identifiers": ["lambda.amazonaws.com"]},
    }
    assert written(stack, statement=statement) == (
        '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n'
        '      "Action": "sts:AssumeRole",\n      "Principal": {\n'
        '        "Service": "lambda.amazonaws.com"\n      }\n    }\n  ]\n}'
    )


def test_order_variables_and_conditions_follow_its_rules(stack: Stack) -> None:
    text = written(
        stack,
        policy_id="mine",
        statement=[
            {
                "sid": "Home",
                "effect": "Deny",
                "actions": ["s3:GetObject", "s3:PutObject"],
                "resources": ["arn:aws:s3:::b/home/&{aws:username}/*"],
                "principals": [{"type": "*", "identifiers": ["*"]}],
                "condition": [
                    {
                        "test": "StringLike",
                        "variable": "s3:prefix",
                        "values": ["home/", "", "home/&{aws:username}/"],
                    },
                    {"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]},
                ],
            }
        ],
    )
    assert json.loads(text) == {
        "Version": "2012-10-17",
        "Id": "mine",
        "Statement": [
            {
                "Sid": "Home",
                "Effect": "Deny",
                "Action": ["s3:PutObject", "s3:GetObject"],
                "Resource": "arn:aws:s3:::b/home/${aws:username}/*",
                "Principal": "*",
                "Condition": {
                    "Bool": {"aws:SecureTransport": "false"},
                    "StringLike": {"s3:prefix": ["home/", "", "home/${aws:username}/"]},
                },
            }
        ],
    }


def test_a_statement_replaces_that_of_its_sid_and_overrides_come_last(stack: Stack) -> None:
    def one(sid: str, action: str) -> str:
        statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    text = written(
        stack,
        source_policy_documents=[one("A", "s3:ListBucket"), one("B", "s3:GetObject")],
        statement={"sid": "A", "actions": ["sqs:SendMessage"], "resources": ["*"]},
        override_policy_documents=[one("B", "sns:Publish")],
    )
    actions = {found["Sid"]: found["Action"] for found in json.loads(text)["Statement"]}
    assert actions == {"A": "sqs:SendMessage", "B": "sns:Publish"}


def test_a_role_takes_it_and_the_next_plan_is_empty(stack: Stack) -> None:
    stack.write(
        {
            "aws_iam_role": {
                "it": {
                    "name": stack.name,
                    "assume_role_policy": "${data.aws_iam_policy_document.it.json}",
                }
            }
        },
        data={
            "aws_iam_policy_document": {
                "it": {
                    "statement": {
                        "actions": ["sts:AssumeRole"],
                        "principals": {"type": "Service", "identifiers": ["lambda.amazonaws.com"]},
                    }
                }
            }
        },
    )
    stack.apply()
    assert stack.changes() == {}
    stack.destroy()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"version": "2024-01-01"}, "is none of 2008-10-17, 2012-10-17"),
        ({"statement": {"effect": "Maybe"}}, "is none of Allow, Deny"),
        ({"statement": [{"sid": "A"}, {"sid": "A"}]}, "duplicate Sid (A)"),
        ({"source_policy_documents": ["{"]}, "merging source_policy_documents"),
        (
            {"version": "2008-10-17", "statement": {"resources": ["&{aws:username}"]}},
            "not supported in document version 2008-10-17",
        ),
    ],
)
def test_what_the_real_one_refuses_is_refused(
    stack: Stack, document: dict[str, Any], said: str
) -> None:
    stack.write({}, data={"aws_iam_policy_document": {"it": document}})
    assert said in stack.refused("plan")
