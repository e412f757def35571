"""A hybrid service: what an ephemeral Fargate task and the functions that use it need in AWS.

The words are those of docs/hybrid.md. There is no starter and no stopper to pay for: the client in
the functions starts the task, the supervisor in the task ends it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cdktf import TerraformOutput, TerraformResourceLifecycle
from constructs import Construct

from builder.errors import SpecError
from builder.spec.service_spec import LONGEST, ServiceSpec
from modules.layer import hybrid_policies as policies
from modules.layer import hybrid_task as task
from modules.layer.bindings import (
    CloudwatchLogGroup,
    EcrRepository,
    EcsCluster,
    EcsTaskDefinition,
    IamRolePolicy,
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3Object,
    SecurityGroup,
    VpcSecurityGroupEgressRule,
    VpcSecurityGroupIngressRule,
)
from modules.layer.bucket import rules, secure
from modules.layer.hybrid_image import image_of
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.naming import named
from modules.layer.policies import Document, document, use_key
from modules.layer.providers import use_provider
from modules.layer.repository import repository
from modules.layer.role import Role
from modules.layer.workspaces import named_shortly


class HybridService(Construct):
    """The infrastructure of one service.

    A function that uses it has the variable in :attr:`environment`, the security group
    :attr:`client_security_group` and, by :meth:`allow`, the rights to find and start the task. Its
    names, KMS key, permissions boundary and network, unless the spec names one, are those of the
    application. A ``layer`` that the spec names is a LambdaLayer of the same infrastructure, which
    was made before.

    Raise SpecError for a service without a network, of a name that is too long, or that is there
    twice, and for a layer that cannot be its image.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        infrastructure: BuildInfrastructure,
        spec: ServiceSpec,
        log_retention_days: float = 30,
    ) -> None:
        super().__init__(scope, id_)
        self._image = image_of(infrastructure, spec)
        self.spec = spec = self._image.spec if self._image else spec
        spec.full_name(infrastructure.app.name)  # or it is too long
        self.name = f"{infrastructure.app.prefix}-{spec.name}"
        infrastructure.admit_service(self, spec.name)
        self._infrastructure = infrastructure
        self._vpc, self._subnets = self._network()
        self._region = infrastructure.region
        self._roles = infrastructure.roles.beside(self)

        bucket = self._bucket()
        self._repository = self._image_repository() if spec.image_tag else None
        ends_after = [infrastructure.retirement] if self._image else None
        cluster = named(EcsCluster(self, "cluster", name=self.name, depends_on=ends_after))
        logs = named(
            CloudwatchLogGroup(
                self,
                "logs",
                name=self.log_group,
                retention_in_days=log_retention_days,
                kms_key_id=infrastructure.app.kms_key or None,
            )
        )
        roles = (
            self._role("task", policies.task(self.bucket_arn, spec.prefix), uses_key=True),
            self._role("execution", policies.execution(self._image_arn(), self._log_group_arn)),
        )
        clients, tasks = self._security_groups()
        self.client_security_group: str = clients.id
        """The group that a function must have to reach the service."""
        definition = self._task_definition(roles, logs)
        settings = task.client_settings(
            spec,
            cluster=cluster.name,
            task_definition=definition.arn,
            subnets=self._subnets,
            security_group=tasks.id,
        )
        named(
            S3Object(
                self,
                "settings",
                bucket=bucket.bucket,
                key=f"{spec.prefix}{policies.SETTINGS}",
                content=json.dumps(settings, indent=2),
                content_type="application/json",
                depends_on=self._secured,
                lifecycle=self._started_from(),
            )
        )
        use_provider(self, infrastructure.provider)

    @property
    def bucket_name(self) -> str:
        """The bucket of the data, known at plan."""
        return f"{self.name}-{self._infrastructure.account}-{self._region}"

    @property
    def bucket_arn(self) -> str:
        """The bucket's ARN, known at plan."""
        return f"arn:{self._infrastructure.partition}:s3:::{self.bucket_name}"

    @property
    def log_group(self) -> str:
        """The log group of the tasks."""
        return f"/services/{self.name}"

    @property
    def repository_url(self) -> str:
        """Where an image is to be pushed, "" if a layer is it, or it is elsewhere."""
        return str(self._repository.repository_url) if self._repository else ""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variable that a function must have."""
        return task.place(self.bucket_name, self.spec)

    @property
    def client_policy(self) -> str:
        """The policy document that a function's role must have, as JSON."""
        found = policies.client(
            bucket_arn=self.bucket_arn,
            prefix=self.spec.prefix,
            cluster_arn=self._infrastructure.arn("ecs", f"cluster/{self.name}"),
            definition_arn=self._infrastructure.arn("ecs", f"task-definition/{self.name}"),
            role_arns=[self._role_arn(kind) for kind in ("task", "execution")],
        )
        return json.dumps(self._with_key(found))

    def allow(self, role_name: str, *, id_: str = "client") -> IamRolePolicy:
        """Let the role of a function use the service; ``id_`` tells several apart.

        Raise SpecError where an administrator makes the roles: a stack writes no policy then.
        """
        if not self._infrastructure.app.makes_roles:
            raise SpecError(
                f"a policy of role {role_name!r} would be written, and roles is 'existing'",
                where=f"HybridService {self.node.path}, allow",
                expected="no policy of the stack: an administrator makes roles and their policies",
                fix="leave allow() out, and have the role given client_policy (output "
                f"service_{self.spec.name})",
            )
        policy = IamRolePolicy(self, id_, name=self.name, role=role_name, policy=self.client_policy)
        named(policy)
        use_provider(policy, self._infrastructure.provider)
        return policy

    def add_output(self, name: str = "") -> TerraformOutput:
        """Output what functions elsewhere need: ``service_NAME``."""
        output = TerraformOutput(
            self,
            "output",
            value={
                "environment": self.environment,
                "client_security_group": self.client_security_group,
                "client_policy": self.client_policy,
                "repository_url": self.repository_url,
                "bucket": self.bucket_name,
                "cluster": self.name,
                "log_group": self.log_group,
            },
            description=f"What a function needs to use the service {self.spec.name}",
        )
        output.override_logical_id(name or f"service_{self.spec.name}")
        return output

    def _network(self) -> tuple[str, tuple[str, ...]]:
        vpc = self._infrastructure.app.vpc
        if self.spec.vpc:
            return self.spec.vpc, self.spec.subnets
        if vpc is not None:
            return vpc.id, vpc.subnets
        raise SpecError(
            f"service {self.spec.name!r} has no network",
            where=self.spec.where or f"HybridService {self.node.path}",
            expected="vpc and subnets of the service, or vpc in [app]",
            fix='add vpc = "vpc-..." and subnets = ["subnet-..."] to the service',
        )

    @property
    def _log_group_arn(self) -> str:
        return self._infrastructure.arn("logs", f"log-group:{self.log_group}")

    def _role_name(self, kind: str) -> str:
        return f"{self.name}{self._infrastructure.app.role_mark}-{self._region}-{kind}"

    def _role_arn(self, kind: str) -> str:
        home = self._infrastructure
        return home.app.role_arn(self._role_name(kind), home.account, home.partition)

    def _image_arn(self) -> str:
        if self.spec.image:
            return task.repository_of(self.spec.image, self._infrastructure.partition)
        name = self._image.repository if self._image else self.name
        return self._infrastructure.arn("ecr", f"repository/{name}")

    def _image_uri(self) -> str:
        if self._image:
            return self._image.uri
        return self.spec.image or f"{self.repository_url}:{self.spec.image_tag}"

    def _started_from(self) -> TerraformResourceLifecycle | None:
        if self._image is None:
            return None
        return TerraformResourceLifecycle(precondition=[self._image.is_there])

    def _with_key(self, policy: Document) -> Document:
        """Add what the bucket's KMS key needs."""
        key = self._infrastructure.app.kms_key
        return document(*policy["Statement"], use_key(key)) if key else policy

    def _bucket(self) -> S3Bucket:
        scope, may_go = Construct(self, "data"), self.spec.force_destroy
        bucket = named(
            S3Bucket(
                scope,
                "bucket",
                bucket=self.bucket_name,
                force_destroy=may_go,
                lifecycle=TerraformResourceLifecycle(
                    # Else a destroy would take all the rest away before S3 refuses to delete it.
                    prevent_destroy=not may_go,
                    precondition=[named_shortly(self.name, LONGEST)],
                ),
            )
        )
        app = self._infrastructure.app
        self._secured = secure(scope, bucket.bucket, self.bucket_arn, app, self.bucket_name)
        markers = S3BucketLifecycleConfigurationRule(
            # Each snapshot has a key of its own, and leaves a delete marker when it goes.
            id="forget-delete-markers",
            status="Enabled",
            filter=[S3BucketLifecycleConfigurationRuleFilter()],
            expiration=[
                S3BucketLifecycleConfigurationRuleExpiration(expired_object_delete_marker=True)
            ],
        )
        named(
            S3BucketLifecycleConfiguration(
                scope,
                "lifecycle",
                bucket=bucket.bucket,
                rule=[*rules((), 1, self.spec.noncurrent_days), markers],
            )
        )
        return bucket

    def _image_repository(self) -> EcrRepository:
        key = self._infrastructure.app.kms_key
        force = self.spec.force_destroy
        return repository(self, self.name, kms_key=key, force_delete=force)[0]

    def _role(self, kind: str, policy: Document, *, uses_key: bool = False) -> Role:
        home = self._infrastructure
        return self._roles.add(
            self,
            (f"{kind}-role", f"{kind}-policy"),
            name=self._role_name(kind),
            description=f"The {kind} role of the service {self.name}",
            trust=policies.task_trust(home.account, self._region, home.partition),
            policy=(kind, self._with_key(policy) if uses_key else policy),
            of=f"service {self.spec.name}",
        )

    def _security_groups(self) -> tuple[SecurityGroup, SecurityGroup]:
        clients, tasks = (self._security_group(name) for name in ("clients", "tasks"))
        port: dict[str, Any] = {
            "from_port": self.spec.port,
            "to_port": self.spec.port,
            "ip_protocol": "tcp",
        }
        named(
            VpcSecurityGroupIngressRule(
                self,
                "from-clients",
                security_group_id=tasks.id,
                referenced_security_group_id=clients.id,
                description=f"Functions that use {self.name}",
                **port,
            )
        )
        named(
            VpcSecurityGroupEgressRule(
                self,
                "to-tasks",
                security_group_id=clients.id,
                referenced_security_group_id=tasks.id,
                description=f"The tasks of {self.name}",
                **port,
            )
        )
        for name, group in (("clients", clients), ("tasks", tasks)):
            named(
                VpcSecurityGroupEgressRule(
                    self,
                    f"{name}-to-aws",
                    security_group_id=group.id,
                    cidr_ipv4="0.0.0.0/0",
                    from_port=443,
                    to_port=443,
                    ip_protocol="tcp",
                    description="S3, ECS, ECR and CloudWatch Logs",
                )
            )
        return clients, tasks

    def _security_group(self, name: str) -> SecurityGroup:
        return named(
            SecurityGroup(
                self,
                f"{name}-group",
                name=f"{self.name}-{name}",
                description=f"The {name} of the service {self.name}",
                vpc_id=self._vpc,
            )
        )

    def _task_definition(
        self, roles: tuple[Role, Role], logs: CloudwatchLogGroup
    ) -> EcsTaskDefinition:
        spec = self.spec
        task_role, execution_role = roles
        volumes: list[dict[str, Any]] = [{"name": name} for name in task.VOLUMES]
        container = task.container(
            spec,
            image=self._image_uri(),
            bucket=self.bucket_name,
            log_group=logs.name,
            region=self._region,
        )
        return named(
            EcsTaskDefinition(
                self,
                "task",
                family=self.name,
                requires_compatibilities=["FARGATE"],
                network_mode="awsvpc",
                cpu=str(spec.cpu),
                memory=str(spec.memory),
                task_role_arn=task_role.arn,
                execution_role_arn=execution_role.arn,
                ephemeral_storage={"size_in_gib": spec.ephemeral_storage},
                runtime_platform={
                    "cpu_architecture": spec.architecture.upper(),
                    "operating_system_family": "LINUX",
                },
                volume=volumes,
                container_definitions=json.dumps([container]),
                # Clients find the former revision until the settings name the new one. All that
                # this depends on is replaced so, too: no layer, no approval, no release is.
                lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
            )
        )
