"""Fast Lambda Layer: what a program of your own imports of it, by the names that stay.

Everything is imported when it is asked for: the command starts here too, and needs little of it.
"""

TYPE_CHECKING = False  # as typing has it; no module is imported here that another could replace
if TYPE_CHECKING:
    from builder.protocol.credentials import AssumeRole, WebIdentity
    from builder.spec.app_spec import AppSpec
    from builder.spec.layer_spec import LayerSpec
    from builder.spec.layers_toml import load_config
    from builder.spec.service_spec import ServiceSpec
    from modules.layer.assets import SourceTree
    from modules.layer.bindings import AwsProvider, ExternalProvider
    from modules.layer.credentials import Credentials
    from modules.layer.hybrid import HybridService
    from modules.layer.infrastructure import BuildInfrastructure
    from modules.layer.layer import LambdaLayer
    from modules.layer.publisher import Publisher
    from modules.layer.stack import LayersStack
    from modules.layer.synthesis import synthesize
    from modules.layer.versions import allow_versions

__all__ = [
    "AppSpec",
    "AssumeRole",
    "AwsProvider",
    "BuildInfrastructure",
    "Credentials",
    "ExternalProvider",
    "HybridService",
    "LambdaLayer",
    "LayerSpec",
    "LayersStack",
    "Publisher",
    "ServiceSpec",
    "SourceTree",
    "WebIdentity",
    "allow_versions",
    "load_config",
    "synthesize",
]

_PLACES = {
    "AppSpec": "builder.spec.app_spec",
    "AssumeRole": "builder.protocol.credentials",
    "AwsProvider": "modules.layer.bindings",
    "BuildInfrastructure": "modules.layer.infrastructure",
    "Credentials": "modules.layer.credentials",
    "ExternalProvider": "modules.layer.bindings",
    "HybridService": "modules.layer.hybrid",
    "LambdaLayer": "modules.layer.layer",
    "LayerSpec": "builder.spec.layer_spec",
    "LayersStack": "modules.layer.stack",
    "Publisher": "modules.layer.publisher",
    "ServiceSpec": "builder.spec.service_spec",
    "SourceTree": "modules.layer.assets",
    "WebIdentity": "builder.protocol.credentials",
    "allow_versions": "modules.layer.versions",
    "load_config": "builder.spec.layers_toml",
    "synthesize": "modules.layer.synthesis",
}


if not TYPE_CHECKING:  # mypy knows the names from above, and a wrong one by it

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        from fast_lambda_layer.names import check_names

        check_names("builder", "modules.layer")
        try:
            return getattr(import_module(_PLACES[name]), name)
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if not package.startswith(("cdktf", "cdktn")):
                raise
            from builder.origin import extra

            raise ModuleNotFoundError(
                f"No module named {package!r}; install it with: pip install {extra('cdktf')}",
                name=package,
            ) from None
