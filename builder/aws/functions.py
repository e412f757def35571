"""Lambda functions: which layers they have, and giving them others.

Sources of the facts:
- fields and states: AWS Lambda API reference, "FunctionConfiguration"; AWS Lambda developer guide,
  "Lambda function states".
- ListFunctions has no State and LastUpdateStatus: API reference, "ListFunctions".
- 15 requests a second for all control plane calls of an account and region: AWS Lambda developer
  guide, "Lambda quotas". So our client is more patient with throttling than others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained
from builder.aws.together import together
from builder.errors import LayerError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PATIENCE = {"mode": "standard", "total_max_attempts": 8}

COLLISIONS = frozenset(
    {
        "PreconditionFailedException",  # the RevisionId is no longer the function's
        "ResourceConflictException",  # another update is under way
        "TooManyRequestsException",  # throttled for longer than botocore tries
    }
)
ABSENT = "ResourceNotFoundException"


@dataclass(frozen=True)
class LayerUse:
    """A layer version that a function has; ``zipped_size`` in bytes, all that Lambda shows."""

    arn: str
    zipped_size: int = 0

    @property
    def layer(self) -> str:
        """The ARN of the layer, without the version."""
        return self.arn.rpartition(":")[0]

    @property
    def version(self) -> int:
        """The number of the version."""
        return int(self.arn.rpartition(":")[2])


@dataclass(frozen=True)
class Function:
    """A function as Lambda describes it. ``state`` and ``update`` are "" when it is from a list."""

    name: str
    arn: str
    package: str = "Zip"
    runtime: str = ""
    architecture: str = ""
    layers: tuple[LayerUse, ...] = ()
    zipped_size: int = 0
    revision: str = ""
    state: str = ""
    state_reason: str = ""
    update: str = ""
    update_reason: str = ""

    @property
    def settled(self) -> bool:
        """Whether neither its creation nor an update is under way."""
        return self.state != "Pending" and self.update != "InProgress"

    def version_of(self, layer: str) -> int | None:
        """Return the version of a layer it has, None when it has none; ``layer`` is an ARN."""
        return next((use.version for use in self.layers if use.layer == layer), None)

    @classmethod
    def read(cls, configuration: Mapping[str, Any]) -> Function:
        """Read a FunctionConfiguration."""
        return cls(
            name=configuration["FunctionName"],
            arn=configuration["FunctionArn"],
            package=configuration.get("PackageType", "Zip"),
            runtime=configuration.get("Runtime", ""),
            architecture=(configuration.get("Architectures") or ["x86_64"])[0],
            layers=tuple(
                LayerUse(layer["Arn"], layer.get("CodeSize", 0))
                for layer in configuration.get("Layers", [])
            ),
            zipped_size=configuration.get("CodeSize", 0),
            revision=configuration.get("RevisionId", ""),
            state=configuration.get("State", ""),
            state_reason=configuration.get("StateReason", ""),
            update=configuration.get("LastUpdateStatus", ""),
            update_reason=configuration.get("LastUpdateStatusReason", ""),
        )


@dataclass(frozen=True, order=True)
class Use:
    """That a function has a version of a layer; ``qualifier`` is ``$LATEST`` or a version.

    ``arn`` is the function's, without a version. Of what is no function and has an image,
    ``qualifier`` says what it is: ``a task``, of ``service chroma``, which no function is named.
    """

    function: str
    qualifier: str
    layer_arn: str
    arn: str = field(default="", compare=False)

    @property
    def version(self) -> int:
        """The version of the layer."""
        return int(self.layer_arn.rpartition(":")[2])

    @property
    def is_latest(self) -> bool:
        """Whether it is the function itself, not a published version, which nothing can change."""
        return self.qualifier == "$LATEST"

    def __str__(self) -> str:
        if self.is_latest:
            return self.function
        is_service = " " in self.function
        return (
            f"{self.qualifier} of {self.function}"
            if is_service
            else f"{self.function}:{self.qualifier}"
        )


@dataclass(frozen=True)
class Uses:
    """Which functions have which layers, as one listing showed it, by the ARNs of the layers.

    With ``published`` functions' published versions are among them.
    """

    published: bool
    by_layer: Mapping[str, Sequence[Use]]

    @classmethod
    def read(cls, listed: Iterable[Sequence[Any]], *, published: bool) -> Uses:
        """Read a list of name, qualifier, ARN and layer versions of each function."""
        found: dict[str, list[Use]] = {}
        for name, qualifier, arn, layers in listed:
            for layer in layers:
                use = Use(name, qualifier, layer, arn=arn)
                found.setdefault(layer.rpartition(":")[0], []).append(use)
        return cls(published, {layer: sorted(uses) for layer, uses in found.items()})

    def of(self, layer: str) -> list[Use]:
        """Return the functions that have any version of a layer, by its ARN without one."""
        return list(self.by_layer.get(layer, ()))


def by_version(uses: Iterable[Use]) -> dict[str, list[str]]:
    """Return the functions that have each layer version, by its ARN, in words."""
    users: dict[str, list[str]] = {}
    for use in uses:
        users.setdefault(use.layer_arn, []).append(str(use))
    return users


class Functions:
    """The functions of an account and region."""

    def __init__(self, session: Session) -> None:
        self.session = self._session = session

    @cached_property
    def _lambda(self) -> LambdaClient:
        client: LambdaClient = self._session.client("lambda", retries=PATIENCE)
        return client

    def get(self, function: str) -> Function | None:
        """Return a function by its name or ARN, or None if there is none."""
        with explained("lambda:GetFunctionConfiguration", f"function {function}"):
            try:
                answer = self._lambda.get_function_configuration(FunctionName=function)
            except ClientError as error:
                if code_of(error) == ABSENT:
                    return None
                raise
        return Function.read(answer)

    def using(self, layer: str, *, published: bool = True) -> list[Use]:
        """Return the functions that have any version of a layer, by the layer's ARN without one."""
        return self.uses(published=published).of(layer)

    def uses(self, *, published: bool = True) -> Uses:
        """List all functions of the account and region, and return which layers they have.

        With ``published`` their published versions too: ``ALL`` lists those (Lambda API reference,
        ListFunctions). Aliases need no look of their own: each points to a published version or to
        $LATEST. A list of 5,000 functions is a hundred calls, so processes of this machine that
        want it at the same time share one that began after they asked.
        """
        options: Any = {"FunctionVersion": "ALL"} if published else {}

        def ask() -> list[Sequence[Any]]:
            with explained("lambda:ListFunctions", "the functions of the account and region"):
                pages = self._lambda.get_paginator("list_functions").paginate(**options)
                return [
                    _listed(config)
                    for page in pages
                    for config in page["Functions"]
                    if config.get("Layers")
                ]

        try:
            asking = f"{self._session.caller} {self._lambda.meta.endpoint_url}"
        except LayerError:
            return Uses.read(ask(), published=published)
        listed = together(f"lambda:ListFunctions {options} {asking}", ask)
        return Uses.read(listed, published=published)

    def images(self, *, published: bool = True) -> list[tuple[str, str, str, str]]:
        """Return name, qualifier, ARN and image, by its digest, of functions that are containers.

        A list does not say the image, so each is asked for (AWS Lambda API reference, GetFunction,
        ResolvedImageUri). One that goes meanwhile has none.
        """
        options: Any = {"FunctionVersion": "ALL"} if published else {}
        with explained("lambda:ListFunctions", "the functions of the account and region"):
            pages = self._lambda.get_paginator("list_functions").paginate(**options)
            listed = [
                config
                for page in pages
                for config in page["Functions"]
                if config.get("PackageType") == "Image"
            ]
        found = []
        for config in listed:
            qualifier = config.get("Version", "$LATEST")
            arn = config["FunctionArn"].removesuffix(f":{qualifier}")
            with explained("lambda:GetFunction", f"function {config['FunctionName']}"):
                try:
                    answer = self._lambda.get_function(FunctionName=arn, Qualifier=qualifier)
                except ClientError as error:
                    if code_of(error) == ABSENT:
                        continue
                    raise
            uri = answer["Code"].get("ResolvedImageUri", "")
            found.append((config["FunctionName"], qualifier, arn, uri))
        return found

    def role_of(self, function: str) -> str:
        """Return the ARN of a function's role, "" when there is no such function."""
        with explained("lambda:GetFunctionConfiguration", f"function {function}"):
            try:
                return str(self._lambda.get_function_configuration(FunctionName=function)["Role"])
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return ""
                raise

    def give(self, function: Function, layers: Sequence[str]) -> bool:
        """Start an update that gives a function these layers, if it is as we know it.

        Return False when it has been changed since, is being changed, or Lambda is too busy: then
        look again. Raise AwsError when Lambda refuses it.
        """
        action = "lambda:UpdateFunctionConfiguration"
        with explained(action, f"function {function.name}"):
            try:
                self._lambda.update_function_configuration(
                    FunctionName=function.arn,
                    Layers=list(layers),
                    RevisionId=function.revision,
                )
            except ClientError as error:
                if code_of(error) in COLLISIONS:
                    return False
                raise
        return True

    def tags(self, arn: str) -> Mapping[str, str]:
        """Return a function's tags; none when it is gone."""
        with explained("lambda:ListTags", arn):
            try:
                return self._lambda.list_tags(Resource=arn)["Tags"]
            except ClientError as error:
                if code_of(error) == ABSENT:
                    return {}
                raise


def _listed(config: Mapping[str, Any]) -> Sequence[Any]:
    """Return the name, qualifier, ARN and layer versions of a function.

    With published versions Lambda lists ARNs that end with a version, ``$LATEST`` too (AWS CLI
    reference, list-versions-by-function, example); tags are those of the function's own ARN.
    """
    qualifier = config.get("Version", "$LATEST")
    arn = config["FunctionArn"].removesuffix(f":{qualifier}")
    return config["FunctionName"], qualifier, arn, [layer["Arn"] for layer in config["Layers"]]


def with_version(layers: Sequence[str], layer_arn: str) -> list[str]:
    """Return the layers with one layer's version replaced in its place, or added at the end."""
    layer = layer_arn.rpartition(":")[0]
    replaced = [layer_arn if arn.rpartition(":")[0] == layer else arn for arn in layers]
    return replaced if layer_arn in replaced else [*replaced, layer_arn]
