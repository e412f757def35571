"""The stack of an application's layers: providers, state, variables, layers and their outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cdktf import Fn, LocalBackend, S3Backend, TerraformStack, TerraformVariable, Token
from constructs import Construct

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer.assets import SourceTree
from modules.layer.bindings import AwsProvider, AwsProviderDefaultTags, ExternalProvider
from modules.layer.infrastructure import BuildInfrastructure, Credentials
from modules.layer.layer import PROJECT_ROOT, LambdaLayer
from modules.layer.publisher import Publisher
from modules.layer.versions import allow_versions

Sources = Callable[[LayerSpec], SourceTree]

SYNC_ONLY = (
    "sync_mode = false needs the publisher function, which this stack does not have. Add async = "
    "true to [app] in layers.toml, synthesize again, and apply; or leave sync_mode out."
)


class LayersStack(TerraformStack):
    """All layers of an application, with one output for each.

    With ``sources`` the files of each layer are synthesized beside the JSON, and so is the state:
    the folder can be taken to a machine without a checkout and applied there. Without, paths are
    relative to the project, which is ``root`` as Terraform sees it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        app: AppSpec,
        layers: Sequence[LayerSpec],
        root: str = PROJECT_ROOT,
        sources: Sources | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.app = app
        allow_versions(self)
        self._keep_state("." if sources else root.removeprefix("${path.module}/"))
        credentials = self._providers()
        self.log_retention_days = self._variable(
            "log_retention_days", "number", 30, "How long logs are kept, in days"
        ).number_value
        self.infrastructure = BuildInfrastructure(
            self,
            "build",
            app=app,
            credentials=credentials,
            log_retention_days=self.log_retention_days,
        )
        publisher = self._publisher()
        settings = self._layer_settings()
        self.layers: Mapping[str, LambdaLayer] = {
            spec.name: LambdaLayer(
                self,
                spec.name,
                infrastructure=self.infrastructure,
                spec=spec,
                root=root,
                sources=sources(spec) if sources else None,
                publisher=publisher,
                **settings,
            )
            for spec in layers
        }
        for layer in self.layers.values():
            layer.add_output()

    def _publisher(self) -> Publisher | None:
        if not self.app.has_publisher:
            return None
        return Publisher(
            self.infrastructure,  # where its name cannot be that of a layer
            "publisher",
            infrastructure=self.infrastructure,
            notify=self.app.notify,
            log_retention_days=self.log_retention_days,
        )

    def _keep_state(self, folder: str) -> None:
        if self.app.backend is not None:
            settings: dict[str, Any] = {"encrypt": True, **self.app.backend}
            S3Backend(self, **settings)
            return
        # cdktf's default is an absolute path of the machine that synthesizes. Terraform takes a
        # relative one from the folder it works in (Terraform docs, "Backend Type: local").
        LocalBackend(self, path=f"{folder}/terraform.{self.node.id}.tfstate")

    def _providers(self) -> Credentials:
        region = self._variable(
            "aws_region",
            "string",
            self.app.region,
            "The AWS region; the environment's if this is empty",
        )
        profile = self._variable(
            "aws_profile", "string", "", "A profile of the AWS configuration files"
        )
        role = self._variable("assume_role_arn", "string", "", "A role to assume for everything")
        tags = self._variable("tags", "map(string)", {}, "Tags for every AWS resource")
        path_style = self._variable(
            "s3_use_path_style", "bool", False, "For AWS endpoints on loopback (AWS_ENDPOINT_URL)"
        )
        skip_checks = self._variable(
            "skip_aws_checks", "bool", False, "Do not validate credentials and region beforehand"
        )
        provider = AwsProvider(
            self,
            "aws",
            region=_or_null(region),
            profile=_or_null(profile),
            default_tags=[AwsProviderDefaultTags(tags=Token.as_string_map(tags.fqn))],
            s3_use_path_style=path_style.boolean_value,
            skip_credentials_validation=skip_checks.boolean_value,
            skip_region_validation=skip_checks.boolean_value,
        )
        # The block must be absent when there is no role.
        provider.add_override(
            "dynamic.assume_role",
            {
                "for_each": Fn.compact([role.string_value]),
                "content": {"role_arn": "${assume_role.value}"},
            },
        )
        ExternalProvider(self, "external")
        return Credentials(profile=profile.string_value, role_arn=role.string_value)

    def _layer_settings(self) -> dict[str, str]:
        force = self._variable("force_rebuild", "bool", False, "Build every layer again, once")
        debug = self._variable("debug_mode", "bool", False, "Show every command of builds")
        sync = self._variable(
            "sync_mode",
            "bool",
            self.app.sync_mode is not False,
            "Whether apply waits for builds and publishes the layers",
        )
        if not self.app.has_publisher:
            sync.add_validation(condition=sync.boolean_value, error_message=SYNC_ONLY)
        retain = self._variable(
            "retain_versions",
            "bool",
            False,
            "Keep published layer versions on destroy. It must be applied before: terraform apply "
            "-var retain_versions=true, then terraform destroy; or set TF_VAR_retain_versions=true "
            "in the environment of terraform destroy. With destroy -var alone they are deleted",
        )
        return {
            "force_rebuild": force.string_value,
            "debug_mode": debug.string_value,
            "sync_mode": sync.string_value,
            "retain_versions": retain.string_value,
        }

    def _variable(
        self, name: str, type_: str, default: object, description: str
    ) -> TerraformVariable:
        variable = TerraformVariable(
            self, name, type=type_, default=default, description=description, nullable=False
        )
        variable.override_logical_id(name)
        return variable


def _or_null(variable: TerraformVariable) -> str:
    # An empty string would be taken for a value; one() of nothing is null.
    return Token.as_string(Fn.one(Fn.compact([variable.string_value])))
