"""The provider's configuration: credentials, account, region and endpoints.

Sources: the documentation of hashicorp/aws 6.25 ("Authentication and Configuration", "Custom
Service Endpoint Configuration") and the AWS SDKs reference guide on endpoints and precedence.
"""

from __future__ import annotations

import ipaddress
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader

from embedded.standins.aws.duration import seconds
from embedded.standins.errors import ProviderError
from embedded.standins.values import State

Client: TypeAlias = Any
"""A client of one service. Requests are made of Terraform's values, whose types no stub knows."""

_ENDPOINT_NAMES = {
    "logs": ("logs", "cloudwatchlogs", "cloudwatchlog"),
    "events": ("events", "eventbridge", "cloudwatchevents"),
    "s3": ("s3", "s3api"),
}
"""Names in the block ``endpoints`` by the service's name in boto; others have one name."""

_REGION = re.compile(r"(us(-gov|-iso[a-z]?)?|af|ap|ca|cn|eu(-isoe)?|il|me|mx|sa)-[a-z]+-\d")

_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


@dataclass(frozen=True)
class Connection:
    """A configured provider."""

    session: botocore.session.Session
    region: str
    account: str
    default_tags: Mapping[str, str]
    ignored_tags: tuple[frozenset[str], tuple[str, ...]]
    endpoints: Mapping[str, str]
    _clients: dict[tuple[str, str], Client] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def partition(self) -> str:
        """The partition of the region, for example ``aws``."""
        return partition(self.region)

    def client(self, service: str, region: str | None = None) -> Client:
        """Return the client of a service, in the provider's region if no other is given."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = _client(self.session, *key, self.endpoints)
            return self._clients[key]

    def arn(self, service: str, resource: str, region: str | None = None) -> str:
        """Return the ARN of something in this account."""
        return f"arn:{self.partition}:{service}:{region or self.region}:{self.account}:{resource}"

    def own_tags(self, found: Mapping[str, str]) -> dict[str, str]:
        """Return the tags that Terraform manages: not AWS's own, not the ignored ones."""
        keys, prefixes = self.ignored_tags
        return {
            key: value
            for key, value in found.items()
            if not key.startswith(("aws:", *prefixes)) and key not in keys
        }


def partition(region: str) -> str:
    """Return the partition of a region."""
    found = (name for prefix, name in _PARTITIONS.items() if region.startswith(f"{prefix}-"))
    return next(found, "aws")


def connect(config: State) -> Connection:
    """Configure the provider; raise ProviderError for what the real one refuses."""
    session = _session(config)
    region = _region(config, session)
    endpoints = {
        name: url for block in config.get("endpoints") or [] for name, url in block.items() if url
    }
    # Making the client refuses an endpoint that is not on loopback, before anything is sent.
    sts = _client(session, "sts", config.get("sts_region") or region, endpoints)
    for block in config.get("assume_role_with_web_identity") or []:
        _show_token(session, sts, block)
        sts = _client(session, "sts", config.get("sts_region") or region, endpoints)
    for block in config.get("assume_role") or []:
        _assume(session, sts, block)
        sts = _client(session, "sts", config.get("sts_region") or region, endpoints)
    account = _account(config, sts)
    ignored = _first(config, "ignore_tags")
    return Connection(
        session=session,
        region=region,
        account=account,
        default_tags=_first(config, "default_tags").get("tags") or {},
        ignored_tags=(
            frozenset(ignored.get("keys") or ()),
            tuple(ignored.get("key_prefixes") or ()),
        ),
        endpoints=endpoints,
    )


def _first(config: State, name: str) -> State:
    found = config.get(name) or [{}]
    return found[0] or {}


@cache
def loader() -> Loader:
    """Return what reads and keeps the descriptions of services: megabytes, the same for all."""
    return Loader()


def _session(config: State) -> botocore.session.Session:
    session = botocore.session.Session()
    session.register_component("data_loader", loader())
    if config.get("profile"):
        session.set_config_variable("profile", config["profile"])
    files = (
        ("shared_config_files", "config_file"),
        ("shared_credentials_files", "credentials_file"),
    )
    for argument, variable in files:
        paths = config.get(argument) or []
        if len(paths) > 1:
            raise ProviderError(
                f"The stand-in reads one of {argument}", "give one file", path=(argument,)
            )
        if paths:
            session.set_config_variable(variable, paths[0])
    if config.get("access_key"):
        session.set_credentials(config["access_key"], config["secret_key"], config.get("token"))
    # The real provider asks the instance metadata service too; a stand-in stays on this machine.
    session.get_component("credential_provider").remove("iam-role")
    return session


