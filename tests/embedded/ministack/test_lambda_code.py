from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.builder.aws.test_layers import archive

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop


def test_a_function_whose_code_is_not_in_its_bucket_is_refused(workshop: Workshop) -> None:
    lambda_, s3 = workshop.aws.client("lambda"), workshop.aws.client("s3")
    name = f"{workshop.name}-coded"
    role = workshop.role(workshop.policy("logs:*"), {"Service": "lambda.amazonaws.com"})
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def create() -> None:
        lambda_.create_function(
            FunctionName=name, Runtime="python3.12", Role=role, Handler="x.y",
            Code={"S3Bucket": name, "S3Key": "code.zip"},
        )  # fmt: skip

    with pytest.raises(ClientError, match="NoSuchKey") as refused:
        create()
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    with pytest.raises(ClientError, match="not found"):
        lambda_.get_function(FunctionName=name)
    s3.put_object(Bucket=name, Key="code.zip", Body=archive())
    create()
