from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from builder.errors import SpecError
from modules.layer.place import Place

if TYPE_CHECKING:
    from tests.modules.layer.conftest import Synthesize

GIVEN = {"account": "123456789012", "region": "cn-north-1", "partition": "aws-cn"}


def test_a_place_that_is_given_asks_no_more_than_whether_it_is_the_providers(
    synthesize: Synthesize,
) -> None:
    stack = synthesize(infrastructure=GIVEN)
    assert [kind for kind in stack.json["data"] if kind.startswith("aws_")] == ["aws_region"]
    (check,) = stack.data("aws_region", "build_region")["lifecycle"]["postcondition"]
    assert check["condition"] == '${(self.region == "cn-north-1")}'
    assert [*stack.json["resource"]["terraform_data"]] == ["build_retire"]
    name = "shop-layers-123456789012-cn-north-1"
    assert stack.resource("aws_s3_bucket", "build_bucket")["bucket"] == name
    query = stack.data("external", "build_plan")["query"]
    assert (
        query["receipts.build_role"]
        == "arn:aws-cn:iam::123456789012:role/shop-receipts-cn-north-1-build"
    )


def test_what_is_not_given_is_remembered_whatever_a_plan_does_not_know(
    synthesize: Synthesize,
) -> None:
    stack = synthesize(infrastructure={"region": "${var.region}"})
    remembered = stack.resource("terraform_data", "build_remembered")
    assert remembered["input"] == {
        "account": "${data.aws_caller_identity.build_account.account_id}",
        "partition": "${data.aws_partition.build_partition.partition}",
    }
    assert remembered["lifecycle"]["ignore_changes"] == ["input"]
    assert remembered["lifecycle"]["replace_triggered_by"] == [
        "aws_cloudwatch_log_group.build_logs.arn"
    ]
    assert stack.json["locals"]["build_place"] == {
        "account": "${terraform_data.build_remembered.input.account}",
        "partition": "${terraform_data.build_remembered.input.partition}",
        "region": "${var.region}",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"account": "1234"},
        {"account": "12345678901\uff12"},
        {"region": "Ireland"},
        {"region": "eu-west-1\n"},
        {"partition": "amazon"},
    ],
    ids=str,
)
def test_a_text_that_cannot_be_right_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=f"cannot be the {next(iter(wrong))}"):
        Place(**wrong)
