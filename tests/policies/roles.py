"""The roles of the product as they are in an account, with what each needs and what it must not.

Every request is an action, an ARN and the keys of conditions. ``foreign`` is what people must not
find allowed: written by hand, one list an action. To it comes each request that is needed, in
another region, account, bucket and layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.policies.mutations import Document

ACCOUNT, REGION = "123456789012", "eu-west-1"
BUCKET = "arn:aws:s3:::shop-layers"
PROJECT = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/shop-layers"
BUILDS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/codebuild/shop-layers"
OWN_LOG = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/shop-layers-publisher"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:builds"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shop-web"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:api"
BUILD_ROLE = f"arn:aws:iam::{ACCOUNT}:role/shop-web-build-{REGION}"
DOMAIN = f"arn:aws:codeartifact:{REGION}:{ACCOUNT}:domain/dom"
REPOSITORY = f"arn:aws:codeartifact:{REGION}:{ACCOUNT}:repository/dom/repo"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"

Keys = Mapping[str, str]

ELSEWHERE = (
    (REGION, "us-east-1"),
    (ACCOUNT, "999999999999"),
    ("shop-layers", "rival-layers"),
    ("shop-", "rival-"),
    ("/web/", "/other/"),
    ("stream:web/", "stream:other/"),
    ("_push/web/", "_push/other/"),
    ("group:/aws/", "group:/x/"),
    ("/aws/codebuild/", "/aws/x/"),
    ("/aws/lambda/", "/aws/x/"),
)
"""What an ARN says of the place, and what it says elsewhere."""


@dataclass(frozen=True)
class Request:
    """What IAM is asked."""

    action: str
    resource: str
    keys: Keys = field(default_factory=dict)


@dataclass(frozen=True)
class Role:
    """A policy, what it is needed for, and what must stay closed.

    ``here`` are the layers that a request may name besides: the publisher serves all of them.
    """

    document: Document
    needs: tuple[Request, ...]
    foreign: tuple[Request, ...]
    serves_all_layers: bool = False

    def denied(self) -> Iterator[Request]:
        """Yield every request that must be denied."""
        yield from self.foreign
        for need in self.needs:
            for here, there in ELSEWHERE:
                layers = here.endswith("web/") and self.serves_all_layers
                moved = need.resource.replace(here, there)
                if moved != need.resource and not layers:
                    yield Request(need.action, moved, need.keys)


def ask(action: str, *resources: str, **keys: str) -> tuple[Request, ...]:
    """Return requests for an action; ``__`` in a key stands for a colon."""
    named = {key.replace("__", ":"): value for key, value in keys.items()}
    return tuple(Request(action, resource, named) for resource in resources)


def objects(*keys: str) -> tuple[str, ...]:
    """Return the ARNs of objects of the application's bucket."""
    return tuple(f"{BUCKET}/{key}" for key in keys)


CODEARTIFACT = {"sts__AWSServiceName": "codeartifact.amazonaws.com"}
CODEBUILD = {"iam__PassedToService": "codebuild.amazonaws.com"}
PART = objects("web/built/f/parts/python3.13/part.zip")
CLOSED = objects("web/record.json", "web/approved", "web/artifacts/f/layer.zip", "web/x", "x")


@cache
def roles() -> Mapping[str, Role]:
    """Return the roles by name."""
    # Here: they are made of what is in this module.
    from tests.policies import hybrid_roles, image_roles, release_roles

    return {
        "a layer's builds": _build(),
        "a layer's builds with private indexes": _logins(),
        "what options add": _options(),
        "the project": _project(),
        "the publisher": _publisher(),
        "the publisher of one layer that names a function": _modest_publisher(),
        "what shared and named layers add": release_roles.shares_and_names(),
        "what pushes a layer's image": image_roles.push(),
        "what images add to the publisher": image_roles.publisher(),
        "a hybrid service's task": hybrid_roles.task(),
        "what starts that task": hybrid_roles.execution(),
        "a function that asks for the service": hybrid_roles.client(),
    }


def _policies() -> Any:
    from modules.layer import policies  # here: the package starts Node

    return policies


