"""IAM documents, as pure functions that return dicts.

Sources of the facts:
- what CodeBuild's role needs: AWS CodeBuild user guide, "Allow CodeBuild to interact with other AWS
  services"; S3 sources need GetObject and GetObjectVersion, S3 artifacts PutObject, both
  GetBucketAcl and GetBucketLocation.
- aws:SourceArn and aws:SourceAccount in its trust: AWS CodeBuild user guide, "Cross-service
  confused deputy prevention"; for Lambda: IAM user guide, "The confused deputy problem", and
  Prowler's check iam_role_cross_service_confused_deputy_prevention.
- secrets of builds: AWS Secrets Manager user guide, "IAM policy examples" (six characters follow
  the name in a secret's ARN).
- CodeArtifact: AWS CodeArtifact user guide, "Authentication and tokens" and "Repository policies";
  sts:GetServiceBearerToken has no resource, and a condition for the service.
- pushing and pulling images: Amazon ECR user guide, "IAM permissions for pushing an image to an
  Amazon ECR private repository" and "Private repository policy examples"; GetDownloadUrlForLayer
  is for the configuration of an image that is there, and for a base.
- aws:SecureTransport: Amazon S3 user guide, "Security best practices for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from builder.protocol.keys import PUSH_LOGS, LayerKeys
from builder.spec.app_spec import Vpc

Document = dict[str, Any]
Statement = dict[str, Any]


def document(*statements: Statement) -> Document:
    """Return a policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: list[str], resources: list[str]) -> Statement:
    """Return a statement that allows actions on resources."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def codebuild_trust(project_arn: str, account: str) -> Document:
    """Let CodeBuild assume a role, on behalf of one project only."""
    source = {"aws:SourceArn": project_arn, "aws:SourceAccount": account}
    return _trust("codebuild.amazonaws.com", source)


def lambda_trust(account: str) -> Document:
    """Let Lambda assume a role, for functions of one account only.

    The function's ARN is not demanded: when a function is made Lambda tries its role before there
    is a function, and no documentation says what the source is then. With aws:SourceArn in its
    role's trust the first function in a network was refused (aws/aws-parallelcluster, pull request
    6926).
    """
    return _trust("lambda.amazonaws.com", {"aws:SourceAccount": account})


def write_logs(log_group_arn: str) -> Document:
    """Let a role write into one log group."""
    return document(_write_logs(log_group_arn))


def build(
    bucket_arn: str, layer: str, log_group_arn: str, logins: Iterable[Statement] = ()
) -> Document:
    """Let the builds of one layer read its bundles and parts and leave what they make, no more.

    ``logins`` are statements for what its package indexes need.

    Code of strangers runs under this role (setup.py of dependencies), so it can neither reach
    another layer's objects, nor its own record, approval and verified artifacts, nor Lambda; and
    nothing that one build leaves is read by a later one, but parts whose seal it was given.
    """
    keys = LayerKeys(layer)
    return document(
        allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket_arn}/{keys.bundles}/*"]),
        allow(["s3:PutObject"], [f"{bucket_arn}/{keys.built}/*"]),
        # What the builds of several targets made, for the build that merges it.
        allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket_arn}/{keys.part('*', '*')}"]),
        allow(["s3:GetBucketAcl", "s3:GetBucketLocation"], [bucket_arn]),
        # CreateLogStream is judged on the group in the service authorization reference, and on the
        # stream in what IAM says when it is denied.
        allow(["logs:CreateLogStream"], [log_group_arn, f"{log_group_arn}:log-stream:{layer}/*"]),
        # Streams are named LAYER/BUILD: no layer's build can forge the log of another's.
        allow(["logs:PutLogEvents"], [f"{log_group_arn}:log-stream:{layer}/*"]),
        *logins,
    )


def push(
    bucket_arn: str,
    layer: str,
    repository_arn: str,
    log_group_arn: str,
    more: Iterable[Statement] = (),
) -> Document:
    """Let the builds that push one layer's image read its artifacts and write its repository.

    They run our program alone, which is the only other object that they may read. ``more`` are
    statements for a private base, and for the application's options.
    """
    keys = LayerKeys(layer)
    stream = f"{log_group_arn}:log-stream:{PUSH_LOGS}/{layer}/*"
    return document(
        allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{bucket_arn}/{keys.programs}/*"]),
        # In the version that was verified, and by its hash: before it is kept it is where the
        # build has left it.
        allow(
            ["s3:GetObjectVersion"],
            [f"{bucket_arn}/{keys.artifacts}/*", f"{bucket_arn}/{keys.built}/*"],
        ),
        allow(["s3:GetBucketAcl", "s3:GetBucketLocation"], [bucket_arn]),
        # It has no resource (service authorization reference, Amazon ECR).
        allow(["ecr:GetAuthorizationToken"], ["*"]),
        allow(
            [
                *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage"),
                *("ecr:CompleteLayerUpload", "ecr:GetDownloadUrlForLayer"),
                *("ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"),
            ],
            [repository_arn],
        ),
        allow(["logs:CreateLogStream"], [log_group_arn, stream]),
        allow(["logs:PutLogEvents"], [stream]),
        *more,
    )


def pull(repository_arn: str) -> Statement:
    """Let a role pull the images of a repository."""
    return allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], [repository_arn])


def read_secret(secret: str, region_arn: str) -> Statement:
    """Let a role read one secret, by its ARN or name.

    ``region_arn`` ends with region and account: ``PARTITION:secretsmanager:REGION:ACCOUNT``.
    """
    arn = secret if secret.startswith("arn:") else f"arn:{region_arn}:secret:{secret}-??????"
    return allow(["secretsmanager:GetSecretValue"], [arn])


def read_codeartifact(domain_arn: str, repository_arn: str) -> list[Statement]:
    """Let a role fetch a token of a CodeArtifact domain, and read packages of one repository."""
    token = allow(["sts:GetServiceBearerToken"], ["*"])
    token["Condition"] = {"StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}}
    return [
        allow(["codeartifact:GetAuthorizationToken"], [domain_arn]),
        allow(["codeartifact:ReadFromRepository"], [repository_arn]),
        token,
    ]


def publish(
    *,
    bucket_arn: str,
    project_arn: str,
    layer_arns: list[str],
    build_log_arn: str,
    own_log_arn: str,
    topic_arn: str,
    more: Iterable[Statement] = (),
) -> Document:
    """Let the publisher function finish releases; by this alone it can neither start builds nor
    approve them.

    ``layer_arns`` are the application's layers in Lambda, or a pattern for them. ``more`` are
    statements for what some layers need besides.
    """
    keys = LayerKeys("*")
    record, request = f"{bucket_arn}/{keys.record}", f"{bucket_arn}/{keys.request('*')}"
    built, artifacts = f"{bucket_arn}/{keys.built}/*", f"{bucket_arn}/{keys.artifacts}/*"
    statements = [
        allow(["s3:GetObject"], [record, request]),
        # Lambda reads the layer's archive, in the version that was verified, for its caller.
        allow(["s3:GetObject", "s3:GetObjectVersion"], [built, artifacts]),
        allow(["s3:PutObject"], [record, artifacts]),
        allow(["s3:ListBucket"], [bucket_arn]),
        allow(["codebuild:BatchGetBuilds"], [project_arn]),
        *(_publish_versions(layer_arns) if layer_arns else []),
        allow(["logs:GetLogEvents"], [f"{build_log_arn}:*"]),
        _write_logs(own_log_arn),
        *more,
    ]
    if topic_arn:
        statements.append(allow(["sns:Publish"], [topic_arn]))
    return document(*statements)


def _publish_versions(layer_arns: list[str]) -> list[Statement]:
    # ListLayerVersions has no resource in the service authorization reference, and the layer in
    # what IAM says when it is denied (mooyoul/serverless-latest-layer-version, issue 31).
    return [
        allow(["lambda:PublishLayerVersion", "lambda:ListLayerVersions"], layer_arns),
        allow(
            ["lambda:GetLayerVersion", "lambda:DeleteLayerVersion"],
            [f"{layer_arn}:*" for layer_arn in layer_arns],
        ),
    ]


def move_functions(function_arns: list[str], searched_arns: list[str]) -> list[Statement]:
    """Let a role move functions to a new layer version, and see who was left behind.

    ``searched_arns`` are patterns of functions among which those with a tag are looked for.
    """
    statements = [
        allow(
            ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"],
            [*function_arns, *searched_arns],
        ),
        # An update names all layers of the function, and is judged on each of them; a list of
        # functions knows no resource.
        allow(["lambda:GetLayerVersion", "lambda:ListFunctions"], ["*"]),
    ]
    if searched_arns:
        statements.append(allow(["lambda:ListTags"], searched_arns))
    return statements


def share_versions(layer_arns: list[str]) -> Statement:
    """Let a role say which accounts may use the versions of layers."""
    return allow(
        [
            "lambda:GetLayerVersionPolicy",
            "lambda:AddLayerVersionPermission",
            "lambda:RemoveLayerVersionPermission",
        ],
        [f"{layer_arn}:*" for layer_arn in layer_arns],
    )


def name_versions(parameter_arns: list[str]) -> Statement:
    """Let a role write the parameters that name layers."""
    return allow(["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"], parameter_arns)


def use_key(key_arn: str) -> Statement:
    """Let a role read and write what a KMS key encrypts."""
    return allow(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn])


def sign(key_arn: str) -> Statement:
    """Let a role sign with a KMS key."""
    return allow(["kms:Sign"], [key_arn])


def use_network(vpc: Vpc, place: str, partition: str) -> list[Statement]:
    """Let CodeBuild put a role's builds into a VPC; ``place`` is ``REGION:ACCOUNT``.

    Source: AWS CodeBuild user guide, "Allow CodeBuild access to AWS services required to create a
    VPC network interface"; narrower than there where EC2 has resources for an action. Describe
    actions know no resource (service authorization reference, Amazon EC2).
    """
    ec2 = f"arn:{partition}:ec2:{place}"
    subnets = [f"{ec2}:subnet/{name}" for name in vpc.subnets]
    groups = [f"{ec2}:security-group/{name}" for name in vpc.security_groups]
    interfaces = [f"{ec2}:network-interface/*"]
    lend = allow(["ec2:CreateNetworkInterfacePermission"], interfaces)
    lend["Condition"] = {
        "StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"},
        "ArnEquals": {"ec2:Subnet": subnets},
    }
    remove = allow(["ec2:DeleteNetworkInterface"], interfaces)
    remove["Condition"] = {"ArnEquals": {"ec2:Subnet": subnets}}
    return [
        allow(["ec2:CreateNetworkInterface"], [*subnets, *groups, *interfaces]),
        lend,
        remove,
        allow(
            [
                *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"),
                *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
            ],
            ["*"],
        ),
    ]


def trace() -> Statement:
    """Let a role send traces; they know no resource (service authorization reference, X-Ray)."""
    return allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], ["*"])


def send(target_arn: str) -> Statement:
    """Let a role send to a queue or a topic."""
    service = target_arn.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}[service]
    return allow([action], [target_arn])


def start_builds(
    project_arn: str, bucket_arn: str, layers: Sequence[str], build_role_arns: Sequence[str]
) -> list[Statement]:
    """Let a role start the builds that follow on others of the same release.

    ``layers`` are those that may need one, ``build_role_arns`` the roles of their builds; both may
    be patterns.
    """
    pass_role = allow(["iam:PassRole"], list(build_role_arns))
    pass_role["Condition"] = {"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}
    bundles = [f"{bucket_arn}/{LayerKeys(layer).bundles}/*" for layer in layers]
    return [
        allow(["codebuild:StartBuild", "codebuild:ListBuildsForProject"], [project_arn]),
        allow(["s3:GetObject"], bundles),
        pass_role,
    ]


def prune(bucket_arn: str, layers: list[str]) -> list[Statement]:
    """Let a role delete old artifacts of layers, when no function uses their versions."""
    folders = [
        f"{bucket_arn}/{folder}/*" for layer in layers for folder in LayerKeys(layer).prunable
    ]
    return [
        allow(["lambda:ListFunctions"], ["*"]),
        allow(["s3:ListBucketVersions"], [bucket_arn]),
        allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], folders),
    ]


def tls_only(bucket_arn: str) -> Document:
    """Deny everybody everything on a bucket that does not come over TLS."""
    return document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def _trust(service: str, source: Mapping[str, str]) -> Document:
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": service},
            "Condition": {"StringEquals": dict(source)},
        }
    )


def _write_logs(log_group_arn: str) -> Statement:
    # CreateLogStream is judged on the group, PutLogEvents on the stream (service authorization
    # reference, "Actions defined by Amazon CloudWatch Logs").
    return allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group_arn, f"{log_group_arn}:*"]
    )
