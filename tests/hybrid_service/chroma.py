"""The real ChromaDB, in an environment of its own: fetched once, by the hashes of hybrid.lock."""

from __future__ import annotations

from pathlib import Path

from tests.environments import Unavailable as Unavailable
from tests.environments import programs_of

LOCK = Path(__file__).resolve().parents[2] / "hybrid.lock"
COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
HEALTH = "/api/v2/heartbeat"


def environment() -> Path:
    """Return the folder of programs of the environment; raise Unavailable."""
    return programs_of(LOCK)