def _build() -> Role:
    others = objects(
        "web/built/f/layer.zip", "web/anything/f/parts/x", "web/built/f/x/x", "web/inputs/f.json",
        "web/pusher/f.zip",
    )  # fmt: skip
    streams = (f"{BUILDS}:log-stream:web/1",)
    return Role(
        _policies().build(BUCKET, "web", BUILDS),
        (
            *(ask("s3:GetObject", *objects("web/bundles/f.zip"), *PART)),
            *ask("s3:GetObjectVersion", *objects("web/bundles/f.zip"), *PART),
            *ask("s3:PutObject", *objects("web/built/f/layer.zip"), *PART),
            *ask("s3:GetBucketAcl", BUCKET),
            *ask("s3:GetBucketLocation", BUCKET),
            *ask("logs:CreateLogStream", BUILDS, *streams),
            *ask("logs:PutLogEvents", *streams),
        ),
        (
            *ask("s3:GetObject", *CLOSED, *others),
            *ask("s3:GetObjectVersion", *CLOSED, *others),
            *ask("s3:PutObject", *CLOSED, *objects("web/bundles/f.zip", "web/pusher/f.zip")),
            *ask("logs:PutLogEvents", f"{BUILDS}:log-stream:_push/web/1"),
            *ask("logs:PutLogEvents", f"{BUILDS}:web/1", f"{BUILDS}:other:web/1", f"{BUILDS}:x/1"),
            *ask("logs:CreateLogStream", f"{BUILDS}:web/1", f"{BUILDS}:other:web/1"),
        ),
    )


def _logins() -> Role:
    policies = _policies()
    statements = [
        policies.read_secret("pypi/ci", f"aws:secretsmanager:{REGION}:{ACCOUNT}"),
        *policies.read_codeartifact(DOMAIN, REPOSITORY),
    ]
    secret = "secretsmanager:GetSecretValue"
    token = "sts:GetServiceBearerToken"
    return Role(
        policies.document(*statements),
        (
            *ask(secret, f"{SECRETS}:pypi/ci-AbCdEf"),
            *ask("codeartifact:GetAuthorizationToken", DOMAIN),
            *ask("codeartifact:ReadFromRepository", REPOSITORY),
            *ask(token, "*", **CODEARTIFACT),
        ),
        (
            *ask(secret, f"{SECRETS}:pypi/ci-admin-AbCdEf", f"{SECRETS}:database-AbCdEf"),
            *ask(secret, f"{SECRETS}:pypi/admin-AbCdEf", f"{SECRETS}:x/ci-AbCdEf"),
            *ask(secret, f"{SECRETS[:-6]}x:pypi/ci-AbCdEf"),
            *ask("codeartifact:GetAuthorizationToken", DOMAIN + "2", DOMAIN.replace("domain", "x")),
            *ask("codeartifact:ReadFromRepository", REPOSITORY + "2", f"{REPOSITORY}/x"),
            *ask("codeartifact:ReadFromRepository", REPOSITORY.replace("repository", "x")),
            *ask("codeartifact:ReadFromRepository", REPOSITORY.replace("dom", "house")),
            *ask(token, "*", sts__AWSServiceName="sts.amazonaws.com"),
        ),
    )


