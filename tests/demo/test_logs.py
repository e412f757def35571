from __future__ import annotations

import pytest

from demo.logs import tell


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[   0.6s] installing 2 of 2", "[   0.6s] installing 2 of 2"),
        (
            "[Container] 2026/11/23 09:37:04.5 Entering phase BUILD",
            "CodeBuild: Entering phase BUILD",
        ),
        ("[Container] 2026/11/23 09:37:04.5 Phase context status code:  Message: ", ""),
        ("", ""),
    ],
)
def test_lines_that_only_codebuild_cares_about_are_left_out(line: str, shown: str) -> None:
    assert tell(line) == shown
