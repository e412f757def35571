from typing import Any

import pytest

from builder.inputs.locks.entry import Entry, any_of, git_reference, hashes_of


@pytest.mark.parametrize(
    ("markers", "together"),
    [
        ([], ""),
        (["", ""], ""),
        (["python_version<'3.12'"], 'python_version < "3.12"'),
        (
            ["python_version < '3.12'", "sys_platform == 'linux'"],
            '(python_version < "3.12") or (sys_platform == "linux")',
        ),
    ],
)
def test_of_several_markers_one_has_to_hold(markers: list[str], together: str) -> None:
    assert any_of(markers) == together


def test_what_is_no_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        any_of(["colour == 'red'"])


def test_a_repository_is_named_with_its_commit_and_folder() -> None:
    assert git_reference("https://a.example/r.git", "9f2c") == "git+https://a.example/r.git@9f2c"
    assert git_reference("ssh://git@a.example/r", "9f2c", "libs/x") == (
        "git+ssh://git@a.example/r@9f2c#subdirectory=libs/x"
    )
    assert git_reference("", "9f2c") == ""


def test_files_without_a_hash_have_none() -> None:
    assert hashes_of([{"hash": "sha256:aa"}, {"url": "https://a.example/r.whl"}]) == ("sha256:aa",)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"name": "six\n--index-url https://evil.example"}, "no name of a distribution"),
        ({"version": "1.0\n-r /etc/passwd"}, "Invalid version"),
        ({"version": ""}, "has no version"),
        ({"hashes": ("sha256:aa --index-url x",)}, "has a hash that is none"),
        ({"hashes": ("sha256:aa", 1)}, "has a hash that is none"),
        ({"url": "git+https://a.example/r@9f2c\n-e ."}, "no URL of a repository"),
        ({"url": "git+https://a.example/${SECRET}@9f2c"}, "no URL of a repository"),
        ({"url": "file:///etc"}, "no URL of a repository"),
    ],
)
def test_what_would_be_another_line_of_a_requirements_file_is_refused(
    changed: dict[str, Any], problem: str
) -> None:
    good: dict[str, Any] = {"name": "six", "version": "1.0", "hashes": ("sha256:aa",)}

    with pytest.raises(ValueError, match=problem):
        Entry(**{**good, "marker": "", "indexed": True, **changed})
