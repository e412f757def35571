"""Constructs that cannot be beside each other are refused at synthesis.

Terraform would make both and AWS refuse the second, or worse: what has one name is taken for one
thing, and removing one of two layers would delete what the other published.
"""

from __future__ import annotations

from cdktf import TerraformProvider, TerraformStack
from constructs import Construct

from builder.errors import SpecError


class Addresses:
    """What the infrastructures, layers and publishers of a stack are called by Terraform."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}
        self._infrastructures: dict[tuple[str, TerraformProvider | None], str] = {}

    @classmethod
    def of(cls, infrastructure: Construct) -> Addresses:
        """Return the addresses of the infrastructure's stack, which others in it may have begun."""
        for other in TerraformStack.of(infrastructure).node.find_all():
            if isinstance(found := vars(other).get("addresses"), cls):
                return found
        return cls()

    def settle(self, app: str, provider: TerraformProvider | None, construct: Construct) -> None:
        """Note an application's infrastructure; raise SpecError if the stack has another one."""
        path = construct.node.path
        if self._infrastructures.setdefault((app, provider), path) != path:
            raise SpecError(
                f"there are two infrastructures of application {app!r} in one stack",
                where=f"{self._infrastructures[app, provider]} and {path}",
                expected="one BuildInfrastructure for each application and provider",
                fix="give the one to all its layers, or name another application: AppSpec(...); "
                "in another region or account it has another provider: provider=...",
            )

    def take(self, address: str, construct: Construct, fix: str) -> None:
        """Note whose an address is; raise SpecError if it is another's, which would be lost."""
        path = construct.node.path
        if address and self._taken.setdefault(address, path) != path:
            raise SpecError(
                f"two constructs would be {address} in Terraform",
                where=f"{self._taken[address]} and {path}",
                expected="an address of its own for each",
                fix=fix,
            )


def refuse_other_stack(infrastructure: Construct, layer: Construct, name: str) -> None:
    """Raise SpecError if a layer is in another stack than its infrastructure."""
    home, elsewhere = (TerraformStack.of(it).node.path for it in (infrastructure, layer))
    if home != elsewhere:
        raise SpecError(
            f"layer {name!r} is in stack {elsewhere!r}, and its infrastructure in {home!r}",
            where=f"LambdaLayer {layer.node.path}, argument 'infrastructure'",
            expected="both in one stack: approval and retiring have to be ordered by Terraform",
            fix=f"move the layer to {home!r} and pass its layer_arn to {elsewhere!r}, or give "
            f"{elsewhere!r} a BuildInfrastructure of its own, with another AppSpec name",
        )


def admit_service(
    taken: dict[str, str], infrastructure: Construct, service: Construct, name: str
) -> None:
    """Note a service among those of an infrastructure.

    Raise SpecError for a second one of a name, or one of another stack.
    """
    home, elsewhere = (TerraformStack.of(it).node.path for it in (infrastructure, service))
    if home != elsewhere:
        raise SpecError(
            f"service {name!r} is in stack {elsewhere!r}, and its infrastructure in {home!r}",
            where=f"HybridService {service.node.path}, argument 'infrastructure'",
            expected="both in one stack: names are made of what the infrastructure knows",
            fix=f"move the service to {home!r}, or give {elsewhere!r} a BuildInfrastructure of its "
            "own, with another AppSpec name",
        )
    path = service.node.path
    if taken.setdefault(name, path) != path:
        raise SpecError(
            f"there are two services {name!r} in one application",
            where=f"{taken[name]} and {path}",
            expected="a name of its own for each ServiceSpec: AWS knows them by it",
            fix="rename one, or use one HybridService for both",
        )