def _options() -> Role:
    from builder.spec.app_spec import Vpc

    policies = _policies()
    ec2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
    subnet, group = f"{ec2}:subnet/subnet-0123abcd", f"{ec2}:security-group/sg-0123abcd"
    interface, queue = f"{ec2}:network-interface/eni-1", f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"
    key, signing = (f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{name}" for name in ("k", "signing"))
    vpc = Vpc("vpc-0123abcd", ("subnet-0123abcd",), ("sg-0123abcd",))
    uses = ("kms:Decrypt", "kms:GenerateDataKey")
    here: Keys = {"ec2__Subnet": subnet, "ec2__AuthorizedService": "codebuild.amazonaws.com"}
    other = subnet.replace("0123abcd", "9999abcd")
    lend, remove = "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"
    make = "ec2:CreateNetworkInterface"
    seen = ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    return Role(
        policies.document(
            policies.use_key(key),
            policies.sign(signing),
            *policies.use_network(vpc, f"{REGION}:{ACCOUNT}", "aws"),
            policies.trace(),
            policies.send(queue),
        ),
        (
            *(Request(use, key) for use in uses),
            *ask("kms:Sign", signing),
            *ask(make, subnet, group, interface),
            *ask(lend, interface, **here),
            *ask(remove, interface, ec2__Subnet=subnet),
            *(Request(f"ec2:Describe{name}", "*") for name in seen),
            *ask("xray:PutTraceSegments", "*"),
            *ask("xray:PutTelemetryRecords", "*"),
            *ask("sqs:SendMessage", queue),
        ),
        (
            *(Request(use, f"{key}2") for use in uses),
            *ask("kms:Sign", key, f"{signing}2", signing.replace(":key/", ":x/")),
            *(Request(use, key.replace(":key/", ":x/")) for use in uses),
            *ask(make, other, group.replace("0123", "9999"), f"{ec2}:instance/eni-1"),
            *ask(make, f"{ec2}:x/subnet-0123abcd", f"{ec2}:x/sg-0123abcd"),
            *ask(lend, f"{ec2}:instance/eni-1", **here),
            *ask(lend, interface, **{**here, "ec2__Subnet": other}),
            *ask(lend, interface, **{**here, "ec2__AuthorizedService": "999999999999"}),
            *ask(remove, f"{ec2}:instance/eni-1", ec2__Subnet=subnet),
            *ask(remove, interface, ec2__Subnet=other),
            *ask("sqs:SendMessage", f"{queue}2"),
        ),
    )


def _project() -> Role:
    stream = f"{BUILDS}:log-stream:x"
    return Role(
        _policies().write_logs(BUILDS),
        (*ask("logs:CreateLogStream", BUILDS), *ask("logs:PutLogEvents", stream)),
        (*ask("logs:PutLogEvents", OWN_LOG), *ask("logs:CreateLogStream", OWN_LOG)),
    )


def _publisher() -> Role:
    policies = _policies()
    every = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:*"
    more = [
        *policies.move_functions([], [every]),
        *policies.start_builds(PROJECT, BUCKET, ["web"], [BUILD_ROLE]),
        *policies.prune(BUCKET, ["web"]),
    ]
    plain = _modest_publisher()
    old = objects(*(f"web/{name}/f/x" for name in ("artifacts", "built", "bundles", "inputs")))
    others = [name.replace("/web/", "/other/") for name in (*old, *objects("web/requests/f.json"))]
    kept = objects("web/record.json", "web/approved", "web/x/f", "x/artifacts/f/x", "x")
    other = FUNCTION.replace(":api", ":other")
    opened = (other, *objects("web/bundles/"))
    return Role(
        _publish([LAYER], more),
        (
            *plain.needs,
            *ask("lambda:GetFunctionConfiguration", other),
            *ask("lambda:UpdateFunctionConfiguration", other),
            *ask("lambda:ListTags", other),
            *ask("codebuild:StartBuild", PROJECT),
            *ask("codebuild:ListBuildsForProject", PROJECT),
            *ask("s3:GetObject", *objects("web/bundles/f.zip")),
            *ask("iam:PassRole", BUILD_ROLE, **CODEBUILD),
            *ask("s3:ListBucketVersions", BUCKET),
            *ask("s3:DeleteObject", *old, *objects("web/requests/f.json")),
            *ask("s3:DeleteObjectVersion", *old, *objects("web/requests/f.json")),
        ),
        (
            *(closed for closed in plain.foreign if not closed.resource.startswith(opened)),
            *ask("lambda:UpdateFunctionConfiguration", LAYER),
            *ask("lambda:GetFunctionConfiguration", LAYER),
            *ask("lambda:ListTags", LAYER),
            *ask("lambda:PublishLayerVersion", FUNCTION),
            *ask("codebuild:StartBuild", f"{PROJECT}-2", PROJECT.replace("project", "x")),
            *ask("codebuild:ListBuildsForProject", f"{PROJECT}-2", PROJECT.replace("project", "x")),
            *ask("s3:GetObject", *objects("web/inputs/f.json", "other/bundles/f.zip")),
            *ask("iam:PassRole", BUILD_ROLE, iam__PassedToService="lambda.amazonaws.com"),
            *ask("iam:PassRole", f"{BUILD_ROLE}2", f"{BUILD_ROLE}/x", **CODEBUILD),
            *ask("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", **CODEBUILD),
            *ask("iam:PassRole", BUILD_ROLE.replace("role", "x"), **CODEBUILD),
            *ask("iam:PassRole", BUILD_ROLE.replace("iam::", "iam:x:"), **CODEBUILD),
            *ask("s3:DeleteObject", *kept, *others),
            *ask("s3:DeleteObjectVersion", *kept, *others),
        ),
        serves_all_layers=True,
    )


def _publish(layers: list[str], more: list[Any]) -> Document:
    document: Document = _policies().publish(
        bucket_arn=BUCKET,
        project_arn=PROJECT,
        layer_arns=layers,
        build_log_arn=BUILDS,
        own_log_arn=OWN_LOG,
        topic_arn=TOPIC,
        more=more,
    )
    return document


def _modest_publisher() -> Role:
    read = objects("web/built/f/layer.zip", "web/artifacts/f/layer.zip")
    known = objects("web/record.json", "web/requests/f.json")
    closed = objects(
        *("web/approved", "web/inputs/f.json", "web/bundles/f.zip", "x"),
        *("web/x/f.json", "web/requests/f.zip"),
    )
    version = f"{LAYER}:7"
    unknown = (f"{LAYER}2", LAYER.replace("shop-web", "rival"), LAYER.replace("layer", "x"))
    move = ("lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration")
    stream = f"{OWN_LOG}:log-stream:x"
    logs = (f"{BUILDS}:log-stream:web/1", f"{OWN_LOG}x:log-stream:x")
    return Role(
        _publish([LAYER], _policies().move_functions([FUNCTION], [])),
        (
            *ask("s3:GetObject", *read, *known),
            *ask("s3:GetObjectVersion", *read),
            *ask("s3:PutObject", *objects("web/record.json", "web/artifacts/f/layer.zip")),
            *ask("s3:ListBucket", BUCKET),
            *ask("codebuild:BatchGetBuilds", PROJECT),
            *ask("lambda:PublishLayerVersion", LAYER),
            *ask("lambda:ListLayerVersions", LAYER),
            *ask("lambda:DeleteLayerVersion", version),
            *ask("logs:GetLogEvents", f"{BUILDS}:log-stream:web/1"),
            *ask("logs:CreateLogStream", OWN_LOG),
            *ask("logs:PutLogEvents", stream),
            *ask("sns:Publish", TOPIC),
            *(Request(action, FUNCTION) for action in move),
        ),
        (
            *ask("s3:GetObject", *closed),
            *ask("s3:GetObjectVersion", *closed, *known),
            *ask("s3:PutObject", *closed, *known[1:], *read[:1]),
            *ask("codebuild:BatchGetBuilds", f"{PROJECT}-2", PROJECT.replace("project", "x")),
            *ask("lambda:PublishLayerVersion", *unknown, version),
            *ask("lambda:ListLayerVersions", *unknown, version),
            *ask("lambda:DeleteLayerVersion", *(f"{name}:7" for name in unknown), LAYER),
            *ask("logs:GetLogEvents", f"{BUILDS}2:log-stream:web/1", stream),
            *ask("logs:GetLogEvents", BUILDS.replace("group", "x") + ":x"),
            *ask("logs:CreateLogStream", BUILDS, *logs),
            *ask("logs:PutLogEvents", BUILDS, *logs),
            *ask("sns:Publish", f"{TOPIC}2"),
            *(Request(action, FUNCTION.replace(":api", ":other")) for action in move),
            *(Request(action, FUNCTION.replace("function", "x")) for action in move),
        ),
        serves_all_layers=True,
    )
