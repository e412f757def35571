"""What all layers of an application share: bucket, log group, CodeBuild project."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import DataResource, ITerraformDependable
from constructs import Construct

from builder.protocol.variables import RETIRE_VARIABLE
from builder.spec.app_spec import AppSpec
from builder.spec.runtimes import Target
from modules.layer import policies
from modules.layer.bindings import (
    CloudwatchLogGroup,
    CodebuildProject,
    IamRole,
    IamRolePolicy,
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
    S3BucketPolicy,
    S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketVersioningA,
)
from modules.layer.buildspec import buildspec_text
from modules.layer.hooks import Hooks
from modules.layer.naming import literal, named
from modules.layer.place import Place, settle

DEFAULT_TARGET = Target("3.13", "x86_64")
"""What the project says of its environment; every build overrides it for its own target."""


@dataclass(frozen=True)
class Credentials:
    """How the aws provider got its credentials, so that the hooks get the same ones.

    Both are empty when they come from the environment. They may be Terraform expressions.
    """

    profile: str = ""
    role_arn: str = ""


class BuildInfrastructure(Construct):
    """The bucket, the log group and the CodeBuild project of an application's layers.

    ``bundle_days`` is how long the inputs of builds are kept, ``noncurrent_days``
    how long overwritten and deleted objects are. ``force_destroy`` lets ``terraform destroy``
    delete a bucket that is not empty; everything in it can be built again. ``account``, ``region``
    and ``partition`` are asked of the aws provider unless they are given.
    """

    def __init__(  # noqa: PLR0913 - the settings of a construct are keyword arguments
        self,
        scope: Construct,
        id_: str,
        *,
        app: AppSpec,
        credentials: Credentials | None = None,
        log_retention_days: float = 30,
        build_timeout_minutes: int = 60,
        compute_type: str = "BUILD_GENERAL1_SMALL",
        bundle_days: int = 30,
        noncurrent_days: int = 30,
        force_destroy: bool = True,
        account: str = "",
        region: str = "",
        partition: str = "",
    ) -> None:
        super().__init__(scope, id_)
        self.app = app
        self.credentials = credentials or Credentials()
        self.bundle_days = bundle_days
        self.noncurrent_days = noncurrent_days

        log_group = named(
            CloudwatchLogGroup(
                self, "logs", name=app.log_group, retention_in_days=log_retention_days
            )
        )
        # Names and ARNs are made of these three, so that they are known at plan, before anything
        # exists: the plan hook must not depend on a resource that is still to be made.
        place = settle(self, Place(account, region, partition), log_group)
        self.account, self.region, self.partition = place.account, place.region, place.partition

        self._bucket = named(
            S3Bucket(
                self,
                "bucket",
                bucket=app.bucket(self.account, self.region),
                force_destroy=force_destroy,
            )
        )
        bucket_settings = self._secure_bucket()
        self._expiring: list[str] = []
        self._lifecycle = self._expire_objects()
        self._role = self._project_role()
        project = self._project(build_timeout_minutes, compute_type)
        self.ready: Sequence[ITerraformDependable] = (
            self._bucket,
            *bucket_settings,
            log_group,
            project,
        )
        """Everything that must be there before a build is started."""
        self.hooks = Hooks(self, self.query())
        self._retirements: dict[str, Mapping[str, Any]] = {}
        self._retire = self._retire_layers()

    @property
    def retirement(self) -> ITerraformDependable:
        """What removes the layers' versions before the rest is destroyed."""
        return self._retire

    @property
    def bucket_name(self) -> str:
        """The bucket's name, known at plan."""
        return self.app.bucket(self.account, self.region)

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN, known at plan."""
        return f"arn:{self.partition}:s3:::{self.bucket_name}"

    @property
    def log_group_arn(self) -> str:
        """The ARN of the log group of all builds, known at plan."""
        return (
            f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:{self.app.log_group}"
        )

    @property
    def project_arn(self) -> str:
        """The CodeBuild project's ARN, known at plan."""
        return (
            f"arn:{self.partition}:codebuild:{self.region}:{self.account}"
            f":project/{self.app.project}"
        )

    def build_role_arn(self, layer: str) -> str:
        """Return the ARN of the role under which a layer's builds run, known at plan."""
        role = self.app.build_role(layer, self.region)
        return f"arn:{self.partition}:iam::{self.account}:role/{role}"

    def expire(self, prefix: str) -> None:
        """Let objects below a prefix go after ``bundle_days``."""
        self._expiring.append(prefix)
        self._lifecycle.put_rule(self._rules())

    def query(self) -> dict[str, str]:
        """Return what every hook is asked alike: where the application is, and as who."""
        return {
            "project": self.app.project,
            "bucket": self.bucket_name,
            "log_group": self.app.log_group,
            "region": self.region,
            "account": self.account,
            "profile": self.credentials.profile,
            "role_arn": self.credentials.role_arn,
        }

    def retire(
        self, layer: str, settings: Mapping[str, Any], program: Sequence[str]
    ) -> ITerraformDependable:
        """Let ``program retire`` be run with these settings when the layer goes.

        ``settings`` are those of docs/protocol.md; ``program`` is the same for all layers.
        """
        self._retirements[layer] = settings
        self._retire.add_override("for_each", self._retirements)
        self._retire.add_override(
            "provisioner",
            [
                {
                    "local-exec": {
                        "when": "destroy",
                        # The program is its own interpreter: no shell, so nothing to quote.
                        "interpreter": list(program),
                        "command": "retire",
                        "environment": {RETIRE_VARIABLE: "${jsonencode(self.input)}"},
                    }
                }
            ],
        )
        return self._retire

    def _retire_layers(self) -> DataResource:
        # Versions are published by builds, not by Terraform, so a destroy-time provisioner removes
        # them. It is one block for all layers: Terraform does not run the provisioner of a block
        # that was taken out of the configuration, but it does for an instance that was (Terraform
        # docs, "Provisioners"). It sees nothing but self, so all it needs is in the input. A new
        # input alone does not run it; a layer that moves to another name, bucket, account or
        # region is retired where it was.
        moved = ("layer_name", "bucket", "region", "account")
        retire = named(
            DataResource(
                self,
                "retire",
                triggers_replace={key: f"${{each.value.{key}}}" for key in moved},
                depends_on=[*self.ready],
            )
        )
        retire.add_override("input", "${each.value}")
        retire.add_override("for_each", {})
        return retire

    def _secure_bucket(self) -> list[ITerraformDependable]:
        bucket = self._bucket.bucket
        private = named(
            S3BucketPublicAccessBlock(
                self,
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
                self,
                "ownership",
                bucket=bucket,
                rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
            )
        )
        encryption = named(
            S3BucketServerSideEncryptionConfigurationA(
                self,
                "encryption",
                bucket=bucket,
                rule=[
                    S3BucketServerSideEncryptionConfigurationRuleA(
                        apply_server_side_encryption_by_default={"sse_algorithm": "AES256"},
                        # Both are what S3 has by itself, and are said because versions of the
                        # provider before 6.40.0 want to take away what is not (issue 47320).
                        blocked_encryption_types=["SSE-C"],
                        bucket_key_enabled=False,
                    )
                ],
            )
        )
        versioning = named(
            S3BucketVersioningA(
                self,
                "versioning",
                bucket=bucket,
                versioning_configuration={"status": "Enabled"},
            )
        )
        policy = named(
            S3BucketPolicy(
                self,
                "policy",
                bucket=bucket,
                policy=json.dumps(policies.tls_only(self.bucket_arn)),
                # S3 refuses two changes to a bucket's access at the same moment.
                depends_on=[private],
            )
        )
        return [private, ownership, encryption, versioning, policy]

    def _expire_objects(self) -> S3BucketLifecycleConfiguration:
        return named(
            S3BucketLifecycleConfiguration(
                self, "lifecycle", bucket=self._bucket.bucket, rule=self._rules()
            )
        )

    def _rules(self) -> list[S3BucketLifecycleConfigurationRule]:
        # Only what a build reads expires. Approvals, records and artifacts stay until somebody
        # deletes or replaces them.
        expiring = [
            S3BucketLifecycleConfigurationRule(
                id=f"expire-{prefix.strip('/').replace('/', '-')}",
                status="Enabled",
                filter=[S3BucketLifecycleConfigurationRuleFilter(prefix=prefix)],
                expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=self.bundle_days)],
            )
            for prefix in self._expiring
        ]
        return [
            S3BucketLifecycleConfigurationRule(
                id="forget-old-versions",
                status="Enabled",
                filter=[S3BucketLifecycleConfigurationRuleFilter()],
                noncurrent_version_expiration=[
                    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(
                        noncurrent_days=self.noncurrent_days
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

    def _project_role(self) -> IamRole:
        # A project cannot be without a role. Builds run under the role of their layer
        # (StartBuild's serviceRoleOverride), so this one can do nothing but tell its story.
        role = named(
            IamRole(
                self,
                "role",
                name=f"{self.app.name}-layers-{self.region}",
                description=f"CodeBuild project {self.app.project}; each layer has its own role",
                assume_role_policy=json.dumps(policies.codebuild_trust(self.project_arn)),
            )
        )
        named(
            IamRolePolicy(
                self,
                "permissions",
                name="logs",
                role=role.name,
                policy=json.dumps(policies.write_logs(self.log_group_arn)),
            )
        )
        return role

    def _project(self, timeout: int, compute_type: str) -> CodebuildProject:
        return named(
            CodebuildProject(
                self,
                "project",
                name=self.app.project,
                description=f"Builds the Lambda layers of {self.app.name}",
                service_role=self._role.arn,
                build_timeout=timeout,
                # Without a source a project needs its own buildspec (AWS CodeBuild API reference,
                # ProjectSource); StartBuild names source and artifacts of each build.
                source={"type": "NO_SOURCE", "buildspec": literal(buildspec_text())},
                artifacts={"type": "NO_ARTIFACTS"},
                # No cache: code of strangers runs in builds, and would write into the next ones.
                environment={
                    "compute_type": compute_type,
                    "image": DEFAULT_TARGET.build_image,
                    "type": DEFAULT_TARGET.environment_type,
                    # What aws-cdk uses for images that are not CodeBuild's own; a public one
                    # needs no permission.
                    "image_pull_credentials_type": "SERVICE_ROLE",
                },
                logs_config={
                    "cloudwatch_logs": {"status": "ENABLED", "group_name": self.app.log_group}
                },
            )
        )
