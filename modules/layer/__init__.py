"""The constructs of a layer and of the infrastructure that builds it.

Import this before cdktf: the bindings start cdktf's Node process in a way that saves seconds.
"""

from modules.layer import bindings as bindings  # isort: skip - before everything that needs cdktf
from modules.layer.assets import SourceTree
from modules.layer.infrastructure import BuildInfrastructure, Credentials
from modules.layer.layer import LambdaLayer
from modules.layer.publisher import Publisher
from modules.layer.versions import allow_versions

__all__ = [
    "BuildInfrastructure",
    "Credentials",
    "LambdaLayer",
    "Publisher",
    "SourceTree",
    "allow_versions",
]
