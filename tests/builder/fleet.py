"""Functions and layers of the tests about moving functions."""

from collections.abc import Callable
from typing import Any, cast

from botocore.awsrequest import AWSResponse

from builder.functions.move import Moves, move_functions
from tests.builder.aws.test_layers import archive
from tests.builder.conftest import World, quick

UPDATE = "before-call.lambda.UpdateFunctionConfiguration"
MINE = "tag:app=shop"
TAGS = {"app": "shop"}


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


def version_of(world: World, function: str, layer: str = "web") -> int:
    """Return the version of a layer that a function has."""
    (arn,) = [arn for arn in layers_of(world, function) if f":{world.name}-{layer}:" in arn]
    return int(arn.rpartition(":")[2])


def move(world: World, layer_arn: str, *functions: str, **options: Any) -> Moves:
    """Move functions to a version of the layer "web"."""
    layer = world.layer(functions=functions)
    lines: list[str] = options.pop("lines", [])
    return move_functions(layer, layer_arn, progress=lines.append, clock=quick(), **options)


def outcomes(moves: Moves) -> dict[str, str]:
    """Return what became of each function."""
    return {move.function: str(move.outcome) for move in moves.results}


def answer(code: str, status: int) -> tuple[AWSResponse, dict[str, Any]]:
    """Return what botocore makes of an error that AWS answers."""
    parsed = {"Error": {"Code": code, "Message": "injected"}, "ResponseMetadata": {}}
    return AWSResponse("", status, cast("Any", {}), None), parsed


def inject(world: World, event: str, handler: Callable[..., Any]) -> None:
    """Let a handler see, or answer, what our client for functions asks of Lambda."""
    world.services.functions._lambda.meta.events.register_first(event, handler)
