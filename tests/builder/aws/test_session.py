import configparser
from pathlib import Path

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from builder.aws.session import CONFIG, Credentials, Session, code_of, explained
from builder.errors import AwsError, CredentialsError, NotNow, Unreachable
from embedded.aws import EmbeddedAws
from tests.builder.conftest import ACCOUNT, World, environ


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any AWS setting."""
    environ(monkeypatch, {"AWS_EC2_METADATA_DISABLED": "true"})
    monkeypatch.setenv("HOME", str(tmp_path))


def profile(path: Path, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a shared configuration with a profile, work."""
    settings = configparser.ConfigParser()
    settings["profile work"] = {
        "region": "eu-west-3",
        "aws_access_key_id": aws.identity.access_key_id,
        "aws_secret_access_key": aws.identity.secret_access_key,
    }
    with path.open("w") as file:
        settings.write(file)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)


def error_of(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


# Where


def test_the_region_is_the_one_asked_for_before_that_of_the_environment(world: World) -> None:
    assert Session(Credentials(), "us-east-1").region == "us-east-1"
    assert Session(Credentials()).region == "eu-central-1"


@pytest.mark.usefixtures("nobody")
def test_without_a_region_the_fix_is_to_set_one() -> None:
    with pytest.raises(CredentialsError, match="no AWS region") as caught:
        Session(Credentials())

    assert "AWS_REGION" in caught.value.fix


@pytest.mark.usefixtures("nobody")
def test_following_the_advice_on_a_missing_region_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError) as caught:
        Session(Credentials())

    name, _, value = caught.value.fix.partition("export ")[2].partition("=")
    monkeypatch.setenv(name, value)
    assert Session(Credentials()).region == value


