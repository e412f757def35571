"""What the publisher has more where layers are shared and named, with what must stay closed."""

from __future__ import annotations

from tests.policies.mutations import Document
from tests.policies.roles import ACCOUNT, LAYER, REGION, Role, ask

PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop-layers/web"

SHARES = (
    "lambda:GetLayerVersionPolicy",
    "lambda:AddLayerVersionPermission",
    "lambda:RemoveLayerVersionPermission",
)
NAMES = ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter")


def document(layer: str = LAYER, parameter: str = PARAMETER) -> Document:
    """Return what the publisher of a layer with ``share`` and ``parameter`` has more."""
    from modules.layer import policies  # here: the package starts Node

    found: Document = policies.document(
        policies.share_versions([layer]), policies.name_versions([parameter])
    )
    return found


def shares_and_names() -> Role:
    """Return the role with these rights alone."""
    others = (f"{LAYER}2:7", LAYER.replace("shop-web", "rival") + ":7", f"{LAYER}")
    kinds = (LAYER.replace(":layer:", ":x:") + ":7", LAYER.replace("layer:", "function:") + ":7")
    parameters = (
        f"{PARAMETER}2",
        f"{PARAMETER}/x",
        PARAMETER.replace("/web", "/other"),
        PARAMETER.replace("shop-layers", "x"),
        PARAMETER.replace("parameter", "x"),
    )
    return Role(
        document(),
        (
            *(each for action in SHARES for each in ask(action, f"{LAYER}:7")),
            *(each for action in NAMES for each in ask(action, PARAMETER)),
        ),
        (
            *(each for action in SHARES for each in ask(action, *others, *kinds)),
            *(each for action in NAMES for each in ask(action, *parameters)),
        ),
    )
