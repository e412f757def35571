"""What a task is told by its environment, read once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybrid_service.errors import SettingsError

ALARM_RESERVE = 60.0
"""Seconds after which the kernel ends a task that did not end by itself at its lifetime."""


@dataclass(frozen=True)
class TaskSettings:
    """The settings of one task; times are seconds.

    ``interval`` is between snapshots, ``idle`` without traffic ends the task, ``lifetime`` ends it
    anyway, ``stop`` is what the platform gives between SIGTERM and SIGKILL, ``start`` is how long
    the command may take to be healthy. ``port`` 0 is a free one.
    """

    bucket: str
    prefix: str
    generation: int
    data: Path
    port: int = 8000
    health: str = ""
    interval: float = 60.0
    idle: float = 600.0
    lifetime: float = 43200.0
    stop: float = 120.0
    start: float = 180.0
    lease: float = 30.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> TaskSettings:
        """Read HYBRID_BUCKET and so on; raise SettingsError for what is missing or no number."""
        return cls(
            bucket=_needed(environment, "BUCKET"),
            prefix=_needed(environment, "PREFIX"),
            generation=int(_number(environment, "GENERATION", None, least=1)),
            data=Path(_needed(environment, "DATA")),
            port=int(_number(environment, "PORT", cls.port, least=0)),
            health=environment.get("HYBRID_HEALTH", cls.health),
            interval=_number(environment, "INTERVAL", cls.interval),
            idle=_number(environment, "IDLE", cls.idle),
            lifetime=_number(environment, "LIFETIME", cls.lifetime),
            stop=_number(environment, "STOP", cls.stop),
            start=_number(environment, "START", cls.start),
            lease=_number(environment, "LEASE", cls.lease, least=3),
        )


def _needed(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(f"HYBRID_{name}", "")
    if not value:
        raise SettingsError(
            f"HYBRID_{name} is not set",
            where="the environment of the task",
            expected="what the task definition, or the client that started the task, sets",
            fix="start tasks with the client, from a task definition as docs/hybrid.md has it",
        )
    return value


def _number(
    environment: Mapping[str, str], name: str, default: float | None, *, least: float = 0.1
) -> float:
    text = _needed(environment, name) if default is None else environment.get(f"HYBRID_{name}", "")
    if not text and default is not None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise SettingsError(
            f"HYBRID_{name} is {text!r}",
            where="the environment of the task",
            expected=f"a number from {least:g} on",
            fix="correct it in the task definition",
        )
    return value
