from pathlib import Path

import pytest

from embedded.codebuild.globs import matching


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["**/*"], [".hidden", "a.txt", "b.py", "sub/a.txt", "sub/deep/c.py"]),
        (["*"], [".hidden", "a.txt", "b.py"]),
        (["sub/*"], ["sub/a.txt"]),
        (["sub/**/*"], ["sub/a.txt", "sub/deep/c.py"]),
        (["**/*.py"], ["b.py", "sub/deep/c.py"]),
        (["a.txt", "./b.py"], ["a.txt", "b.py"]),
        (["?.py"], ["b.py"]),
        (["sub"], []),
        (["a+txt"], []),
    ],
)
def test_patterns_find_what_codebuild_finds(
    tmp_path: Path, patterns: list[str], found: list[str]
) -> None:
    for name in (".hidden", "a.txt", "b.py", "sub/a.txt", "sub/deep/c.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert matching(tmp_path, patterns) == found


def test_excluded_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "a.pyc").touch()
    assert matching(tmp_path, ["*"], ["*.pyc"]) == ["a.py"]
