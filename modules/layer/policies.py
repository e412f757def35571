"""IAM documents, as pure functions that return dicts.

Sources of the facts:
- what CodeBuild's role needs: AWS CodeBuild user guide, "Allow CodeBuild to interact with other AWS
  services"; S3 sources need GetObject and GetObjectVersion, S3 artifacts PutObject, both
  GetBucketAcl and GetBucketLocation.
- aws:SourceArn in its trust: AWS CodeBuild user guide, "Cross-service confused deputy prevention".
- aws:SecureTransport: Amazon S3 user guide, "Security best practices for Amazon S3".
"""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]


def document(*statements: Statement) -> Document:
    """Return a policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: list[str], resources: list[str]) -> Statement:
    """Return a statement that allows actions on resources."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def codebuild_trust(project_arn: str) -> Document:
    """Let CodeBuild assume a role, on behalf of one project only."""
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceArn": project_arn}},
        }
    )


def lambda_trust() -> Document:
    """Let Lambda functions assume a role."""
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    )


def write_logs(log_group_arn: str) -> Document:
    """Let a role write into one log group."""
    return document(_write_logs(log_group_arn))


def build(bucket_arn: str, layer: str, log_group_arn: str) -> Document:
    """Let the builds of one layer read its bundles and write its artifacts, and nothing else.

    Code of strangers runs under this role (setup.py of dependencies), so it can neither reach
    another layer's objects, nor its own record and approval, nor Lambda.
    """
    folder = f"{bucket_arn}/{layer}"
    return document(
        allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{folder}/bundles/*"]),
        allow(["s3:PutObject"], [f"{folder}/artifacts/*"]),
        allow(["s3:GetObject", "s3:PutObject"], [f"{folder}/cache/*"]),
        allow(["s3:GetBucketAcl", "s3:GetBucketLocation"], [bucket_arn]),
        _write_logs(log_group_arn),
    )


def publish(
    *,
    bucket_arn: str,
    project_arn: str,
    layer_arn: str,
    build_log_arn: str,
    own_log_arn: str,
    function_arns: list[str],
    topic_arn: str,
) -> Document:
    """Let the publisher function finish releases; it can neither start builds nor approve them.

    ``layer_arn`` is a pattern for the application's layers.
    """
    artifacts = f"{bucket_arn}/*/artifacts/*"
    statements = [
        allow(["s3:GetObject"], [f"{bucket_arn}/*/record.json", f"{bucket_arn}/*/requests/*.json"]),
        # Lambda reads the layer's archive, in the version that was verified, for its caller.
        allow(["s3:GetObject", "s3:GetObjectVersion"], [artifacts]),
        allow(["s3:PutObject"], [f"{bucket_arn}/*/record.json"]),
        allow(["s3:ListBucket"], [bucket_arn]),
        allow(["codebuild:BatchGetBuilds"], [project_arn]),
        allow(["lambda:PublishLayerVersion", "lambda:ListLayerVersions"], [layer_arn]),
        allow(["lambda:GetLayerVersion", "lambda:DeleteLayerVersion"], [f"{layer_arn}:*"]),
        allow(["logs:GetLogEvents"], [f"{build_log_arn}:*"]),
        _write_logs(own_log_arn),
    ]
    if function_arns:
        statements += [
            allow(
                ["lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"],
                function_arns,
            ),
            # An update names all layers of the function, and is judged on each of them.
            allow(["lambda:GetLayerVersion"], ["*"]),
        ]
    if topic_arn:
        statements.append(allow(["sns:Publish"], [topic_arn]))
    return document(*statements)


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


def _write_logs(log_group_arn: str) -> Statement:
    # CreateLogStream is judged on the group, PutLogEvents on the stream (service authorization
    # reference, "Actions defined by Amazon CloudWatch Logs").
    return allow(
        ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group_arn, f"{log_group_arn}:*"]
    )
