"""The keys of ``[services.NAME]``: rows of the table in builder/spec/fields.py.

Sources of the facts: Amazon ECS developer guide, "Fargate task definition differences" (CPU and
memory, ephemeral storage); Amazon ECR user guide, "Private repository" (forms of names and tags).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from builder.spec.app_options import IDS
from builder.spec.checks import LAYER_NAME, Check, one_of
from builder.spec.field import Field, Place
from builder.spec.kinds import BOOLEAN, COUNT, STRING, STRINGS
from builder.spec.runtimes import ARCHITECTURES

SERVICE = (Place.SERVICE,)

GIB = 1024
MEMORY = {
    256: (512, 1024, 2048),
    512: tuple(range(GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""MiB of memory that Fargate has, by CPU units."""

EXPRESSION = re.compile(r"[$#]\{[^{}]+\}")
"""A value that Terraform, or a token that cdktf, puts there later."""

IMAGE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})"
)
"""The name of an image with a tag or a digest: without one it would be whatever is newest."""

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
HEALTH = re.compile(r"/[!-~]{0,999}")
"""Terraform repeats nothing more than a thousand times (RE2)."""


def command(check: Check, key: str, value: Any) -> tuple[str, ...]:
    """Take the words of a command that is told its port."""
    words = check.several(key, value)
    if not words or not all(words) or any("\0" in word for word in words):
        raise check.error(
            key, f"{key} is {value!r}", "a program and its arguments, none of them empty"
        )
    if not any("{port}" in word for word in words[1:]):
        raise check.error(
            key,
            f"the command {' '.join(words)!r} does not say on which port to listen",
            "the word {port} in an argument; a free port of 127.0.0.1 is put there",
            'for example command = ["chroma", "run", "--port", "{port}", "--path", "{data}"]',
        )
    return words


@dataclass(frozen=True)
class Form:
    """The check of a key that holds nothing or a text of one form."""

    pattern: re.Pattern[str]
    expected: str
    or_expression: bool = False

    def __call__(self, check: Check, key: str, value: Any) -> str:
        """Take a text; raise SpecError for one of another form."""
        text = check.text(key, value)
        if not text or self.pattern.fullmatch(text):
            return text
        if self.or_expression and EXPRESSION.fullmatch(text):
            return text
        raise check.error(key, f"{key} is {value!r}", self.expected)


def subnets(check: Check, key: str, value: Any) -> tuple[str, ...]:
    """Take identifiers of subnets, or expressions for them."""
    found = check.several(key, value)
    for text in found:
        if not EXPRESSION.fullmatch(text) and not re.fullmatch(IDS["subnets"], text):
            raise check.error(key, f"{text!r} is no subnet", "identifiers such as subnet-0123abcd")
    if len(set(found)) != len(found):
        raise check.error(key, "a subnet is named twice", "each one once")
    return found


@dataclass(frozen=True)
class Whole:
    """The check of a key that holds a whole number within bounds."""

    least: int
    most: int

    def __call__(self, check: Check, key: str, value: Any) -> int:
        """Take a number; raise SpecError for what is none of these."""
        # True is an int in Python.
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if is_number and self.least <= value <= self.most:
            return int(value)
        expected = f"a whole number from {self.least} to {self.most}"
        raise check.error(key, f"{key} is {value!r}", expected)


def cpu(check: Check, key: str, value: Any) -> int:
    """Take a number of CPU units that Fargate has."""
    if isinstance(value, int) and value in MEMORY:
        return value
    known = ", ".join(map(str, MEMORY))
    raise check.error(key, f"Fargate has no task with {value!r} CPU units", f"one of {known}")


