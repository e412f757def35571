"""The example of a hybrid service: a thin layer, a service, and a function that uses it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from constructs import Construct

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer.layer import PROJECT_ROOT
from modules.layer.stack import LayersStack, Sources
from stacks.layered_function import LayeredFunction

HANDLER = Path(__file__).parents[1] / "examples" / "functions" / "ledger.py"


class HybridStack(LayersStack):
    """The layers and services of an application, and ``APP-api``, which uses the first service.

    On AWS that function must also be in the service's subnets, with its ``client_security_group``
    (``vpc_config``), which the stand-in for functions does not serve.
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
        super().__init__(
            scope, id_, app=app, layers=layers, root=root, sources=sources, services=services
        )
        service = next(iter(self.services.values()))
        function = LayeredFunction(self, "api", stack=self)
        function.make(
            HANDLER,
            description=f"Uses the service {service.spec.name}",
            target_of=layers[0],
            timeout=300,
            environment=service.environment,
            after=[service.allow(function.role.name)],
        )
