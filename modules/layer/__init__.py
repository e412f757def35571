"""The constructs of a layer and of the infrastructure that builds it.

Import this before cdktf: the bindings start cdktf's Node process in a way that saves seconds.
"""

from modules.layer import bindings as bindings  # isort: skip - before everything that needs cdktf
from builder.protocol.credentials import AssumeRole, WebIdentity
from modules.layer.assets import SourceTree
from modules.layer.credentials import Credentials
from modules.layer.hybrid import HybridService
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.layer import LambdaLayer
from modules.layer.publisher import Publisher
from modules.layer.versions import allow_versions

__all__ = [
    "AssumeRole",
    "BuildInfrastructure",
    "Credentials",
    "HybridService",
    "LambdaLayer",
    "Publisher",
    "SourceTree",
    "WebIdentity",
    "allow_versions",
]
