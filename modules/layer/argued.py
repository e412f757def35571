"""What scanners say of resources and policies here, and why that is right or what turns it off.

`make scan` compares these with what checkov and parliament find, in both directions. The module for
HCL has checkov's as comments that it honours; in JSON it honours none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LOGS = ("build_logs", "build_publisher_logs")
BUCKET, FUNCTION = ("build_bucket",), ("build_publisher_function",)


@dataclass(frozen=True)
class Argued:
    """A check, the names of the resources that fail it, and why.

    With ``option``, a key of ``[app]``, they pass.
    """

    check: str
    names: tuple[str, ...]
    why: str
    option: str = ""


ARGUED = (
    Argued(
        "CKV_AWS_158",
        LOGS,
        "CloudWatch encrypts logs with a key of its own, and a KMS key costs and needs a policy",
        "kms_key",
    ),
    Argued(
        "CKV_AWS_338",
        LOGS,
        "30 days are enough to correct a build, and what is published has its own documents",
        "log_retention_days",
    ),
    Argued(
        "CKV_AWS_145",
        BUCKET,
        "S3 encrypts objects with a key of its own, and a KMS key costs and needs a policy",
        "kms_key",
    ),
    Argued("CKV_AWS_18", BUCKET, "access logs need a bucket that is not ours", "access_logs"),
    Argued(
        "CKV_AWS_144",
        BUCKET,
        "all objects can be built again from sources and locks, and Lambda keeps its own copy of "
        "what is published",
    ),
    Argued(
        "CKV2_AWS_62",
        BUCKET,
        "nothing waits for objects: the ends of builds are events of CodeBuild",
    ),
    Argued(
        "CKV_AWS_116",
        FUNCTION,
        "what the publisher missed is found by the next plan, and notify says so",
        "dead_letter",
    ),
    Argued(
        "CKV_AWS_117",
        FUNCTION,
        "it calls AWS alone, which has no addresses in a VPC without endpoints for five services",
    ),
    Argued(
        "CKV_AWS_115",
        FUNCTION,
        "a reservation is taken from all other functions, and accounts with 10 concurrent calls "
        "refuse it; calls are as many as builds that end",
    ),
    Argued(
        "CKV_AWS_272",
        FUNCTION,
        "signatures need a signing profile that is not ours",
        "code_signing",
    ),
    Argued(
        "CKV_AWS_173",
        FUNCTION,
        "its variables are names, and no secrets; Lambda encrypts them with a key of its own",
        "kms_key",
    ),
    Argued(
        "CKV_AWS_136",
        ("layer_repository",),
        "ECR encrypts images with a key of its own, and a KMS key costs and needs a policy",
        "kms_key",
    ),
)

KEY_OF_S3 = next(each for each in ARGUED if each.check == "CKV_AWS_145")
KEY_OF_LOGS = next(each for each in ARGUED if each.check == "CKV_AWS_158")
KEY_OF_ECR = next(each for each in ARGUED if each.check == "CKV_AWS_136")

OF_SERVICE = (
    Argued("CKV_AWS_158", ("logs",), KEY_OF_LOGS.why, "kms_key"),
    Argued(
        "CKV_AWS_338",
        ("logs",),
        "30 days are enough to see why a task ended; what it keeps is in its snapshots",
        "log_retention_days",
    ),
    Argued("CKV_AWS_145", ("data_bucket",), KEY_OF_S3.why, "kms_key"),
    Argued(
        "CKV_AWS_18", ("data_bucket",), "access logs need a bucket that is not ours", "access_logs"
    ),
    Argued(
        "CKV_AWS_144",
        ("data_bucket",),
        "a task runs in one region, and S3 keeps its snapshots in several zones of it; a copy "
        "elsewhere needs a bucket that is not ours",
    ),
    Argued(
        "CKV2_AWS_62",
        ("data_bucket",),
        "nothing waits for objects: the task alone reads and writes snapshots",
    ),
    Argued("CKV_AWS_136", ("repository",), KEY_OF_ECR.why, "kms_key"),
    Argued(
        "CKV_AWS_65",
        ("cluster",),
        "Container Insights cost by the task; the log says when and why each began and ended, and "
        "an account can have them for all its clusters",
    ),
    Argued(
        "CKV2_AWS_5",
        ("clients-group", "tasks-group"),
        "the client gives the tasks' group to each task that it starts, and functions have the "
        "clients' group: neither is a resource here",
    ),
)
"""The same of a hybrid service; the names are those within it."""


def argued_of(name: str) -> Iterator[Argued]:
    """Yield what is argued of a resource."""
    yield from (each for each in ARGUED if name in each.names)


@dataclass(frozen=True)
class ArguedAction:
    """What parliament says of an action that a role here may do, and why it may."""

    issue: str
    action: str
    why: str


_PASSED = "it passes the roles of builds or of a task alone, and to that one service"
_SHARED = "who may use a version is what `share` says, of the layers that have it"
_LOGIN = "no login to ECR has a narrower form; what may be done with it is the role's own"

OF_ACTIONS = (
    ArguedAction(
        "RESOURCE_MISMATCH",
        "lambda:ListLayerVersions",
        "parliament has the service authorization reference, where it knows no resource; Lambda "
        "asks for it on the layer (its developer guide, 'Resources and conditions for Lambda "
        "actions', and what it says when it refuses)",
    ),
    ArguedAction(
        "RESOURCE_STAR",
        "lambda:GetLayerVersion",
        "an update of a function is judged on all layers that it names, which may be anybody's",
    ),
    ArguedAction("PERMISSIONS_MANAGEMENT_ACTIONS", "iam:PassRole", _PASSED),
    ArguedAction("PERMISSIONS_MANAGEMENT_ACTIONS", "lambda:AddLayerVersionPermission", _SHARED),
    ArguedAction("PERMISSIONS_MANAGEMENT_ACTIONS", "lambda:RemoveLayerVersionPermission", _SHARED),
    ArguedAction(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "ec2:CreateNetworkInterfacePermission",
        "builds in a network of yours need it, in its subnets and for CodeBuild alone",
    ),
    ArguedAction("CREDENTIALS_EXPOSURE", "ecr:GetAuthorizationToken", _LOGIN),
    ArguedAction(
        "RESOURCE_STAR",
        "ecs:ListTasks",
        "its resource is a container instance, which tasks of Fargate have not (service "
        "authorization reference, Amazon ECS)",
    ),
)
