"""SSM: parameters that name something for whoever cannot read Terraform's state."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained


class Parameters:
    """The parameters of an account and region; the client is made when it is needed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _ssm(self) -> Any:
        return self._session.client("ssm")

    def get(self, name: str) -> str | None:
        """Return the value of a parameter, None if there is none of that name."""
        with explained("ssm:GetParameter", f"parameter {name}"):
            try:
                return str(self._ssm.get_parameter(Name=name)["Parameter"].get("Value", ""))
            except ClientError as error:
                if code_of(error) == "ParameterNotFound":
                    return None
                raise

    def put(self, name: str, value: str) -> None:
        """Make a parameter, or give it another value."""
        with explained("ssm:PutParameter", f"parameter {name}"):
            self._ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    def delete(self, name: str) -> None:
        """Delete a parameter; one that is gone already is fine."""
        with explained("ssm:DeleteParameter", f"parameter {name}"):
            try:
                self._ssm.delete_parameter(Name=name)
            except ClientError as error:
                if code_of(error) != "ParameterNotFound":
                    raise
