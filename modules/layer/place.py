"""Where the layers of an application are: account, region and partition, known at plan.

Every name is made of them, so a plan that does not know them would replace the bucket and all else
that has a name, and retire every layer. Terraform puts off all data sources of a module whose
``depends_on`` names something that changes (Terraform docs, "Data Sources", "Dependencies"), these
too. So what they once said is remembered in the state.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cdktf import (
    DataResource,
    Fn,
    Op,
    Postcondition,
    TerraformLocal,
    TerraformResource,
    TerraformResourceLifecycle,
    TerraformSelf,
    Token,
)
from constructs import Construct

from builder.errors import SpecError
from modules.layer.bindings import DataAwsCallerIdentity, DataAwsPartition, DataAwsRegion
from modules.layer.naming import named

FORMS = {
    "account": (re.compile(r"[0-9]{12}"), "12 digits, such as 123456789012"),
    "region": (re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+"), "a region such as eu-west-1"),
    "partition": (re.compile(r"aws(-[a-z]+)*"), "aws, aws-cn, aws-us-gov or another partition"),
}


@dataclass(frozen=True)
class Place:
    """An account and a region of a partition, as texts or Terraform expressions.

    Of a place that is given, what is empty is asked of the aws provider. Raises
    :class:`~builder.errors.SpecError` for a text that cannot be right.
    """

    account: str = ""
    region: str = ""
    partition: str = ""

    def __post_init__(self) -> None:
        for name, (form, expected) in FORMS.items():
            value = getattr(self, name)
            if value and not Token.is_unresolved(value) and "${" not in value:
                _check(name, value, form, expected)


def settle(scope: Construct, given: Place, beside: TerraformResource) -> Place:
    """Return the place with all its parts; what ``given`` lacks the aws provider says, once.

    It is asked again when ``beside``, which has an ``arn``, is moved: Terraform replaces it when
    the provider works in another region (hashicorp/aws 6, "Enhanced Region Support").
    """
    asked = _ask(scope, given)
    if not asked:
        return given
    moves = f"{beside.terraform_resource_type}.{beside.friendly_unique_id}.arn"
    remembered = named(
        DataResource(
            scope,
            "remembered",
            input=asked,
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["input"],
                replace_triggered_by=[moves],
                postcondition=[_is_still(part, source) for part, source in asked.items()],
            ),
        )
    )
    known = {
        # The input, because the output is unknown until it is made.
        part: remembered.interpolation_for_attribute(f"input.{part}")
        if part in asked
        else getattr(given, part)
        for part in FORMS
    }
    # A local value, because Terraform puts off a data source that refers to a resource with a
    # planned change itself, even if all that it takes of it is known.
    place = named(TerraformLocal(scope, "place", known))
    # By cdktf's own functions: in their arguments it would escape an expression that is text.
    return Place(*(str(Fn.lookup_nested(place.expression, [part])) for part in FORMS))


def _ask(scope: Construct, given: Place) -> dict[str, str]:
    """Return the data sources' attributes for the parts that are not given."""
    asked = {}
    if not given.account:
        asked["account"] = named(DataAwsCallerIdentity(scope, "account")).account_id
    if not given.partition:
        asked["partition"] = named(DataAwsPartition(scope, "partition")).partition
    if not given.region:
        asked["region"] = named(DataAwsRegion(scope, "region")).region
        return asked
    region = named(DataAwsRegion(scope, "region"))
    region.lifecycle = TerraformResourceLifecycle(
        postcondition=[
            Postcondition(
                condition=Op.eq(TerraformSelf.get_string("region"), given.region),
                error_message="The aws provider works in ${self.region}, and the layers are to "
                f"be in {given.region} (BuildInfrastructure, argument region). Let both be one.",
            )
        ]
    )
    return asked


def _is_still(part: str, source: str) -> Postcondition:
    here = TerraformSelf.get_string(f"input.{part}")
    return Postcondition(
        condition=Op.eq(here, source),
        error_message=f"The layers of this state are in {part} {here}, and the aws provider works "
        f"in {source} now. Use the credentials and the region of before; or destroy them with "
        "these first; or have another state for the other place (a workspace, another backend).",
    )


def _check(name: str, value: str, form: re.Pattern[str], expected: str) -> None:
    if not form.fullmatch(value):
        raise SpecError(
            f"{value!r} cannot be the {name}",
            where=f"BuildInfrastructure, argument {name!r}",
            expected=f"{expected}, or a Terraform expression that is known at plan",
            fix="correct it, or leave it out: the aws provider says it then",
        )
