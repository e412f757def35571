"""What each role of an application has to be, for who makes the roles by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

from cdktf import App, TerraformStack
from constructs import Construct

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.role_spec import RoleSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer.hybrid import HybridService
from modules.layer.infrastructure import BuildInfrastructure
from modules.layer.layer import LambdaLayer
from modules.layer.place import Place
from modules.layer.publisher import Publisher


def wanted_roles(
    app: AppSpec,
    layers: Sequence[LayerSpec],
    place: Place,
    services: Sequence[ServiceSpec] = (),
) -> list[RoleSpec]:
    """Return the roles of an application at a place, of which all three parts are given.

    They are those of the constructs that the stack is made of, which are made here and not written.
    """
    with tempfile.TemporaryDirectory() as folder:
        stack = TerraformStack(App(outdir=folder, stack_traces=False), app.name)
        infrastructure = BuildInfrastructure(
            stack,
            "build",
            app=app,
            account=place.account,
            region=place.region,
            partition=place.partition,
        )
        publisher = None
        if app.has_publisher:
            publisher = Publisher(
                infrastructure, "publisher", infrastructure=infrastructure, notify=app.notify
            )
        scope = Construct(stack, "layers")
        for spec in layers:
            LambdaLayer(
                scope, spec.name, infrastructure=infrastructure, spec=spec, publisher=publisher
            )
        for service in services:
            HybridService(
                Construct(infrastructure, f"service-{service.name}"),
                service.name,
                infrastructure=infrastructure,
                spec=service,
            )
    return infrastructure.roles.wanted
