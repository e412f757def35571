import tomllib

import pytest

from builder.inputs.locks import pylock
from builder.inputs.locks.entry import Entry, UnknownFormat

LOCK = """
lock-version = "1.0"
[[packages]]
name = "Typing_Extensions"
version = "4.15.0"
marker = "python_version < '3.13'"
sdist = { hashes = { sha256 = "aa" } }
wheels = [{ hashes = { sha256 = "bb", sha512 = "cc" } }]
[[packages]]
name = "mine"
directory = { path = "." }
[[packages]]
name = "wheel"
version = "1"
archive = { path = "wheel.whl", hashes = { sha256 = "dd" } }
[[packages]]
name = "repo"
vcs = { type = "git", url = "https://a.example/r.git", commit-id = "9f2c", subdirectory = "x" }
[[packages]]
name = "local-repo"
vcs = { type = "git", path = "../r", commit-id = "9f2c" }
"""


def test_distributions_are_read_with_where_they_come_from() -> None:
    assert pylock.entries(tomllib.loads(LOCK)) == [
        Entry(
            "typing-extensions",
            "4.15.0",
            'python_version < "3.13"',
            ("sha256:bb", "sha512:cc", "sha256:aa"),
            indexed=True,
        ),
        Entry("mine", "", "", (), indexed=False),
        Entry("wheel", "1", "", (), indexed=False),
        Entry(
            "repo",
            "",
            "",
            (),
            indexed=False,
            url="git+https://a.example/r.git@9f2c#subdirectory=x",
        ),
        Entry("local-repo", "", "", (), indexed=False),
    ]


@pytest.mark.parametrize(
    "text", ["", 'lock-version = "2.0"', "lock-version = 1", 'lock-version = ""']
)
def test_another_version_of_the_format_is_refused(text: str) -> None:
    with pytest.raises(UnknownFormat, match="which is unknown"):
        pylock.entries(tomllib.loads(text))