def _region(config: State, session: botocore.session.Session) -> str:
    region = (
        config.get("region")
        or os.environ.get("AWS_REGION")
        or session.get_config_variable("region")
    )
    if not region:
        raise ProviderError(
            "Invalid provider configuration",
            "The AWS region is missing: set region in the provider, AWS_REGION, or region in the "
            "profile of the shared configuration.",
            path=("region",),
        )
    if not config.get("skip_region_validation") and not _REGION.fullmatch(region):
        raise ProviderError(f"Invalid AWS Region: {region}", path=("region",))
    return str(region)


_kept: dict[tuple[object, ...], Client] = {}
_keeping = threading.Lock()


def _client(
    session: botocore.session.Session, service: str, region: str, endpoints: Mapping[str, str]
) -> Client:
    """Return a client: if the credentials last, the one that was made before for all the same.

    Each terraform command configures a stand-in that stays up anew, once or twice, and every time
    the clients of seven services would take 50 ms of CPU.
    """
    found = session.get_credentials()
    if type(found) is not Credentials or found.token:
        return _made(session, service, region, endpoints)
    key = (
        *(service, region, *sorted(endpoints.items())),
        *(found.access_key, found.secret_key),
        # What a client is made of besides.
        *sorted(item for item in os.environ.items() if item[0].startswith("AWS_")),
        *(session.get_config_variable("profile"), repr(session.full_config)),
    )
    with _keeping:
        if key not in _kept:
            _kept[key] = _made(session, service, region, endpoints)
        return _kept[key]


def _made(
    session: botocore.session.Session, service: str, region: str, endpoints: Mapping[str, str]
) -> Client:
    names = _ENDPOINT_NAMES.get(service, (service,))
    given = next((endpoints[name] for name in names if name in endpoints), None)
    client = session.create_client(
        service,
        region_name=region,
        endpoint_url=given,  # None: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            connect_timeout=5,
            s3={"addressing_style": "path"},  # a bucket's name is no host name on loopback
            proxies={},
        ),
    )
    _refuse_unless_loopback(service, client.meta.endpoint_url)
    return client


def _refuse_unless_loopback(service: str, url: str) -> None:
    host = urlsplit(url).hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost" or host.endswith(".localhost")
    if not loopback:
        raise ProviderError(
            "The stand-in for hashicorp/aws talks to loopback only",
            f"The endpoint of {service} would be {url}. Set AWS_ENDPOINT_URL (or "
            f"AWS_ENDPOINT_URL_{service.upper()}, or the provider's block endpoints) to an AWS on "
            "127.0.0.1, or use the real provider.",
        )


def _assume(session: botocore.session.Session, sts: Client, block: State) -> None:
    names = {"external_id": "ExternalId", "source_identity": "SourceIdentity"}
    request = {theirs: block[ours] for ours, theirs in names.items() if block[ours]}
    if block.get("tags"):
        request["Tags"] = [{"Key": key, "Value": text} for key, text in block["tags"].items()]
    if block.get("transitive_tag_keys"):
        request["TransitiveTagKeys"] = list(block["transitive_tag_keys"])
    _become(session, block, lambda same: sts.assume_role(**request, **same))


def _show_token(session: botocore.session.Session, sts: Client, block: State) -> None:
    token = block.get("web_identity_token")
    if not token:
        token = Path(block["web_identity_token_file"]).expanduser().read_text("utf-8").strip()
    _become(
        session,
        block,
        lambda same: sts.assume_role_with_web_identity(WebIdentityToken=token, **same),
    )


def _become(
    session: botocore.session.Session,
    block: State,
    assume: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    """Let the session have what STS answers; ``assume`` gets what both calls take."""
    request: dict[str, Any] = {
        "RoleArn": block["role_arn"],
        "RoleSessionName": block.get("session_name") or "terraform-stand-in",
    }
    if block.get("policy"):
        request["Policy"] = block["policy"]
    if block.get("duration"):
        request["DurationSeconds"] = int(seconds(block["duration"]))
    if block.get("policy_arns"):
        request["PolicyArns"] = [{"arn": arn} for arn in block["policy_arns"]]
    try:
        answer = assume(request)
    except (BotoCoreError, ClientError) as error:
        raise ProviderError(
            "Cannot assume IAM Role",
            f"IAM Role ({block['role_arn']}) cannot be assumed.\n\nError: {error}",
        ) from error
    found = answer["Credentials"]
    session.set_credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _account(config: State, sts: Client) -> str:
    if config.get("skip_credentials_validation") and config.get("skip_requesting_account_id"):
        return ""
    try:
        account = str(sts.get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        raise ProviderError(
            "No valid credential sources found",
            "The credentials cannot be used: set them in the provider, the environment or a "
            f"profile.\n\nError: {error}",
        ) from error
    if config.get("skip_requesting_account_id"):
        return ""
    allowed, forbidden = config.get("allowed_account_ids"), config.get("forbidden_account_ids")
    if (allowed and account not in allowed) or account in (forbidden or ()):
        raise ProviderError(f"AWS account ID not allowed: {account}")
    return account
