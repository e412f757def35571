import io
import json
import zipfile
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from tests.embedded.standins.conftest import Stack

pytestmark = pytest.mark.usefixtures("terraform")


def layer(aws: EmbeddedAws, name: str) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/there.py", "HERE = 1\n")
    published = aws.client("lambda").publish_layer_version(
        LayerName=name, Content={"ZipFile": content.getvalue()}
    )
    return published["LayerVersionArn"]


@pytest.fixture
def role(stack: Stack, aws: EmbeddedAws) -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    made = aws.client("iam").create_role(
        RoleName=stack.name, AssumeRolePolicyDocument=json.dumps(document)
    )
    return made["Role"]["Arn"]


def function(stack: Stack, role: str, **more: Any) -> dict[str, Any]:
    declared = {
        "function_name": stack.name,
        "role": role,
        "handler": "main.handler",
        "runtime": "python3.12",
        "filename": stack.zip(),
        "source_code_hash": "1",
        **more,
    }
    return {"aws_lambda_function": {"it": declared}}


def test_layers_move_in_place_and_a_change_by_hand_is_seen(
    stack: Stack, aws: EmbeddedAws, role: str
) -> None:
    one, two = layer(aws, stack.name), layer(aws, stack.name)
    stack.write(function(stack, role, layers=[one]))
    stack.apply()
    assert stack.attributes("aws_lambda_function.it")["layers"] == [one]
    stack.write(function(stack, role, layers=[two]))
    assert stack.changes() == {"aws_lambda_function.it": ["update"]}
    unknown = stack.change("aws_lambda_function.it")["after_unknown"]
    assert "last_modified" not in unknown, "only new code makes it unknown"
    assert "code_sha256" not in unknown
    stack.run("apply", "plan")

    client = aws.client("lambda")
    client.update_function_configuration(FunctionName=stack.name, Layers=[one], Timeout=9)
    assert stack.changes() == {"aws_lambda_function.it": ["update"]}
    before = stack.change("aws_lambda_function.it")["before"]
    assert (before["layers"], before["timeout"]) == ([one], 9)


def test_new_code_is_uploaded_when_its_hash_changes(
    stack: Stack, aws: EmbeddedAws, role: str
) -> None:
    stack.write(function(stack, role))
    stack.apply()
    first = stack.attributes("aws_lambda_function.it")["code_sha256"]
    declared = function(stack, role, source_code_hash="2", publish=True)
    stack.zip("def handler(event, context):\n    return 2\n")
    stack.write(declared)
    assert stack.changes() == {"aws_lambda_function.it": ["update"]}
    assert stack.change("aws_lambda_function.it")["after_unknown"]["version"] is True
    stack.run("apply", "plan")
    found = stack.attributes("aws_lambda_function.it")
    assert found["code_sha256"] != first
    assert found["version"] == "1"
    assert found["qualified_arn"].endswith(f"{stack.name}:1")
    assert stack.changes() == {}


def test_code_may_come_from_s3(stack: Stack, aws: EmbeddedAws, role: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(
        Bucket=stack.name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    declared = function(stack, role, s3_bucket=stack.name, s3_key="code.zip")
    s3.upload_file(declared["aws_lambda_function"]["it"].pop("filename"), stack.name, "code.zip")
    stack.write(declared)
    stack.apply()
    assert stack.changes() == {}
    answer = aws.client("lambda").invoke(FunctionName=stack.name)
    assert answer["Payload"].read() == b"1"


def test_what_lambda_would_refuse_is_refused(stack: Stack, aws: EmbeddedAws, role: str) -> None:
    account = aws.identity.account
    unversioned = f"arn:aws:lambda:eu-central-1:{account}:layer:numpy"
    stack.write(function(stack, role, layers=[unversioned]))
    stack.run("validate")
    assert "is not the ARN of a layer version" in stack.refused("apply", "-auto-approve")
    declared = function(stack, role)
    del declared["aws_lambda_function"]["it"]["runtime"]
    stack.write(declared)
    assert "handler and runtime must be set" in stack.refused("plan")
    stack.write(function(stack, role, image_uri="x"))
    assert "filename conflicts with image_uri" in stack.refused()
