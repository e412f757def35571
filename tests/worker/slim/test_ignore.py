import subprocess
from pathlib import Path

import pytest

from builder.worker.slim.ignore import Ignore
from tests.patience import PATIENCE

PATHS = [
    "a.py", "a.pyi", "b.txt", "tests/a.py", "pkg/a.py", "pkg/tests/a.py", "pkg/tests/data/x.bin",
    "pkg/sub/deep/a.pyi", "pkg/sub/deep/keep.pyi", "doc/readme", "pkg/doc/readme", "#hash", "!bang",
    "with space", "pkg/[x].py", "pkg/x.py", "pkg/-.py", "pkg/üml.py", "foo/bar/baz/qux", "foo/qux",
]  # fmt: skip

PATTERNS = [
    ["*.pyi"], ["*.pyi", "!keep.pyi"], ["tests/"], ["tests"], ["/tests"], ["tests/**"],
    ["**/tests/"], ["**/tests/**"], ["pkg/tests"], ["pkg/*"], ["pkg/*/a.py"], ["pkg/**/a.py"],
    ["pkg/**"], ["a.*"], ["pkg/", "!pkg/a.py"],
    ["pkg/*", "!pkg/tests", "pkg/tests/*", "!pkg/tests/a.py"], ["*", "!*.py"],
    ["# comment", "", "b.txt"], ["\\#hash"], ["\\!bang"], ["with space  "], ["with\\ space"],
    ["?.py"], ["[ab].py*"], ["[!a].txt"], ["[^a].txt"], ["pkg/\\[x\\].py"], ["pkg/[[]x].py"],
    ["[a-c].txt"], ["pkg/[]-].py"], ["pkg/[x-].py"], ["pkg/[[:alpha:]].py"], ["pkg/[a"],
    ["foo/**/qux"], ["foo/**qux"], ["**/qux"], ["foo/***/qux"], ["/**/bar"], ["foo/bar/**/"],
    ["/"], ["//"], ["pkg/üml.py"], ["*ml.py"], ["doc/readme"], ["/doc/"],
    ["doc/*", "!doc/readme"], ["pkg[/]a.py"], ["pkg?a.py"], ["trailing\\"],
    ["pkg/**", "!pkg/**/", "!pkg/**/*.py"], ["**"], ["a**.py"], ["pkg/**/**/a.py"], ["!"],
    ["[z-a].py"], ["pkg/[+--].py"], ["pkg/[--x].py"], ["pkg/[a--].py"], ["pkg/[!--].py"],
    ["pkg/[x--].py"], ["pkg/[a-z-].py"], ["[a-b-c].txt"], ["pkg/[&&x||~~].py"],
]  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ignored")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True, timeout=PATIENCE)
    return root


@pytest.mark.parametrize("patterns", PATTERNS, ids=repr)
def test_patterns_mean_what_they_mean_to_git(patterns: list[str], repository: Path) -> None:
    (repository / ".git" / "info" / "exclude").write_text(
        "\n".join(patterns) + "\n", encoding="utf-8"
    )
    answered = subprocess.run(
        ["git", "-c", "core.quotePath=off", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=repository,
        input="\0".join(PATHS).encode(),
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    by_git = set(answered.stdout.decode().split("\0")) - {""}
    ignore = Ignore(patterns)

    assert {path for path in PATHS if ignore.excludes(path)} == by_git


def test_no_patterns_exclude_nothing() -> None:
    assert not Ignore([]).excludes("a.py")
