import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.standins.aws.connection import Connection, connect
from embedded.standins.errors import ProviderError

TRUST = (
    '{"Version": "2012-10-17", "Statement": '
    '[{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}'
)


@pytest.fixture
def environment(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of the process, with the embedded AWS in it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusal(**config: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        connect(config)
    return caught.value


def caller(connection: Connection) -> str:
    return str(connection.client("sts").get_caller_identity()["Arn"])


@pytest.mark.usefixtures("environment")
def test_credentials_and_region_come_from_the_environment(aws: EmbeddedAws) -> None:
    connection = connect({})
    assert connection.region == "eu-central-1"
    assert connection.account == aws.identity.account
    assert connection.partition == "aws"


@pytest.mark.usefixtures("environment")
def test_the_configured_region_comes_first() -> None:
    assert connect({"region": "us-gov-west-1"}).region == "us-gov-west-1"
    assert connect({"region": "us-gov-west-1"}).partition == "aws-us-gov"


def test_the_region_may_come_from_the_profile(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.delenv("AWS_REGION")
    environment.delenv("AWS_DEFAULT_REGION")
    assert "region is missing" in refusal().detail
    file = tmp_path / "config"
    file.write_text("[profile deploy]\nregion = us-west-2\n")
    environment.setenv("AWS_CONFIG_FILE", str(file))
    environment.setenv("AWS_PROFILE", "deploy")
    assert connect({}).region == "us-west-2"


@pytest.mark.usefixtures("environment")
def test_a_region_that_does_not_exist_is_refused() -> None:
    assert refusal(region="eu-middle").summary == "Invalid AWS Region: eu-middle"
    assert connect({"region": "local-1", "skip_region_validation": True}).region == "local-1"


@pytest.mark.parametrize("url", ["https://s3.amazonaws.com", "http://10.0.0.1:4566", None])
def test_only_loopback_is_talked_to(environment: pytest.MonkeyPatch, url: str | None) -> None:
    if url:
        environment.setenv("AWS_ENDPOINT_URL", url)
    else:
        environment.delenv("AWS_ENDPOINT_URL")
    error = refusal()
    assert error.summary == "The stand-in for hashicorp/aws talks to loopback only"
    assert "AWS_ENDPOINT_URL" in error.detail


@pytest.mark.usefixtures("environment")
def test_each_service_must_be_on_loopback() -> None:
    connection = connect({"endpoints": [{"lambda": "https://lambda.eu-central-1.amazonaws.com"}]})
    with pytest.raises(ProviderError, match="loopback only"):
        connection.client("lambda")


def test_a_service_may_have_an_endpoint_of_its_own(
    environment: pytest.MonkeyPatch, aws: EmbeddedAws
) -> None:
    environment.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    connection = connect({"endpoints": [{"cloudwatchlogs": "http://localhost:2"}]})
    assert connection.client("s3").meta.endpoint_url == "http://127.0.0.1:1"
    assert connection.client("logs").meta.endpoint_url == "http://localhost:2"
    assert connection.client("codebuild").meta.endpoint_url == aws.codebuild_url
    assert connection.client("iam").meta.endpoint_url == aws.url


def test_a_profile_wins_over_credentials_in_the_environment(
    environment: pytest.MonkeyPatch, aws: EmbeddedAws, tmp_path: Path
) -> None:
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    user = aws.user({"Version": "2012-10-17", "Statement": [allowed]}, f"u-{tmp_path.name}"[:60])
    file = tmp_path / "credentials"
    file.write_text(
        "[deploy]\n"
        f"aws_access_key_id = {user['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {user['AWS_SECRET_ACCESS_KEY']}\n"
    )
    ours = caller(connect({}))
    chosen = connect({"profile": "deploy", "shared_credentials_files": [str(file)]})
    assert caller(chosen) != ours
    assert ":user/u-" in caller(chosen)
    given = connect(
        {
            "access_key": user["AWS_ACCESS_KEY_ID"],
            "secret_key": user["AWS_SECRET_ACCESS_KEY"],
        }
    )
    assert caller(given) == caller(chosen)


@pytest.mark.usefixtures("environment")
def test_a_role_is_assumed(aws: EmbeddedAws, tmp_path: Path) -> None:
    iam = aws.client("iam")
    name = f"r-{tmp_path.name}"[:60]
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    block = {
        "role_arn": role,
        "session_name": "deploy",
        "duration": "1h",
        "external_id": None,
        "policy": None,
        "policy_arns": None,
        "source_identity": None,
        "tags": None,
        "transitive_tag_keys": None,
    }
    assert caller(connect({"assume_role": [block]})).endswith(f":assumed-role/{name}/deploy")
    missing = {**block, "role_arn": role + "-other"}
    assert refusal(assume_role=[missing]).summary == "Cannot assume IAM Role"


@pytest.mark.usefixtures("environment")
def test_the_account_must_be_allowed(aws: EmbeddedAws) -> None:
    account = aws.identity.account
    assert connect({"allowed_account_ids": [account]}).account == account
    assert "not allowed" in refusal(allowed_account_ids=["111111111111"]).summary
    assert "not allowed" in refusal(forbidden_account_ids=[account]).summary


def test_credentials_are_checked_unless_that_is_skipped(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    assert refusal().summary == "No valid credential sources found"
    skipped = connect({"skip_credentials_validation": True, "skip_requesting_account_id": True})
    assert skipped.account == ""


@pytest.mark.usefixtures("environment")
def test_ignored_tags_and_those_of_aws_are_not_ours() -> None:
    connection = connect({"ignore_tags": [{"keys": ["a"], "key_prefixes": ["team:"]}]})
    found = {"a": "1", "team:x": "1", "aws:cloudformation:stack": "1", "b": "1"}
    assert connection.own_tags(found) == {"b": "1"}


def test_the_next_command_has_the_same_clients_unless_anything_differs(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = [connect({}).client("s3")]
    assert connect({}).client("s3") is made[0]

    other_key = {"access_key": "AKIAOTHER", "secret_key": "other"}
    unasked = {"skip_credentials_validation": True, "skip_requesting_account_id": True}
    made.append(connect(other_key | unasked).client("s3"))
    made.append(connect({}).client("s3", "us-west-2"))
    made.append(connect({"endpoints": [{"s3": "http://127.0.0.1:1"}]}).client("s3"))
    environment.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2")
    made.append(connect({}).client("s3"))
    environment.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:3")
    made.append(connect({}).client("s3"))
    environment.delenv("AWS_ENDPOINT_URL_S3")
    file = tmp_path / "config"
    file.write_text("[default]\ns3 =\n  payload_signing_enabled = true\n")
    environment.setenv("AWS_CONFIG_FILE", str(file))
    made.append(connect({}).client("s3"))
    file.write_text("[default]\nretry_mode = adaptive\n")
    made.append(connect({}).client("s3"))
    assert len({id(client) for client in made}) == len(made)


@pytest.mark.usefixtures("environment")
def test_clients_of_a_role_are_of_one_assumption_of_it(aws: EmbeddedAws) -> None:
    name = f"r{uuid.uuid4().hex[:8]}"
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    role = f"arn:aws:iam::{aws.identity.account}:role/{name}"
    none = ("external_id", "source_identity", "session_name")
    config = {"assume_role": [{"role_arn": role, **dict.fromkeys(none)}]}
    first, second = connect(config), connect(config)
    assert first.client("s3") is first.client("s3")
    assert first.client("s3") is not second.client("s3")
