"""What a client knows of a service: where it is, and what Terraform says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from hybrid_service.errors import SettingsError

_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(\S*/)?")


@dataclass(frozen=True)
class ServiceSettings:
    """The content of service.json; times are seconds.

    ``claim`` is how long a claim holds without a task, ``start`` how long a started task may take
    until it has taken over. ``starts_an_hour`` bounds what failures can cost.
    """

    cluster: str
    task_definition: str
    container: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]
    public_address: bool = False
    health: str = ""
    claim: float = 30.0
    start: float = 300.0
    starts_an_hour: int = 12

    @classmethod
    def from_json(cls, content: bytes, where: str) -> ServiceSettings:
        """Read service.json; raise SettingsError when something is missing or of another type."""
        try:
            document: dict[str, Any] = json.loads(content)
            known = {field.name for field in fields(cls)} & document.keys()
            chosen = {name: document[name] for name in known}
            for name in ("subnets", "security_groups"):
                chosen[name] = tuple(map(str, chosen[name]))
            for name in ("claim", "start", "starts_an_hour"):
                if name in chosen:
                    _positive(name, chosen[name])
            return cls(**chosen)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise SettingsError(
                "the settings of the service cannot be read",
                where=f"{where}: {error}",
                expected="the object that describes the service (docs/hybrid.md)",
                fix="run terraform apply, with a client of the same version in the layer",
            ) from error


def _positive(name: str, value: Any) -> None:
    if not 0 < float(value) < 1e6:
        raise ValueError(f"{name} is {value!r}")


def variable(name: str) -> str:
    """Return the environment variable that says where a service is."""
    return "HYBRID_SERVICE_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def place(name: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the bucket and the prefix of a service; raise SettingsError."""
    text = environment.get(variable(name), "")
    found = _PLACE.fullmatch(text)
    if not found:
        raise SettingsError(
            f"{variable(name)} is {text!r}" if text else f"{variable(name)} is not set",
            where="the environment of the function",
            expected="s3://BUCKET/PREFIX/",
            fix=f"set it to the output of the service {name}",
        )
    return found[1], found[2] or ""
