"""Fast Lambda Layer: what a program of your own imports of it, by the names that stay.

Everything is imported when it is asked for: the command starts here too, and needs little of it.
"""

TYPE_CHECKING = False  # as typing has it; no module is imported here that another could replace
if TYPE_CHECKING:
    from builder.spec.app_spec import AppSpec
    from builder.spec.layer_spec import LayerSpec
    from builder.spec.layers_toml import load_config
    from modules.layer.assets import SourceTree
    from modules.layer.infrastructure import BuildInfrastructure, Credentials
    from modules.layer.layer import LambdaLayer
    from modules.layer.publisher import Publisher
    from modules.layer.stack import LayersStack
    from modules.layer.synthesis import synthesize

__all__ = [
    "AppSpec",
    "BuildInfrastructure",
    "Credentials",
    "LambdaLayer",
    "LayerSpec",
    "LayersStack",
    "Publisher",
    "SourceTree",
    "load_config",
    "synthesize",
]

_PLACES = {
    "AppSpec": "builder.spec.app_spec",
    "BuildInfrastructure": "modules.layer.infrastructure",
    "Credentials": "modules.layer.infrastructure",
    "LambdaLayer": "modules.layer.layer",
    "LayerSpec": "builder.spec.layer_spec",
    "LayersStack": "modules.layer.stack",
    "Publisher": "modules.layer.publisher",
    "SourceTree": "modules.layer.assets",
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
        return getattr(import_module(_PLACES[name]), name)
