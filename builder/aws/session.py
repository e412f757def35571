"""Who calls AWS, where, and how patiently."""

from __future__ import annotations

import logging
import os
import random
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
    UnknownRegionError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)
from botocore.parsers import ResponseParserError

from builder.aws.credentials import Credentials as Credentials
from builder.aws.credentials import session_of
from builder.errors import AwsError, CredentialsError, Denied, LayerError, NotNow, Unreachable

log = logging.getLogger(__name__)

CONFIG = Config(
    # botocore's standard mode: 3 attempts in all, exponential backoff with jitter, and only for
    # what may pass (throttling, time-outs, 5xx). Source: boto3 guide, "Retries".
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=10,
    read_timeout=60,
    # One text for all calls. Without it botocore puts 14 parts together for each call, twice, which
    # is a fifth of the processor's time that a small call takes (docs/performance.md).
    user_agent=f"Boto3/{boto3.__version__}",
    user_agent_extra="fast-lambda-layer",
)


SAME_CREDENTIALS = (
    "give the hooks what the aws provider has: BuildInfrastructure(credentials=...), or in the "
    "layers' stack the variables aws_profile and assume_role_arn, assume_role or "
    "assume_role_with_web_identity"
)


TROUBLE = (BotoCoreError, ClientError, ResponseParserError)
"""What botocore raises, whatever is wrong: its parser's errors are of no class of its own."""


class Session:
    """A boto3 session with our retries and time-outs on every client."""

    def __init__(self, credentials: Credentials, region: str = "") -> None:
        self.credentials = credentials
        self.region = region or _region_of_environment() or ""
        self._making = threading.Lock()
        try:
            self._session = session_of(credentials, self.region or None, CONFIG)
        except ProfileNotFound as error:
            raise CredentialsError(
                str(error),
                where="the AWS profile that the aws provider uses",
                expected="a profile of the shared AWS configuration on this machine",
                fix="run `aws configure list-profiles`, then set the profile, or add it",
            ) from error
        except TROUBLE as error:
            raise self._trouble(error, "sts:AssumeRole") from error
        self.region = self._session.region_name or ""
        if not self.region:
            raise CredentialsError(
                "no AWS region is set",
                expected="a region from the provider, AWS_REGION, the profile, or [app] region",
                fix="for example: export AWS_REGION=eu-west-1",
            )

    def client(self, service: str, **options: Any) -> Any:
        """Return a client; ``options`` override fields of the shared configuration."""
        config = CONFIG.merge(Config(**options)) if options else CONFIG
        # Making clients, unlike using them, is not safe in threads (boto3 guide, "Session").
        with self._making:
            client = self._session.client(service, config=config)  # type: ignore[call-overload]  # by name
        client.meta.events.register("needs-retry", _wait_out_throttling)
        if log.isEnabledFor(logging.DEBUG):
            client.meta.events.register("before-parameter-build", _log_question)
            client.meta.events.register("after-call", _log_answer)
        return client

    @cached_property
    def _identity(self) -> tuple[str, str]:
        try:
            answer = self.client("sts").get_caller_identity()
        except TROUBLE as error:
            raise self._trouble(error, "sts:GetCallerIdentity") from error
        return str(answer["Account"]), str(answer["Arn"])

    @property
    def account(self) -> str:
        """The account of the credentials.

        Raise CredentialsError if AWS refuses them, AwsError if it cannot be asked.
        """
        return self._identity[0]

    @property
    def caller(self) -> str:
        """The ARN of who calls; raise as ``account`` does."""
        return self._identity[1]

    @property
    def partition(self) -> str:
        """The partition of the region: aws, aws-cn or aws-us-gov."""
        try:
            return self._session.get_partition_for_region(self.region)
        except UnknownRegionError as error:
            raise CredentialsError(
                f"there is no AWS region {self.region!r}",
                where="the provider's region, AWS_REGION, the profile, or [app] region",
                expected="a region such as eu-west-1",
                fix="correct it where it is set",
            ) from error

    def require(self, account: str) -> None:
        """Raise CredentialsError unless the credentials belong to this account."""
        if account and account != self.account:
            raise CredentialsError(
                f"the builder would work in account {self.account}, Terraform in {account}",
                where=f"the builder's credentials come from {self.credentials}",
                expected="one account for both",
                fix=f"{SAME_CREDENTIALS}, or change the environment",
            )

    def _trouble(self, error: Exception, action: str) -> LayerError:
        """Return what a failed call to STS means: new credentials help only where they are bad."""
        whose = f"credentials from {self.credentials}, region {self.region}"
        if isinstance(error, ClientError) and code_of(error) not in REFUSED:
            return _explain(error, action, whose)
        if isinstance(error, NO_WAY):
            return _unreachable(error, f"{action} with {whose}")
        if isinstance(error, NoCredentialsError):
            what = "there are no AWS credentials"
        elif isinstance(error, ClientError):
            what = f"AWS refused the credentials: {error}"
        else:
            what = f"the AWS credentials cannot be used: {error}"
        return CredentialsError(
            what,
            where=whose,
            expected=f"credentials that may call {action}",
            fix="log in (for example `aws sso login`) or set AWS_PROFILE, then run it again",
        )


