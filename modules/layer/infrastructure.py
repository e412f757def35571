"""What all layers of an application share: bucket, log group, CodeBuild project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdktf import (
    DataResource,
    ITerraformDependable,
    Precondition,
    TerraformLocal,
    TerraformProvider,
    TerraformResource,
    TerraformResourceLifecycle,
)
from constructs import Construct

from builder.errors import SpecError
from builder.protocol.variables import RETIRE_VARIABLE
from builder.spec.app_spec import AppSpec
from builder.spec.runtimes import Target
from modules.layer import policies
from modules.layer.at_synthesis import at_synthesis
from modules.layer.bindings import (
    CloudwatchLogGroup,
    CodebuildProject,
    S3Bucket,
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
)
from modules.layer.bucket import rules, secure
from modules.layer.buildspec import buildspec_text
from modules.layer.credentials import Credentials
from modules.layer.hooks import Hooks
from modules.layer.naming import layer_place, literal, named, place_of
from modules.layer.neighbours import Addresses, admit_service, refuse_other_stack
from modules.layer.place import Place, settle
from modules.layer.providers import use_provider
from modules.layer.regions import OwnRegion
from modules.layer.role import Role, Roles

DEFAULT_TARGET = Target("3.13", "x86_64")

PLACE = ("bucket", "region", "account")
"""Where a layer's objects and versions are; its name in Lambda may change there."""
"""What the project says of its environment; every build overrides it for its own target."""


