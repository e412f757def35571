"""A function that has a layer of another region is refused at plan.

Lambda takes layers of a function's own region only, and says so when the function is made: after
the layer was built, in the middle of an apply.
"""

from __future__ import annotations

import json
import re
from typing import Any

import jsii
from cdktf import (
    Aspects,
    DefaultTokenResolver,
    IAspect,
    Op,
    Postcondition,
    StringConcat,
    TerraformDataSource,
    TerraformLocal,
    TerraformResourceLifecycle,
    TerraformSelf,
    TerraformStack,
    Tokenization,
)
from constructs import Construct, IConstruct

FUNCTION = "aws_lambda_function"


@jsii.implements(IAspect)
class OwnRegion:
    """Asks each function of a stack that has some of the layers whether it is in their region."""

    def __init__(self, scope: Construct, region: str) -> None:
        self._region = region
        self._answers: dict[str, str] = {}
        self._seen: set[str] = set()
        Aspects.of(TerraformStack.of(scope)).add(self)

    def of(self, layer: str, answer: TerraformLocal) -> None:
        """Know a layer by what all its properties are read from."""
        self._answers[layer] = answer.friendly_unique_id

    def visit(self, node: IConstruct) -> None:
        """Let a function that has layers be checked when it is planned."""
        # A data source has the type of its resource, and no arguments of it.
        is_function = getattr(node, "terraform_resource_type", "") == FUNCTION
        is_read = isinstance(node, TerraformDataSource)
        if not is_function or is_read or node.node.path in self._seen:
            return
        self._seen.add(node.node.path)
        function: Any = node
        layers = json.dumps(
            Tokenization.resolve(
                function.layers_input, scope=node, resolver=DefaultTokenResolver(StringConcat())
            )
        )
        has = [
            name
            for name, local in self._answers.items()
            if re.search(rf"\blocal\.{re.escape(local)}\b", layers)
        ]
        if has:
            function.lifecycle = _with(function.lifecycle, self._is_here(has))

    def _is_here(self, layers: list[str]) -> Postcondition:
        here = TerraformSelf.get_string("region")
        return Postcondition(
            condition=Op.eq(here, self._region),
            error_message=f"This function is in region {here}, and its layers "
            f"({', '.join(sorted(layers))}) are in {self._region}: Lambda takes layers of a "
            "function's own region only. Let both have one provider: the function's argument "
            "provider or region, or provider of the BuildInfrastructure.",
        )


def _with(old: TerraformResourceLifecycle | None, more: Postcondition) -> Any:
    if old is None:
        return TerraformResourceLifecycle(postcondition=[more])
    return TerraformResourceLifecycle(
        create_before_destroy=old.create_before_destroy,
        ignore_changes=old.ignore_changes,
        postcondition=[*(old.postcondition or []), more],
        precondition=old.precondition,
        prevent_destroy=old.prevent_destroy,
        replace_triggered_by=old.replace_triggered_by,
    )