SERVICE_FIELDS = (
    Field(
        "command",
        SERVICE,
        STRINGS,
        '["chroma", "run", "--host", "127.0.0.1", "--port", "{port}", "--path", "{data}"]',
        "the program and its arguments: `{port}` is where it listens on 127.0.0.1, `{data}` the "
        "folder of its data",
        required=True,
        default=(),
        rule=command,
    ),
    Field(
        "layer",
        SERVICE,
        STRING,
        '"chroma-server"',
        "the layer with `image = true` that is its image: plan and apply build it, and the next "
        "start uses it",
        default="",
        rule=Form(LAYER_NAME, "the name of a layer: lower-case letters, digits and hyphens"),
    ),
    Field(
        "image_tag",
        SERVICE,
        STRING,
        '"1"',
        "in place of `layer` the tag of an image in the service's own ECR repository, which is "
        "made; to build and to push it is yours",
        default="",
        rule=Form(TAG, "1 to 128 letters, digits and _.-, with no . or - first"),
    ),
    Field(
        "image",
        SERVICE,
        STRING,
        '"123456789012.dkr.ecr.eu-west-1.amazonaws.com/chroma:1"',
        "in place of both an image with tag or digest elsewhere; no repository is made",
        default="",
        rule=Form(IMAGE, "the name of an image with a tag or a digest"),
    ),
    Field(
        "health",
        SERVICE,
        STRING,
        '"/api/v2/heartbeat"',
        "a path that answers when the command can serve; without it, a connection is enough",
        default="",
        rule=Form(HEALTH, "a path that begins with /"),
    ),
    Field(
        "port",
        SERVICE,
        COUNT,
        "8000",
        "the port at which functions reach the task",
        default=8000,
        rule=Whole(1024, 65535),
    ),
    Field("cpu", SERVICE, COUNT, "1024", "CPU units: 1024 are one CPU", default=1024, rule=cpu),
    Field(
        "memory",
        SERVICE,
        COUNT,
        "4096",
        "MiB of memory, of those that Fargate has with `cpu`",
        default=4096,
        rule=Whole(512, 120 * GIB),
    ),
    Field(
        "architecture",
        SERVICE,
        STRING,
        '"arm64"',
        "what the image was built for: arm64 where nothing is said, with `layer` that of the layer",
        default="",
        rule=one_of(("", *ARCHITECTURES)),
        words=tuple(ARCHITECTURES),
    ),
    Field(
        "ephemeral_storage",
        SERVICE,
        COUNT,
        "30",
        "GiB of disk, 21 to 200; the data is there twice while a snapshot is made",
        default=21,
        rule=Whole(21, 200),
    ),
    Field(
        "vpc",
        SERVICE,
        STRING,
        '"vpc-0123abcd"',
        "the VPC of the functions and the task; without it, that of [app]",
        default="",
        rule=Form(re.compile(IDS["id"]), "an identifier such as vpc-0123abcd", or_expression=True),
    ),
    Field(
        "subnets",
        SERVICE,
        STRINGS,
        '["subnet-0123abcd"]',
        "subnets of it with a way to S3, ECR and CloudWatch Logs; without them, those of [app]",
        default=(),
        rule=subnets,
    ),
    Field(
        "public_address",
        SERVICE,
        BOOLEAN,
        "true",
        "whether the task has a public address, as it needs in a subnet without NAT",
        default=False,
        rule=Check.flag,
    ),
    Field(
        "interval",
        SERVICE,
        COUNT,
        "60",
        "seconds between snapshots: what a task that is killed loses at most",
        default=60,
        rule=Whole(1, 86400),
    ),
    Field(
        "idle",
        SERVICE,
        COUNT,
        "600",
        "seconds without a request after which the task ends",
        default=600,
        rule=Whole(30, 86400),
    ),
    Field(
        "lifetime",
        SERVICE,
        COUNT,
        "43200",
        "seconds after which the task ends in any case",
        default=43200,
        rule=Whole(60, 14 * 86400),
    ),
    Field(
        "start",
        SERVICE,
        COUNT,
        "300",
        "seconds that a task has to begin, and its command to be healthy",
        default=300,
        rule=Whole(30, 3600),
    ),
    Field(
        "starts_an_hour",
        SERVICE,
        COUNT,
        "12",
        "how often the service is started within an hour at most",
        default=12,
        rule=Whole(1, 1000),
    ),
    Field(
        "noncurrent_days",
        SERVICE,
        COUNT,
        "1",
        "days for which overwritten and deleted objects of its bucket are kept",
        default=1,
        rule=Whole(1, 3650),
    ),
    Field(
        "force_destroy",
        SERVICE,
        BOOLEAN,
        "true",
        "whether `terraform destroy` deletes the data and the images, too; else it refuses to run",
        default=False,
        rule=Check.flag,
    ),
)
