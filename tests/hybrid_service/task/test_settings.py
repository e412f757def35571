from __future__ import annotations

from pathlib import Path

import pytest

from hybrid_service.errors import SettingsError
from hybrid_service.task.settings import TaskSettings

NEEDED = {
    "HYBRID_BUCKET": "b",
    "HYBRID_PREFIX": "p/",
    "HYBRID_GENERATION": "4",
    "HYBRID_DATA": "/data",
}


def test_what_is_not_said_has_its_default() -> None:
    settings = TaskSettings.from_environment({**NEEDED, "HYBRID_IDLE": "90", "HYBRID_STOP": ""})
    assert settings == TaskSettings("b", "p/", 4, Path("/data"), idle=90, stop=120)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_is_missing_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        TaskSettings.from_environment({**NEEDED, name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("HYBRID_IDLE", "soon"), ("HYBRID_IDLE", "nan"), ("HYBRID_IDLE", "0")),
        *(("HYBRID_LIFETIME", "inf"), ("HYBRID_LIFETIME", "-1"), ("HYBRID_LEASE", "1")),
        *(("HYBRID_GENERATION", "0"), ("HYBRID_PORT", "-5"), ("HYBRID_INTERVAL", "1e999")),
    ],
)
def test_what_is_no_time_or_number_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        TaskSettings.from_environment({**NEEDED, name: value})
