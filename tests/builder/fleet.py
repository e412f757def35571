"""Functions and layers of the tests about moving functions."""

from typing import Any

from tests.builder.aws.test_layers import archive
from tests.builder.conftest import World

LAYER = "arn:aws:lambda:eu-central-1:123456789012:layer"


def function_of(world: World, name: str, layers: list[str] | None = None, **fields: Any) -> str:
    """Create a function for python3.12 on arm64, but for what is named; return its name."""
    zipped: dict[str, Any] = {
        "Runtime": "python3.12",
        "Architectures": ["arm64"],
        "Handler": "x.y",
        "Code": {"ZipFile": archive()},
        "Layers": layers or [],
    }
    name = f"{world.name}-{name}"
    world.aws.client("lambda").create_function(
        FunctionName=name, Role=world.role, **{**zipped, **fields}
    )
    return name


def image_of(world: World, name: str) -> str:
    """Create a function that is a container image."""
    name = f"{world.name}-{name}"
    world.aws.client("lambda").create_function(
        FunctionName=name,
        Role=world.role,
        PackageType="Image",
        Code={"ImageUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x:1"},
    )
    return name


def layer_of(world: World, name: str, versions: int = 1) -> list[str]:
    """Publish versions of a layer, return their ARNs."""
    lambda_ = world.aws.client("lambda")
    return [
        lambda_.publish_layer_version(
            LayerName=f"{world.name}-{name}", Content={"ZipFile": archive()}
        )["LayerVersionArn"]
        for _ in range(versions)
    ]


def layers_of(world: World, function: str) -> list[str]:
    """Return the layers a function has."""
    found = world.aws.client("lambda").get_function_configuration(FunctionName=function)
    return [layer["Arn"] for layer in found.get("Layers", [])]
