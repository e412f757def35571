"""The settings of the bucket: who may reach it, how it is kept, what of it expires."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cdktf import ITerraformDependable
from constructs import Construct

from builder.spec.app_spec import AppSpec
from modules.layer import policies
from modules.layer.bindings import (
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketLoggingA,
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
    S3BucketPolicy,
    S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketVersioningA,
)
from modules.layer.naming import named


def secure(
    scope: Construct, bucket: str, arn: str, app: AppSpec, name: str
) -> list[ITerraformDependable]:
    """Close a bucket to the public and to plain HTTP, encrypt it and keep old versions.

    Return what must be there before it is used.
    """
    private = named(
        S3BucketPublicAccessBlock(
            scope,
            "private",
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        )
    )
    ownership = named(
        S3BucketOwnershipControls(
            scope,
            "ownership",
            bucket=bucket,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
    )
    encryption = named(
        S3BucketServerSideEncryptionConfigurationA(
            scope,
            "encryption",
            bucket=bucket,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=_encryption(app),
                    # Both are what S3 has by itself without a key, and are said because versions
                    # of the provider before 6.40.0 want to take away what is not (issue 47320).
                    # With a key of one's own a bucket key saves calls to KMS.
                    blocked_encryption_types=["SSE-C"],
                    bucket_key_enabled=bool(app.kms_key),
                )
            ],
        )
    )
    versioning = named(
        S3BucketVersioningA(
            scope,
            "versioning",
            bucket=bucket,
            versioning_configuration={"status": "Enabled"},
        )
    )
    policy = named(
        S3BucketPolicy(
            scope,
            "policy",
            bucket=bucket,
            policy=json.dumps(policies.tls_only(arn)),
            # S3 refuses two changes to a bucket's access at the same moment.
            depends_on=[private],
        )
    )
    settings: list[ITerraformDependable] = [private, ownership, encryption, versioning, policy]
    if app.access_logs:
        logging = S3BucketLoggingA(
            scope,
            "access",
            bucket=bucket,
            target_bucket=app.access_logs,
            target_prefix=f"{name}/",
        )
        settings.append(named(logging))
    return settings


def _encryption(app: AppSpec) -> dict[str, str]:
    if not app.kms_key:
        return {"sse_algorithm": "AES256"}
    return {"sse_algorithm": "aws:kms", "kms_master_key_id": app.kms_key}


def rules(
    prefixes: Sequence[str], bundle_days: int, noncurrent_days: int
) -> list[S3BucketLifecycleConfigurationRule]:
    """Return the lifecycle: ``prefixes`` go after ``bundle_days``, and all old versions."""
    # Only what a build reads expires. Approvals, records and artifacts stay until somebody
    # deletes or replaces them.
    expiring = [
        S3BucketLifecycleConfigurationRule(
            id=f"expire-{prefix.strip('/').replace('/', '-')}",
            status="Enabled",
            filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=prefix)],
            expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=bundle_days)],
        )
        for prefix in prefixes
    ]
    return [
        S3BucketLifecycleConfigurationRule(
            id="forget-old-versions",
            status="Enabled",
            filter=[S3BucketLifecycleConfigurationRuleFilter()],
            noncurrent_version_expiration=[
                S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                    noncurrent_days=noncurrent_days
                )
            ],
            abort_incomplete_multipart_upload=[
                S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                    days_after_initiation=1
                )
            ],
        ),
        *expiring,
    ]