def _region_of_environment() -> str | None:
    """Return the region of AWS_REGION, which Terraform and the other SDKs read and boto3 does not.

    It comes before AWS_DEFAULT_REGION, which boto3 reads itself, and before the profile's. Source:
    AWS SDKs and Tools reference guide, "AWS Region"; Terraform's aws provider, "Shared
    Configuration and Credentials Files".
    """
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "TooManyUpdates",  # of one SSM parameter
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
"""Error codes that mean "too many calls". Source: AWS SDKs and Tools reference guide, "Retry
behavior"; without LimitExceededException, with which some services mean quotas that stay."""

THROTTLED_CALLS = 25
"""Tries of one call that is throttled: with the pauses below that is about four minutes. A call
that AWS throttles was not processed, so trying again is safe for every one of them."""

TOLD_TRIES = 3
"""Throttled tries after which each further one is said: the pauses take seconds from then on."""

THROTTLED_PAUSE = 20.0
"""The longest pause between two tries, in seconds."""


def _wait_out_throttling(
    response: tuple[Any, Mapping[str, Any]] | None = None, attempts: int = 0, **event: Any
) -> float | None:
    """Go on where botocore gives up: return the seconds to wait before another try, or None.

    Many layers of one application ask at once; with full jitter all of them get through.
    Source: AWS Architecture Blog, "Exponential Backoff And Jitter".
    """
    if response is None or attempts >= THROTTLED_CALLS:
        return None
    if response[1].get("Error", {}).get("Code") not in THROTTLING:
        return None
    pause = random.uniform(0, min(THROTTLED_PAUSE, 0.5 * 2**attempts))  # noqa: S311 (no secret)
    if attempts >= TOLD_TRIES:
        name = getattr(event.get("operation"), "name", "a call")
        log.warning("AWS throttles %s; asking again in %.0f s", name, pause)
    return pause


LOGGED = re.compile("(?i).*(bucket|key|name|arn|id|ids|version.*|prefix|token|match|names)")
"""Parameters of a call that debug mode shows: those that say what it is about, never contents."""


def _log_question(params: Mapping[str, Any], model: Any, **_event: Any) -> None:
    logged = [
        f"{k}={v}" for k, v in params.items() if LOGGED.fullmatch(k) and isinstance(v, _PLAIN)
    ]
    log.debug("%s:%s %s", model.service_model.service_name, model.name, " ".join(logged))


def _log_answer(model: Any, http_response: Any, parsed: Mapping[str, Any], **_event: Any) -> None:
    code = parsed.get("Error", {}).get("Code", "")
    service = model.service_model.service_name
    log.debug("%s:%s -> %s %s", service, model.name, http_response.status_code, code)


