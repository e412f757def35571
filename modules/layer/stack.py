"""The stack of an application's layers: providers, state, variables, layers and their outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from cdktf import Fn, LocalBackend, S3Backend, TerraformStack, TerraformVariable, Token
from constructs import Construct

from builder.protocol.credentials import AssumeRole, WebIdentity
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer.assets import SourceTree
from modules.layer.bindings import AwsProvider, AwsProviderDefaultTags, ExternalProvider
from modules.layer.credentials import Credentials
from modules.layer.hybrid import HybridService
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.layer import PROJECT_ROOT, LambdaLayer
from modules.layer.publisher import Publisher
from modules.layer.versions import allow_versions
from modules.layer.workspaces import (
    DESCRIPTION,
    VARIABLE,
    WorkspaceApp,
    in_workspaces,
    named_rightly,
)

Sources = Callable[[LayerSpec], SourceTree]

TYPES = {
    "str": "string",
    "str | None": "optional(string)",
    "tuple[str, ...] | None": "optional(list(string))",
    "Mapping[str, str] | None": "optional(map(string))",
}
"""The types of a role's fields in Terraform."""

SYNC_ONLY = (
    "sync_mode = false needs the publisher function, which this stack does not have. Add async = "
    "true to [app] in layers.toml, synthesize again, and apply; or leave sync_mode out."
)


class LayersStack(TerraformStack):
    """All layers and services of an application, with one output for each.

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
        services: Sequence[ServiceSpec] = (),
    ) -> None:
        super().__init__(scope, id_)
        self.app = app
        self._apart: Construct | None = None
        allow_versions(self)
        self._keep_state("." if sources else root.removeprefix("${path.module}/"))
        credentials = self._providers()
        self.log_retention_days = self._variable(
            "log_retention_days",
            "number",
            self.app.log_retention_days,
            "How long logs are kept, in days",
        ).number_value
        self.infrastructure = BuildInfrastructure(
            self,
            "build",
            app=self._in_workspaces(),
            credentials=credentials,
            log_retention_days=self.log_retention_days,
        )
        self.infrastructure.require(named_rightly(app))
        publisher = self._publisher()
        settings = self._layer_settings()
        self.layers: Mapping[str, LambdaLayer] = {
            spec.name: LambdaLayer(
                self._scope_of(spec.name),
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
        self.services = self._hybrid_services(services)

    def _scope_of(self, layer: str) -> Construct:
        """Return where a layer's construct is: a name such as "aws" is another's in the stack.

        Addresses have the layer's name alone, so they are the same in either place.
        """
        if self.node.try_find_child(layer) is None:
            return self
        if self._apart is None:
            self._apart = Construct(self.infrastructure, "layer")
        return self._apart

    def _hybrid_services(self, specs: Sequence[ServiceSpec]) -> Mapping[str, HybridService]:
        scope = Construct(self.infrastructure, "service")  # its name cannot be that of a layer
        found = {}
        for spec in specs:
            found[spec.name] = HybridService(
                scope,
                spec.name,
                infrastructure=self.infrastructure,
                spec=spec,
                log_retention_days=self.log_retention_days,
            )
            found[spec.name].add_output()
        return found

    def _in_workspaces(self) -> WorkspaceApp:
        text = DESCRIPTION.format(name=self.app.name)
        return in_workspaces(self, self.app, self._variable(VARIABLE, "string", "", text))

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
            backend = dict(self.app.backend)
            S3Backend(self, bucket=backend["bucket"], key=backend["key"], region=backend["region"])
            # Terraform knows more arguments than the construct does, such as use_lockfile.
            for name, value in {"encrypt": True, **backend}.items():
                self.add_override(f"terraform.backend.s3.{name}", value)
            return
        # cdktf's default is an absolute path of the machine that synthesizes. Terraform takes a
        # relative one from the folder it works in (Terraform docs, "Backend Type: local").
        # Other workspaces' are beside it: a folder that is generated is no place for a state.
        state = f"{folder}/terraform.{self.node.id}.tfstate"
        LocalBackend(self, path=state, workspace_dir=f"{state}.d")

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
        roles = self._variable(
            "assume_role",
            _object(AssumeRole),
            [],
            "Roles to assume for everything, one after the other",
        )
        token = self._variable(
            "assume_role_with_web_identity",
            _object(WebIdentity),
            [],
            "A role for a token, before the others",
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
        # The blocks must be absent when there is no role.
        first = f"[for arn in compact([{_plain(role)}]) : {{ role_arn = arn }}]"
        chain = f"${{concat({first}, {_plain(roles)})}}"
        provider.add_override("dynamic.assume_role", _block(AssumeRole, "assume_role", chain))
        name = "assume_role_with_web_identity"
        provider.add_override(f"dynamic.{name}", _block(WebIdentity, name, f"${{{_plain(token)}}}"))
        ExternalProvider(self, "external")
        return Credentials(
            profile=profile.string_value,
            role_arn=role.string_value,
            assume_role=f"${{{_plain(roles)}}}",
            web_identity=f"${{{_plain(token)}}}",
        )

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


def _plain(variable: TerraformVariable) -> str:
    return f"var.{variable.friendly_unique_id}"


def _block(kind: type[AssumeRole] | type[WebIdentity], name: str, each: str) -> dict[str, Any]:
    """Return a dynamic block of the provider that has what each role sets."""
    content = {part.name: f"${{try({name}.value.{part.name}, null)}}" for part in fields(kind)}
    return {"for_each": each, "content": content}


def _object(kind: type[AssumeRole] | type[WebIdentity]) -> str:
    """Return the type of a variable with a list of roles, in Terraform's words."""
    parts = [f"{part.name} = {TYPES[str(part.type)]}" for part in fields(kind)]
    return f"list(object({{ {', '.join(parts)} }}))"
