"""Where an extra comes from."""

from __future__ import annotations

import shlex

import pytest

from builder.origin import NAME, extra, requirement

ORIGINS = {
    "an index": (None, f"{NAME}[audit]"),
    "a wheel": (
        '{"url": "file:///d/w%20x/f.whl", "archive_info": {}}',
        f"{NAME}[audit] @ file:///d/w%20x/f.whl",
    ),
    "a commit": (
        '{"url": "https://h.example/f.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}',
        f"{NAME}[audit] @ git+https://h.example/f.git@abc",
    ),
    "nothing that can be read": ("{", f"{NAME}[audit]"),
    "no object": ("[]", f"{NAME}[audit]"),
}


@pytest.mark.parametrize(("direct_url", "wanted"), ORIGINS.values(), ids=ORIGINS)
def test_the_extra_comes_from_where_the_package_came_from(
    direct_url: str | None, wanted: str
) -> None:
    assert requirement("audit", direct_url) == wanted


def test_it_is_one_word_of_a_shell() -> None:
    (word,) = shlex.split(extra("audit"))

    assert word.startswith(f"{NAME}[audit]")