_PLAIN = (str, int, list)


def code_of(error: ClientError) -> str:
    """Return AWS's error code, for example ``NoSuchKey``."""
    return str(error.response.get("Error", {}).get("Code", ""))


DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedOperation"}
)

REFUSED = DENIED | {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidIdentityToken",
    "MissingAuthenticationToken",
    "NotAuthorized",
    "OptInRequired",
    "SignatureDoesNotMatch",
    "UnauthorizedException",
    "UnrecognizedClientException",
}
"""Error codes that mean bad credentials. Source: AWS STS API reference, "Common Error Types", and
IAM Identity Center portal API reference, GetRoleCredentials (UnauthorizedException)."""


LOGGED_OUT = (
    CredentialRetrievalError,
    NoCredentialsError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
"""What botocore raises where there are no credentials, or none any more."""


NO_WAY = (HTTPClientError, NoConnection, ResponseParserError)
"""What botocore raises where AWS cannot be reached, or does not answer in time, or something else
answers in its place, as a proxy with a page of its own."""


DAMAGED = (IncompleteReadError, FlexibleChecksumError)
"""What botocore raises where a content is shorter than was said, or has another checksum."""


@contextmanager
def explained(action: str, resource: str) -> Iterator[None]:
    """Turn what botocore raises inside into a LayerError that names action and resource.

    ``action`` is the IAM action, for example ``s3:PutObject``.
    """
    try:
        yield
    except ClientError as error:
        raise _explain(error, action, resource) from error
    except LOGGED_OUT as error:
        raise _log_in(f"the AWS credentials cannot be used: {error}", action, resource) from error
    except NO_WAY as error:
        raise _unreachable(error, f"{action} on {resource}") from error
    except DAMAGED as error:
        raise AwsError(
            f"what AWS has sent did not arrive whole: {error}",
            where=f"{action} on {resource}",
            expected="the bytes that AWS has, with the checksum that it says",
            fix="run it again; if it stays, look for what changes contents on the way, such as a "
            "proxy (HTTPS_PROXY)",
        ) from error
    except BotoCoreError as error:
        raise AwsError(
            f"AWS could not be called: {error}",
            where=f"{action} on {resource}",
            expected="credentials and a configuration that boto3 can use",
            fix="correct what the message names, then run it again; nothing is lost",
        ) from error


def _log_in(what: str, action: str, resource: str) -> CredentialsError:
    """Return the error that credentials have expired, or are none, in the middle of something."""
    return CredentialsError(
        what,
        where=f"{action} on {resource}",
        expected="credentials that are valid until it has ended",
        fix="log in (for example `aws sso login`), then run it again: a running build goes on "
        "and is joined",
    )


def _unreachable(error: Exception, where: str) -> AwsError:
    return Unreachable(
        f"AWS could not be called: {error}",
        where=where,
        expected="a network that reaches AWS in that region",
        fix="check the network, a proxy (HTTPS_PROXY) and the region's name, then run it again; "
        "nothing is lost",
    )


def _explain(error: ClientError, action: str, resource: str) -> LayerError:
    code = code_of(error)
    message = error.response.get("Error", {}).get("Message", "")
    if code in DENIED:
        return Denied(
            f"the credentials may not {action}: {message}",
            where=resource,
            expected=f"an IAM policy that allows {action} on it",
            fix="add the permission (docs/permissions.md lists them by role), then run it again",
        )
    if code in REFUSED:
        return _log_in(f"AWS refuses the credentials: {code}: {message}", action, resource)
    kind = NotNow if code in THROTTLING else AwsError
    return kind(
        f"{action} failed: {code}: {message}",
        where=resource,
        expected="an answer without an error",
        fix="run it again; if it stays, the message above is AWS's own",
    )