REGIONS = {
    "AWS_REGION alone": ("", {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
    "AWS_DEFAULT_REGION alone": ("", {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
    "AWS_REGION first": (
        "",
        {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"},
        "eu-west-1",
    ),
    "an empty one is none": (
        "",
        {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"},
        "eu-west-2",
    ),
    "before the profile's": ("work", {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
}


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize(("name", "environment", "region"), REGIONS.values(), ids=REGIONS)
def test_the_environment_names_the_region_as_terraform_reads_it(
    aws: EmbeddedAws,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    environment: dict[str, str],
    region: str,
) -> None:
    profile(tmp_path / "config", aws, monkeypatch)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)

    session = Session(Credentials(name))
    assert session.region == region
    assert session.client("s3").meta.region_name == region
    assert Session(Credentials(name), "us-east-1").region == "us-east-1"


@pytest.mark.usefixtures("nobody")
def test_a_region_comes_from_the_profile_too(
    aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile(tmp_path / "config", aws, monkeypatch)

    session = Session(Credentials(profile="work"))

    assert (session.region, session.account) == ("eu-west-3", ACCOUNT)


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
)
def test_the_partition_follows_from_the_region(world: World, region: str, partition: str) -> None:
    assert Session(Credentials(), region).partition == partition


def test_a_region_that_no_one_knows_is_refused(world: World) -> None:
    assert Session(Credentials(), "eu-newest-9").partition == "aws"

    with pytest.raises(CredentialsError, match="no AWS region 'moon-1'"):
        _ = Session(Credentials(), "moon-1").partition


# Who


def test_the_account_is_that_of_the_credentials(world: World) -> None:
    session = Session(Credentials(), "eu-central-1")

    assert session.account == ACCOUNT
    session.require(ACCOUNT)
    session.require("")
    with pytest.raises(CredentialsError, match="999999999999") as caught:
        session.require("999999999999")
    assert "the environment" in caught.value.where


def test_a_role_is_assumed_and_used(world: World) -> None:
    iam = world.aws.client("iam")
    iam.put_role_policy(
        RoleName=world.name, PolicyName="q",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Action": "sts:GetCallerIdentity", "Resource": "*"}]}',
    )  # fmt: skip
    session = Session(Credentials(role_arn=world.role), "eu-central-1")

    arn = session.client("sts").get_caller_identity()["Arn"]
    assert f"assumed-role/{world.name}/lambda-layer" in arn
    assert world.role in str(session.credentials)


@pytest.mark.usefixtures("nobody")
@pytest.mark.parametrize("profile_name", ["gone", ""])
def test_a_profile_that_is_not_there_is_named(
    profile_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not profile_name:
        monkeypatch.setenv("AWS_PROFILE", "gone")

    with pytest.raises(CredentialsError, match="gone") as caught:
        Session(Credentials(profile=profile_name), "eu-west-1")

    assert "list-profiles" in caught.value.fix


@pytest.mark.usefixtures("nobody")
def test_without_credentials_the_fix_is_to_log_in() -> None:
    with pytest.raises(CredentialsError, match="no AWS credentials") as caught:
        _ = Session(Credentials(), "eu-west-1").account

    assert "log in" in caught.value.fix


def test_credentials_that_aws_refuses_are_reported_as_such(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS0")

    with pytest.raises(CredentialsError, match="AWS refused the credentials"):
        _ = Session(Credentials(), "eu-central-1").account


def answering(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let STS fail with an error: it has no such trouble of its own."""

    class Sts:
        def get_caller_identity(self) -> None:
            raise error

    monkeypatch.setattr(Session, "client", lambda *_: Sts())


UNREACHABLE = {
    "no name": EndpointConnectionError(endpoint_url="https://sts.eu-west-1.amazonaws.com/"),
    "time-out": ConnectTimeoutError(endpoint_url="https://sts.eu-west-1.amazonaws.com/"),
    "certificate": SSLError(
        endpoint_url="https://sts.eu-west-1.amazonaws.com/", error=OSError("bad")
    ),
    "proxy": ProxyConnectionError(proxy_url="http://proxy:3128"),
    "a page of a proxy": ResponseParserError("not well-formed"),
    "trouble at AWS": error_of("InternalFailure"),
    "an error without a code": ClientError({}, "GetCallerIdentity"),
}


@pytest.mark.parametrize("error", UNREACHABLE.values(), ids=UNREACHABLE)
def test_trouble_on_the_way_to_aws_is_not_blamed_on_the_credentials(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    answering(monkeypatch, error)

    with pytest.raises(AwsError) as caught:
        _ = Session(Credentials(), "eu-central-1").account

    assert "sts:GetCallerIdentity" in str(caught.value)
    assert "refused the credentials" not in str(caught.value)
    assert "log in" not in caught.value.fix


def test_a_refused_connection_is_no_matter_of_credentials(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    for credentials in (Credentials(), Credentials(role_arn=world.role)):
        with pytest.raises(Unreachable, match="AWS could not be called") as caught:
            _ = Session(credentials, "eu-central-1").account
        assert "log in" not in caught.value.fix


def test_throttling_of_sts_may_pass(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, error_of("Throttling"))

    with pytest.raises(NotNow, match="sts:GetCallerIdentity failed: Throttling"):
        _ = Session(Credentials(), "eu-central-1").account


REFUSED = {
    **{
        code: error_of(code)
        for code in (
            "InvalidClientTokenId",
            "ExpiredToken",
            "SignatureDoesNotMatch",
            "AccessDenied",
        )
    },
    "half of them": PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
    "SSO ended": UnauthorizedSSOTokenError(),
    "SSO not renewed": TokenRetrievalError(provider="sso", error_msg="Token has expired"),
}


@pytest.mark.parametrize("error", REFUSED.values(), ids=REFUSED)
def test_credentials_that_are_at_fault_are_to_be_renewed(
    world: World, monkeypatch: pytest.MonkeyPatch, error: BotoCoreError | ClientError
) -> None:
    answering(monkeypatch, error)

    with pytest.raises(CredentialsError) as caught:
        _ = Session(Credentials(), "eu-central-1").account

    assert "log in" in caught.value.fix


def test_a_role_that_may_not_be_assumed_is_reported_with_its_arn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.become(monkeypatch, "s3:ListBucket")

    with pytest.raises(CredentialsError, match="refused") as caught:
        Session(Credentials(role_arn=world.role), "eu-central-1")

    assert world.role in caught.value.where


# How patiently


def test_every_client_has_three_attempts_and_time_outs(world: World) -> None:
    config = Session(Credentials(), "eu-central-1").client("s3").meta.config

    assert config.retries == {"mode": "standard", "total_max_attempts": 3}
    assert (config.connect_timeout, config.read_timeout) == (10, 60)


def test_options_of_one_client_leave_the_others_alone(world: World) -> None:
    session = Session(Credentials(), "eu-central-1")
    config = session.client("lambda", read_timeout=300).meta.config

    assert (config.read_timeout, config.connect_timeout) == (300, 10)
    assert CONFIG.read_timeout == 60  # type: ignore[attr-defined]  # set from keywords


# What went wrong


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_a_denied_call_names_the_permission_and_the_resource(code: str) -> None:
    with (
        pytest.raises(AwsError, match="may not s3:PutObject") as caught,
        explained("s3:PutObject", "s3://b/k"),
    ):
        raise error_of(code)

    assert caught.value.where == "s3://b/k"
    assert "s3:PutObject" in caught.value.expected


def test_any_other_error_is_awss_own_words() -> None:
    with (
        pytest.raises(AwsError, match="s3:PutObject failed: SlowDown: no"),
        explained("s3:PutObject", "s3://b/k"),
    ):
        raise error_of("SlowDown")


@pytest.mark.parametrize("error", [UNREACHABLE["time-out"], UNREACHABLE["a page of a proxy"]])
def test_a_network_that_is_down_is_reported_with_the_action(error: Exception) -> None:
    with (
        pytest.raises(Unreachable, match="AWS could not be called") as caught,
        explained("s3:PutObject", "s3://b/k"),
    ):
        raise error

    assert caught.value.where == "s3:PutObject on s3://b/k"


def test_our_own_errors_pass_unchanged() -> None:
    with pytest.raises(CredentialsError, match="mine"), explained("a", "b"):
        raise CredentialsError("mine")


def test_an_error_without_a_code_has_none() -> None:
    assert code_of(ClientError({}, "Operation")) == ""
    assert code_of(error_of("NoSuchKey")) == "NoSuchKey"


def test_debug_mode_shows_each_call_with_its_object_and_answer_and_no_content(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environ(monkeypatch, aws.environment())
    caplog.set_level("DEBUG", logger="builder")
    s3 = Session(Credentials(), "eu-central-1").client("s3")
    with pytest.raises(ClientError):
        s3.put_object(Bucket="not-there-at-all", Key="web/x", Body=b"secret content")

    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "s3:PutObject Bucket=not-there-at-all Key=web/x",
        "s3:PutObject -> 404 NoSuchBucket",
    ]


def test_who_calls_is_known(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    environ(monkeypatch, aws.environment())

    assert Session(Credentials(), "eu-central-1").caller == f"arn:aws:iam::{ACCOUNT}:root"


@pytest.mark.parametrize(
    "error",
    [
        error_of("ExpiredToken"),
        error_of("ExpiredTokenException"),
        error_of("UnrecognizedClientException"),
        UnauthorizedSSOTokenError(),
        NoCredentialsError(),
    ],
    ids=repr,
)
def test_credentials_that_end_in_the_middle_of_a_wait_say_log_in(error: Exception) -> None:
    with (
        pytest.raises(CredentialsError) as caught,
        explained("codebuild:BatchGetBuilds", "CodeBuild project p"),
    ):
        raise error

    assert "log in" in caught.value.fix
    assert "a running build goes on" in caught.value.fix
    assert "codebuild:BatchGetBuilds" in caught.value.where
