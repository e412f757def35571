"""The aws provider of an application's resources, where a stack has more than one."""

from __future__ import annotations

from cdktf import TerraformDataSource, TerraformProvider, TerraformResource
from constructs import Construct


def use_provider(construct: Construct, provider: TerraformProvider | None) -> None:
    """Let everything of AWS in a construct be made by a provider; None leaves the default one."""
    if provider is None:
        return
    for element in construct.node.find_all():
        if not isinstance(element, TerraformResource | TerraformDataSource):
            continue
        if element.terraform_resource_type.startswith("aws_"):
            element.provider = provider