class BuildInfrastructure(Construct):
    """The bucket, the log group and the CodeBuild project of an application's layers.

    ``bundle_days`` is how long the inputs of builds are kept, ``noncurrent_days``
    how long overwritten and deleted objects are. ``force_destroy`` lets ``terraform destroy``
    delete a bucket that is not empty; everything in it can be built again. ``account``, ``region``
    and ``partition`` are asked of the aws provider unless they are given. ``provider`` is that of
    bucket, project, layers and publisher, where it is not the stack's default one.
    """

    def __init__(  # noqa: PLR0913 - the settings of a construct are keyword arguments
        self,
        scope: Construct,
        id_: str,
        *,
        app: AppSpec,
        credentials: Credentials | None = None,
        provider: TerraformProvider | None = None,
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
        self.provider = provider
        self.addresses = Addresses.of(self)
        self.addresses.settle(app.name, provider, self)
        self.addresses.take(place_of(self), self, "give the infrastructure another id")
        self.app = app
        self._layers: dict[str, Construct] = {}
        self._services: dict[str, str] = {}
        self._credentials = (credentials or Credentials()).query(self)
        self.bundle_days = bundle_days
        self.noncurrent_days = noncurrent_days
        self.force_destroy = force_destroy

        log_group = named(
            CloudwatchLogGroup(
                self,
                "logs",
                name=app.log_group,
                retention_in_days=log_retention_days,
                kms_key_id=app.kms_key or None,
            )
        )
        # Names and ARNs are made of these three, so that they are known at plan, before anything
        # exists: the plan hook must not depend on a resource that is still to be made.
        place = settle(self, Place(account, region, partition), log_group)
        self.account, self.region, self.partition = place.account, place.region, place.partition
        self.own_region = OwnRegion(self, self.region)
        self.roles = Roles(self, app, place)

        self._bucket = named(
            S3Bucket(
                self,
                "bucket",
                bucket=app.bucket(self.account, self.region),
                force_destroy=force_destroy,
            )
        )
        bucket_settings = secure(self, self._bucket.bucket, self.bucket_arn, app, self.bucket_name)
        self._expiring: list[str] = []
        self._expire_objects()
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
        self._retired = named(TerraformLocal(self, "retirements", {}))
        self._retire = self._retire_layers()
        self._retire_after = list(self._retire.depends_on or [])
        self._program: list[str] = []
        use_provider(self, provider)

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
        return self.arn("logs", f"log-group:{self.app.log_group}")

    @property
    def project_arn(self) -> str:
        """The CodeBuild project's ARN, known at plan."""
        return self.arn("codebuild", f"project/{self.app.project}")

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource in the application's account and region, known at plan."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def for_builds(self) -> list[policies.Statement]:
        """Return what the application's options ask for of every build role."""
        app, found = self.app, []
        if app.kms_key:
            found.append(policies.use_key(app.kms_key))
        if app.vpc:
            place = f"{self.region}:{self.account}"
            found += policies.use_network(app.vpc, place, self.partition)
        return found

    def build_role_arn(self, layer: str) -> str:
        """Return the ARN of the role under which a layer's builds run, known at plan."""
        return self.app.build_role_arn(layer, self.region, self.account, self.partition)

    def require(self, condition: Precondition) -> None:
        """Let nothing be made unless a condition holds that is known at plan."""
        self._bucket.lifecycle = TerraformResourceLifecycle(precondition=[condition])

    def admit(self, layer: Construct, name: str) -> str:
        """Take a layer in; return what its addresses begin with.

        Raise SpecError for a second one of a name, or one of another stack.
        """
        refuse_other_stack(self, layer, name)
        if name in self._layers:
            raise SpecError(
                f"there are two layers {name!r} in application {self.app.name!r}",
                where=f"{self._layers[name].node.path} and {layer.node.path}",
                expected="a name of its own for each LayerSpec: bucket, roles and Lambda know them "
                "by it",
                fix="rename one, or use one LambdaLayer for both",
            )
        self._layers[name] = layer
        address = layer_place(self, name)
        fix = "give the other one another id, or each BuildInfrastructure a scope of its own"
        self.addresses.take(address, layer, fix)
        return address

    @property
    def layers(self) -> Mapping[str, Construct]:
        """The layers that were taken in, by name."""
        return self._layers

    def admit_service(self, service: Construct, name: str) -> None:
        """Take a service in; raise SpecError for a second one of a name, or of another stack."""
        admit_service(self._services, self, service, name)

    def expire(self, prefix: str) -> None:
        """Let objects below a prefix go after ``bundle_days``."""
        self._expiring.append(prefix)

    def query(self) -> dict[str, str]:
        """Return what every hook is asked alike: where the application is, and as who."""
        return {
            "project": self.app.project,
            "bucket": self.bucket_name,
            "log_group": self.app.log_group,
            "region": self.region,
            "account": self.account,
            **({"signing_key": self.app.signing_key} if self.app.signing_key else {}),
            **self._credentials,
        }

    @property
    def remembered(self) -> dict[str, str]:
        """What is kept of it in the state for each layer's end."""
        unused = ("log_group", "signing_key")
        return {key: value for key, value in self.query().items() if key not in unused}

    def retire(self, layer: str, settings: Mapping[str, Any], program: Sequence[str]) -> None:
        """Let ``program retire`` be run with these settings when the layer goes.

        ``settings`` are those of docs/protocol.md; ``program`` is the same for all layers.
        """
        self._retirements[layer] = settings
        self._program = list(program)

    def retire_before(self, resource: TerraformResource) -> None:
        """Let layers be retired before this is destroyed."""
        address = f"{resource.terraform_resource_type}.{resource.friendly_unique_id}"
        self._retire_after.append(address)

    def moves_of(self, layer: str) -> list[str]:
        """Return the addresses of what changes when a layer moves to another place.

        They name the layer's own retirement, so who refers to them waits for that one. What depends
        on the block of all layers has as many ways in Terraform's graph as there are layers.
        """
        address = f"{self._retire.terraform_resource_type}.{self._retire.friendly_unique_id}"
        return [f'{address}["{layer}"].triggers_replace.{key}' for key in PLACE]

    def _retire_layers(self) -> DataResource:
        # Versions are published by builds, not by Terraform, so a destroy-time provisioner removes
        # them. It is one block for all layers: Terraform does not run the provisioner of a block
        # that was taken out of the configuration, but it does for an instance that was (Terraform
        # docs, "Provisioners"). It sees nothing but self, so all it needs is in the input. A new
        # input alone does not run it; a layer that moves to another name, bucket, account or
        # region is retired where it was.
        settings = f"local.{self._retired.friendly_unique_id}"
        own = f"{settings}[each.key]"
        retire = named(
            DataResource(
                self,
                "retire",
                triggers_replace={key: f"${{{own}.{key}}}" for key in ("layer_name", *PLACE)},
                depends_on=[*self.ready],
            )
        )
        retire.add_override("input", f"${{{own}}}")
        # Each instance reads all of for_each anew: so it has no settings. It is no set either,
        # which takes Terraform many times as long.
        names = f"${{{{ for name in keys({settings}) : name => name }}}}"
        of_each = named(TerraformLocal(self, "layers", names)).friendly_unique_id
        retire.add_override("for_each", f"${{local.{of_each}}}")
        at_synthesis(retire, self._put_retirements)
        return retire

    def _put_retirements(self) -> None:
        self._retired.expression = self._retirements
        self._retire.depends_on = self._retire_after
        if not self._retirements:
            return
        self._retire.add_override(
            "provisioner",
            [
                {
                    "local-exec": {
                        "when": "destroy",
                        # The program is its own interpreter: no shell, so nothing to quote.
                        "interpreter": self._program,
                        "command": "retire",
                        "environment": {RETIRE_VARIABLE: "${jsonencode(self.input)}"},
                    }
                }
            ],
        )

    def _expire_objects(self) -> None:
        lifecycle = named(
            S3BucketLifecycleConfiguration(self, "lifecycle", bucket=self._bucket.bucket, rule=[])
        )
        at_synthesis(lifecycle, lambda: lifecycle.put_rule(self._rules()))

    def _rules(self) -> list[S3BucketLifecycleConfigurationRule]:
        return rules(self._expiring, self.bundle_days, self.noncurrent_days)

    def _project_role(self) -> Role:
        # A project cannot be without a role. Builds run under the role of their layer
        # (StartBuild's serviceRoleOverride), so this one can do nothing but tell its story.
        logs = policies.write_logs(self.log_group_arn)["Statement"]
        return self.roles.add(
            self,
            ("role", "permissions"),
            name=f"{self.app.project}{self.app.role_mark}-{self.region}",
            description=f"CodeBuild project {self.app.project}; each layer has its own role",
            trust=policies.codebuild_trust(self.project_arn, self.account),
            policy=("logs", policies.document(*logs, *self.for_builds())),
        )

    def _project(self, timeout: int, compute_type: str) -> CodebuildProject:
        return named(
            CodebuildProject(
                self,
                "project",
                name=self.app.project,
                description=f"Builds the Lambda layers of {self.app.prefix}",
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
                vpc_config=self.network(),
                logs_config={
                    "cloudwatch_logs": {"status": "ENABLED", "group_name": self.app.log_group}
                },
            )
        )

    def network(self) -> dict[str, Any] | None:
        """Return the VPC that builds run in, None for CodeBuild's own network."""
        vpc = self.app.vpc
        if vpc is None:
            return None
        return {
            "vpc_id": vpc.id,
            "subnets": list(vpc.subnets),
            "security_group_ids": list(vpc.security_groups),
        }
