from __future__ import annotations

import pytest
from packaging.version import Version

from builder.worker.contents.versions import normalized


@pytest.mark.parametrize(
    "version",
    [
        *(
            "1.0",
            "2024.01.05",
            "v1.0",
            "1.0-alpha",
            "1.0.Beta.2",
            "1.0_c3",
            "1.0-preview",
            "1.0RC1",
        ),
        *("1.0-1", "1.0.rev4", "1.0r", "1.0post2", "1.0.dev", "1.0-DEV03", "1!02.0", "0!1.0"),
        *("1.0+CPU", "1.0+cu118-01_x", "1.0a1.post2.dev3+x.01", " 1.0 ", "007", "1.0-alpha-1-1"),
    ],
)
def test_a_version_is_written_as_locks_write_it(version: str) -> None:
    assert normalized(version) == str(Version(version))


@pytest.mark.parametrize(
    "version", ["", "latest", "1.0.x", "1..0", "1.0+", "1\u0660", "1.0 beta", "v"]
)
def test_what_is_no_version_stays(version: str) -> None:
    assert normalized(version) == version
