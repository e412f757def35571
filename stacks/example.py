"""The example: layers, and a function that proves they are there by importing what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from constructs import Construct

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer.argued import Argued
from modules.layer.layer import PROJECT_ROOT
from modules.layer.stack import LayersStack, Sources
from stacks.layered_function import LayeredFunction

ARGUED = (
    *(
        Argued(check, ("proof_function",), f"the example's function is called by hand, once: {why}")
        for check, why in {
            "CKV_AWS_50": "no traces",
            "CKV_AWS_115": "no reservation",
            "CKV_AWS_116": "no queue for events",
            "CKV_AWS_117": "it calls nothing, so no VPC",
            "CKV_AWS_272": "no signing profile is ours",
        }.items()
    ),
    Argued("CKV_AWS_158", ("proof_logs",), "its log names packages, and nothing else"),
)
"""What `make scan` finds of the function."""

PROOF = Path(__file__).parents[1] / "examples" / "functions" / "proof.py"


class ExampleStack(LayersStack):
    """The layers of an application and the function ``APP-proof`` that has all of them."""

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
        super().__init__(
            scope, id_, app=app, layers=layers, root=root, sources=sources, services=services
        )
        LayeredFunction(self, "proof", stack=self).make(
            PROOF,
            description="Imports what is in the layers and says where it came from",
            target_of=layers[0],
        )
