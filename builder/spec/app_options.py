"""What companies ask of the resources of an application: keys, boundaries, networks, logs.

Sources of the facts: the AWS service authorization reference (forms of ARNs); CloudWatch Logs API
reference, ``PutRetentionPolicy`` (the days that there are).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from builder.errors import SpecError
from builder.spec.checks import Check, one_of
from builder.spec.field import Field, Place
from builder.spec.kinds import BOOLEAN, COUNT, STRING, STRINGS, TABLE

APP, VPC = (Place.APP,), (Place.VPC,)

KMS_KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,128}")
BOUNDARY = re.compile(r"arn:[a-z-]+:iam::(\d{12}|aws):policy/[\w+=,.@/-]{1,512}", re.ASCII)
QUEUE_OR_TOPIC = re.compile(r"arn:[a-z-]+:(sqs|sns):[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
SIGNING = re.compile(r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:code-signing-config:csc-[a-z0-9]{17}")
ROLE_PATH = re.compile(r"/([\w+=,.@-]{1,128}/){0,3}", re.ASCII)
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
IDS = {"id": r"vpc-[0-9a-f]{8,17}", "subnets": r"subnet-[0-9a-f]{8,17}",
       "security_groups": r"sg-[0-9a-f]{8,17}"}  # fmt: skip

CREATE, EXISTING = ROLES = ("create", "existing")
"""Who makes the roles: the stack, or somebody else, as `lambda-layer roles` says."""

RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557),
    *(2922, 3288, 3653),
)


@dataclass(frozen=True)
class Vpc:
    """The network of builds: the way to package indexes, and to AWS, is yours to make."""

    id: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


def matching(pattern: re.Pattern[str], what: str, example: str) -> Callable[..., str]:
    """Return the check of a key that holds nothing or a text of one form."""

    def check_text(check: Check, key: str, value: Any) -> str:
        if not check.text(key, value) or pattern.fullmatch(value):
            return str(value)
        raise check.error(key, f"{value!r} is not {what}", f"{what} such as {example}")

    return check_text


def role_path(check: Check, key: str, value: Any) -> str:
    """Take the path of roles: IAM has 512 characters for it, and a slash at both ends."""
    if isinstance(value, str) and ROLE_PATH.fullmatch(value):
        return value
    raise check.error(
        key,
        f"{key} is {value!r}",
        "up to three names of letters, digits and +=,.@_- between slashes, such as /teams/data/",
    )


def vpc(check: Check, key: str, value: Any) -> Vpc:
    """Take the network of builds."""
    if isinstance(value, Vpc):
        value = asdict(value)
    if not isinstance(value, Mapping) or set(value) != set(IDS):
        raise check.error(
            key,
            f"{key} is {value!r}",
            "a table with id, subnets and security_groups",
            f'write {key} = {{ id = "vpc-...", subnets = [..], security_groups = [..] }}',
        )
    lists = {name: check.several(f"{key}.{name}", value[name]) for name in IDS if name != "id"}
    found = {"id": (check.text(f"{key}.id", value["id"]),), **lists}
    for name, texts in found.items():
        wrong = [text for text in texts if not re.fullmatch(IDS[name], text)]
        if wrong or not texts:
            raise check.error(
                f"{key}.{name}", f"{key}.{name} is {value[name]!r}", f"identifiers as {IDS[name]}"
            )
    return Vpc(value["id"], **lists)


def check_compute(network: Vpc | None, compute: str, where: str) -> None:
    """Raise SpecError for a layer that may be built where no network of yours can be."""
    if network is not None and compute != "container":
        raise SpecError(
            f"compute is {compute!r}, and builds are to run in a VPC",
            where=where,
            expected='compute = "container": CodeBuild\'s Lambda compute knows no VPC',
            fix="take compute out, or vpc out of [app]",
        )


def retention(check: Check, key: str, value: Any) -> int:
    """Take a number of days that CloudWatch Logs has."""
    if not isinstance(value, bool) and value in RETENTION_DAYS:
        return int(value)
    known = ", ".join(map(str, RETENTION_DAYS))
    raise check.error(key, f"{key} is {value!r}", f"one of {known}")


OPTION_FIELDS = (
    Field(
        "kms_key",
        APP,
        STRING,
        '"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"',
        "encrypts bucket, logs and the publisher's environment: see [Options](security.md#options)",
        default="",
        rule=matching(KMS_KEY, "the ARN of a KMS key", "arn:aws:kms:eu-west-1:123456789012:key/ID"),
    ),
    Field(
        "permissions_boundary",
        APP,
        STRING,
        '"arn:aws:iam::123456789012:policy/boundary"',
        "the permissions boundary of every role",
        default="",
        rule=matching(BOUNDARY, "the ARN of a policy", "arn:aws:iam::123456789012:policy/boundary"),
    ),
    Field(
        "role_path",
        APP,
        STRING,
        '"/teams/data/"',
        "the path of every role",
        default="/",
        rule=role_path,
    ),
    Field(
        "roles",
        APP,
        STRING,
        '"existing"',
        "who makes the roles: `create` has the stack make them, `existing` leaves it to an "
        "administrator: see [Roles of an administrator](security.md#roles-of-an-administrator)",
        default=CREATE,
        rule=one_of(ROLES),
        words=ROLES,
    ),
    Field(
        "access_logs",
        APP,
        STRING,
        '"company-access-logs"',
        "the bucket that gets S3's access logs, below the name of the application's bucket",
        default="",
        rule=matching(BUCKET, "the name of a bucket", "company-access-logs"),
    ),
    Field(
        "vpc",
        APP,
        TABLE,
        '{ id = "vpc-0123abcd", subnets = ["subnet-0123abcd"], security_groups = ["sg-0123abcd"] }',
        "the network of builds, with a way to package indexes and AWS",
        rule=vpc,
    ),
    Field(
        "tracing",
        APP,
        BOOLEAN,
        "true",
        "whether X-Ray traces the publisher",
        default=False,
        rule=Check.flag,
    ),
    Field(
        "dead_letter",
        APP,
        STRING,
        '"arn:aws:sqs:eu-west-1:123456789012:dead"',
        "the ARN of a queue or topic for events that the publisher could not deal with",
        default="",
        rule=matching(
            QUEUE_OR_TOPIC, "the ARN of a queue or topic", "arn:aws:sqs:eu-west-1:123456789012:dead"
        ),
    ),
    Field(
        "code_signing",
        APP,
        STRING,
        '"arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0"',
        "the ARN of the publisher's code signing configuration",
        default="",
        rule=matching(
            SIGNING,
            "the ARN of a code signing configuration",
            "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0",
        ),
    ),
    Field(
        "signing_key",
        APP,
        STRING,
        '"arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"',
        "the KMS key that signs what is published: see [Signatures](security.md#signatures)",
        default="",
        rule=matching(KMS_KEY, "the ARN of a KMS key", "arn:aws:kms:eu-west-1:123456789012:key/ID"),
    ),
    Field(
        "log_retention_days",
        APP,
        COUNT,
        "365",
        "how long logs are kept; the variable `log_retention_days` goes before",
        default=30,
        rule=retention,
    ),
    Field("id", VPC, STRING, '"vpc-0123abcd"', "the VPC", required=True),
    Field("subnets", VPC, STRINGS, '["subnet-0123abcd"]', "private subnets", required=True),
    Field(
        "security_groups",
        VPC,
        STRINGS,
        '["sg-0123abcd"]',
        "what builds may reach",
        required=True,
    ),
)
