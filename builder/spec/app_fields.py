"""The keys of layers.toml that are not a layer's: rows of the table in builder/spec/fields.py."""

from __future__ import annotations

from builder.spec.app_options import OPTION_FIELDS
from builder.spec.backend_fields import BACKEND_FIELDS
from builder.spec.checks import Check
from builder.spec.field import Field, Place
from builder.spec.kinds import BOOLEAN, STRING, TABLE

FILE, APP = (Place.FILE,), (Place.APP,)
INDEX, CODEARTIFACT = (Place.INDEX,), (Place.CODEARTIFACT,)

APP_FIELDS = (
    Field(
        "app",
        FILE,
        TABLE,
        '{ name = "billing" }',
        "the application: a set of layers with one bucket and one CodeBuild project",
        required=True,
    ),
    Field(
        "defaults",
        FILE,
        TABLE,
        '{ python = ["3.13"] }',
        "what holds for every layer that does not say otherwise",
    ),
    Field(
        "indexes",
        FILE,
        TABLE,
        '{ house = { url = "https://packages.example.com/simple" } }',
        "package indexes by name: see [Private indexes](inputs.md#private-indexes)",
    ),
    Field(
        "layers",
        FILE,
        TABLE,
        '{ web = { dependencies = ["requests"] } }',
        "the layers by name",
        required=True,
    ),
    Field(
        "services",
        FILE,
        TABLE,
        '{ ledger = { command = ["ledger", "{port}", "{data}"], image_tag = "1" } }',
        "hybrid services by name: see [hybrid.md](hybrid.md)",
    ),
    Field(
        "name",
        APP,
        STRING,
        '"billing"',
        "names the bucket, the CodeBuild project and the layers",
        required=True,
        rule=Check.app_name,
    ),
    Field(
        "region",
        APP,
        STRING,
        '"eu-west-1"',
        "the region; without it, the AWS provider's or the environment's",
        default="",
        rule=Check.region,
    ),
    Field(
        "backend",
        APP,
        TABLE,
        '{ bucket = "state", key = "billing", region = "eu-west-1" }',
        "Terraform's S3 backend; without it, the state is a local file",
        rule=Check.table,
    ),
    Field(
        "sync_mode",
        APP,
        BOOLEAN,
        "false",
        "whether an apply waits for its builds: see [Async mode](async.md)",
        rule=Check.flag,
    ),
    Field(
        "async",
        APP,
        BOOLEAN,
        "true",
        "whether releases that are not waited for are finished by a function",
        default=False,
        rule=Check.flag,
        attribute="async_mode",
    ),
    Field(
        "notify",
        APP,
        STRING,
        '"arn:aws:sns:eu-west-1:123456789012:builds"',
        "the ARN of an SNS topic that gets a message when such a release fails",
        default="",
        rule=Check.topic,
    ),
    *OPTION_FIELDS,
    *BACKEND_FIELDS,
    Field(
        "url",
        INDEX,
        STRING,
        '"https://packages.example.com/simple"',
        "the address of a PEP 503 index",
        default="",
    ),
    Field(
        "username", INDEX, STRING, '"ci"', "the user that `secret` is the password of", default=""
    ),
    Field(
        "secret",
        INDEX,
        STRING,
        '"pypi/ci:password"',
        "the password in Secrets Manager: name or ARN, and `:KEY` if the value is JSON",
        default="",
    ),
    Field(
        "codeartifact",
        INDEX,
        TABLE,
        '{ domain = "shop", owner = "123456789012", repository = "python" }',
        "a repository of AWS CodeArtifact in place of `url`",
    ),
    Field(
        "default", INDEX, BOOLEAN, "true", "whether the index stands in PyPI's place", default=False
    ),
    Field("domain", CODEARTIFACT, STRING, '"shop"', "the domain's name", required=True),
    Field(
        "owner",
        CODEARTIFACT,
        STRING,
        '"123456789012"',
        "the account that owns the domain",
        required=True,
    ),
    Field("repository", CODEARTIFACT, STRING, '"python"', "the repository's name", required=True),
    Field(
        "region",
        CODEARTIFACT,
        STRING,
        '"eu-west-1"',
        "the domain's region; without it, the build's",
        default="",
    ),
)
