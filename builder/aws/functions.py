"""Lambda functions: move them to a new version of a layer, and see which versions they use."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained
from builder.errors import ConflictError, LayerError
from builder.runtimes import LAYERS_PER_FUNCTION

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

ATTEMPTS = 8
UPDATE_LIMIT = 300.0
"""Seconds that one update of a function may take."""

CONFLICTS = frozenset({"PreconditionFailedException", "ResourceConflictException"})


@dataclass(frozen=True, order=True)
class Use:
    """That a function has a version of a layer; ``qualifier`` is ``$LATEST`` or a version."""

    function: str
    qualifier: str
    layer_arn: str

    @property
    def version(self) -> int:
        """The version of the layer."""
        return int(self.layer_arn.rpartition(":")[2])

    def __str__(self) -> str:
        return self.function if self.qualifier == "$LATEST" else f"{self.function}:{self.qualifier}"


class Functions:
    """The functions of an account and region."""

    def __init__(self, session: Session, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._lambda: LambdaClient = session.client("lambda")
        self._sleep = sleep

    def move(self, function: str, layer_arn: str) -> bool:
        """Give a function this layer version and keep its other layers and their order.

        Return whether it had to be changed. The update is guarded by the function's RevisionId and
        tried again when somebody else was faster, and waited for until it has ended. Raise
        LayerError when the function is absent, has five other layers, or refuses the update.
        """
        for attempt in range(ATTEMPTS):
            configuration = self._settled(function)
            before = [layer["Arn"] for layer in configuration.get("Layers", [])]
            after = with_version(before, layer_arn)
            if after == before:
                return False
            if len(after) > LAYERS_PER_FUNCTION:
                raise _too_many(function, before)
            if self._update(function, after, configuration["RevisionId"]):
                self._check(self._settled(function), function)
                return True
            self._sleep(min(8.0, 0.5 * 2**attempt))
        raise ConflictError(
            f"function {function!r} is being changed by others all the time",
            where=f"lambda:UpdateFunctionConfiguration, {ATTEMPTS} attempts",
            expected="a quiet moment",
            fix="run it again when the other deployment is over",
        )

    def using(self, layer_name: str) -> list[Use]:
        """Return the functions that have any version of a layer, with their published versions.

        ``ALL`` lists those too (Lambda API reference, ListFunctions). Aliases need no look of
        their own: each points to a published version or to $LATEST.
        """
        with explained("lambda:ListFunctions", f"functions with a version of {layer_name}"):
            pages = self._lambda.get_paginator("list_functions").paginate(FunctionVersion="ALL")
            found = [
                Use(config["FunctionName"], config.get("Version", "$LATEST"), layer["Arn"])
                for page in pages
                for config in page["Functions"]
                for layer in config.get("Layers", [])
                if layer["Arn"].split(":")[-2] == layer_name
            ]
        return sorted(found)

    def role_of(self, function: str) -> str:
        """Return the ARN of a function's role, "" when there is no such function."""
        with explained("lambda:GetFunctionConfiguration", f"function {function}"):
            try:
                return str(self._lambda.get_function_configuration(FunctionName=function)["Role"])
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return ""
                raise

    def _update(self, function: str, layers: list[str], revision: str) -> bool:
        with explained("lambda:UpdateFunctionConfiguration", f"function {function}"):
            try:
                self._lambda.update_function_configuration(
                    FunctionName=function, Layers=layers, RevisionId=revision
                )
            except ClientError as error:
                if code_of(error) in CONFLICTS:
                    return False
                raise
        return True

    def _settled(self, function: str) -> dict[str, Any]:
        """Return the configuration once no update of the function is under way."""
        waited, pause = 0.0, 0.2
        while True:
            configuration = self._configuration(function)
            if configuration.get("LastUpdateStatus") != "InProgress" or waited > UPDATE_LIMIT:
                return configuration
            self._sleep(pause)
            waited += pause
            pause = min(3.0, pause * 1.5)

    def _configuration(self, function: str) -> dict[str, Any]:
        with explained("lambda:GetFunctionConfiguration", f"function {function}"):
            try:
                return dict(self._lambda.get_function_configuration(FunctionName=function))
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                raise LayerError(
                    f"there is no function {function!r}",
                    where="functions of the layer",
                    expected="functions that exist in this account and region",
                    fix="mend the name, or create the function first",
                ) from error

    def _check(self, configuration: dict[str, Any], function: str) -> None:
        status = configuration.get("LastUpdateStatus", "Successful")
        if status == "Successful":
            return
        reason = configuration.get("LastUpdateStatusReason") or f"its update is {status}"
        raise LayerError(
            f"function {function!r} did not take the new layer version: {reason}",
            where="lambda:UpdateFunctionConfiguration",
            expected="LastUpdateStatus Successful",
            fix="see the reason above, then run it again",
        )


def with_version(layers: Sequence[str], layer_arn: str) -> list[str]:
    """Return the layers with one layer's version replaced in its place, or added at the end."""
    layer = layer_arn.rpartition(":")[0]
    replaced = [layer_arn if arn.rpartition(":")[0] == layer else arn for arn in layers]
    return replaced if layer_arn in replaced else [*replaced, layer_arn]


def _too_many(function: str, layers: list[str]) -> LayerError:
    return LayerError(
        f"function {function!r} has {len(layers)} other layers already",
        where=", ".join(layers),
        expected=f"at most {LAYERS_PER_FUNCTION} layers a function (AWS Lambda quotas)",
        fix="remove a layer of the function, or take the function out of the layer's list",
    )
