"""The only import of cdktf's provider packages, without the wait that they usually cost.

``import cdktf_cdktf_provider_aws`` takes 13 seconds and more, in two places: its ``__init__``
imports 2,200 Python modules, and its JavaScript index requires as many. Here both load what is
used:

- The packages are represented by a :class:`LazyPackage`. It serves everybody in the program: their
  imports work as ever, only faster. A package that was imported before is used as it is.
- Node is started with :file:`lazy_exports.cjs`, which does the same for the index.

Where cdktn is installed and cdktf is not, it is cdktn that is imported (:mod:`successor`).
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from builder.origin import extra
from modules.layer import successor

LAZY_EXPORTS = Path(__file__).with_name("lazy_exports.cjs")

SILENCE = "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"
QUIET_NODE_VERSIONS = "18,20,22"
"""Major versions of Node that work here and that jsii would announce as too old on every run."""


class LazyPackage(ModuleType):
    """A package whose ``__init__`` is not run: submodules are imported when they are asked for."""

    def __init__(self, name: str, path: Iterable[str]) -> None:
        super().__init__(name)
        self.__path__ = list(path)

    def __getattr__(self, name: str) -> object:
        if name == "__all__":
            return self._submodules()
        full_name = f"{self.__name__}.{name}"
        if name.startswith("__") or find_spec(full_name) is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return importlib.import_module(full_name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._submodules()})

    def _submodules(self) -> list[str]:
        return [module.name for module in iter_modules(self.__path__)]


def import_lazily(name: str) -> None:
    """Let a package be a LazyPackage, unless somebody has imported it already."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(
            f"No module named {name!r}; install it with: pip install {extra('cdktf')}",
            name=name,
        )
    package = LazyPackage(name, spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules[name] = package


@contextmanager
def node_settings() -> Iterator[None]:
    """Start Node, which jsii does at its first import, with our settings; leave none behind."""
    node = os.environ.get("JSII_NODE", "node")
    if shutil.which(node) is None:
        raise ImportError(f"cdktf needs Node.js 18 or newer, and there is no {node!r}; install it")
    before = {name: os.environ.get(name) for name in ("NODE_OPTIONS", SILENCE)}
    preload = f"--require {json.dumps(str(LAZY_EXPORTS))}"
    os.environ["NODE_OPTIONS"] = f"{before['NODE_OPTIONS'] or ''} {preload}".strip()
    os.environ.setdefault(SILENCE, QUIET_NODE_VERSIONS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


if successor.is_needed():
    import_lazily("cdktn_provider_aws")
    import_lazily("cdktn_provider_external")
    successor.take_over()
else:
    import_lazily("cdktf_cdktf_provider_aws")
    import_lazily("cdktf_cdktf_provider_external")

with node_settings():
    from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
    from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
    from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
    from cdktf_cdktf_provider_aws.codebuild_project import CodebuildProject
    from cdktf_cdktf_provider_aws.data_aws_caller_identity import DataAwsCallerIdentity
    from cdktf_cdktf_provider_aws.data_aws_partition import DataAwsPartition
    from cdktf_cdktf_provider_aws.data_aws_region import DataAwsRegion
    from cdktf_cdktf_provider_aws.ecr_lifecycle_policy import EcrLifecyclePolicy
    from cdktf_cdktf_provider_aws.ecr_repository import (
        EcrRepository,
        EcrRepositoryEncryptionConfiguration,
    )
    from cdktf_cdktf_provider_aws.ecs_cluster import EcsCluster
    from cdktf_cdktf_provider_aws.ecs_task_definition import EcsTaskDefinition
    from cdktf_cdktf_provider_aws.iam_role import IamRole
    from cdktf_cdktf_provider_aws.iam_role_policy import IamRolePolicy
    from cdktf_cdktf_provider_aws.lambda_function import LambdaFunction
    from cdktf_cdktf_provider_aws.lambda_function_event_invoke_config import (
        LambdaFunctionEventInvokeConfig,
    )
    from cdktf_cdktf_provider_aws.lambda_permission import LambdaPermission
    from cdktf_cdktf_provider_aws.provider import (
        AwsProvider,
        AwsProviderAssumeRole,
        AwsProviderAssumeRoleWithWebIdentity,
        AwsProviderDefaultTags,
    )
    from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
    from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
        S3BucketLifecycleConfiguration,
        S3BucketLifecycleConfigurationRule,
        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
        S3BucketLifecycleConfigurationRuleExpiration,
        S3BucketLifecycleConfigurationRuleFilter,
        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
    from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
        S3BucketOwnershipControls,
        S3BucketOwnershipControlsRule,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
    from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
    from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
        S3BucketServerSideEncryptionConfigurationA,
        S3BucketServerSideEncryptionConfigurationRuleA,
    )
    from cdktf_cdktf_provider_aws.s3_bucket_versioning import S3BucketVersioningA
    from cdktf_cdktf_provider_aws.s3_object import S3Object
    from cdktf_cdktf_provider_aws.security_group import SecurityGroup
    from cdktf_cdktf_provider_aws.vpc_security_group_egress_rule import VpcSecurityGroupEgressRule
    from cdktf_cdktf_provider_aws.vpc_security_group_ingress_rule import (
        VpcSecurityGroupIngressRule,
    )
    from cdktf_cdktf_provider_external.data_external import DataExternal
    from cdktf_cdktf_provider_external.provider import ExternalProvider

__all__ = [
    "AwsProvider",
    "AwsProviderAssumeRole",
    "AwsProviderAssumeRoleWithWebIdentity",
    "AwsProviderDefaultTags",
    "CloudwatchEventRule",
    "CloudwatchEventTarget",
    "CloudwatchLogGroup",
    "CodebuildProject",
    "DataAwsCallerIdentity",
    "DataAwsPartition",
    "DataAwsRegion",
    "DataExternal",
    "EcrLifecyclePolicy",
    "EcrRepository",
    "EcrRepositoryEncryptionConfiguration",
    "EcsCluster",
    "EcsTaskDefinition",
    "ExternalProvider",
    "IamRole",
    "IamRolePolicy",
    "LambdaFunction",
    "LambdaFunctionEventInvokeConfig",
    "LambdaPermission",
    "S3Bucket",
    "S3BucketLifecycleConfiguration",
    "S3BucketLifecycleConfigurationRule",
    "S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload",
    "S3BucketLifecycleConfigurationRuleExpiration",
    "S3BucketLifecycleConfigurationRuleFilter",
    "S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration",
    "S3BucketLoggingA",
    "S3BucketOwnershipControls",
    "S3BucketOwnershipControlsRule",
    "S3BucketPolicy",
    "S3BucketPublicAccessBlock",
    "S3BucketServerSideEncryptionConfigurationA",
    "S3BucketServerSideEncryptionConfigurationRuleA",
    "S3BucketVersioningA",
    "S3Object",
    "SecurityGroup",
    "VpcSecurityGroupEgressRule",
    "VpcSecurityGroupIngressRule",
]
