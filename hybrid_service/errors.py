"""What can go wrong with a service: what failed, where, what was expected, and the fix."""

from __future__ import annotations


class ServiceError(Exception):
    """The root of this package's errors; shaped like the builder's, which is not at hand here."""

    def __init__(self, what: str, *, where: str = "", expected: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        fields = (("where", self.where), ("expected", self.expected), ("fix", self.fix))
        return "\n".join(
            [self.what, *(f"  {name + ':':<10}{text}" for name, text in fields if text)]
        )


class SettingsError(ServiceError):
    """A setting of the service, the function or the task is missing or wrong."""


class ServiceUnavailable(ServiceError):
    """The service is not there in time, or may not be started again yet."""


class ServiceFailed(ServiceError):
    """The task of the service could not be started, or ended before it served."""


class LeaseLost(ServiceError):
    """Another generation has the service: this task must not go on."""


class SnapshotError(ServiceError):
    """A snapshot cannot be read, or is not what the state says of it."""
