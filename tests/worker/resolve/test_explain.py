import pytest

from builder.worker.process import Outcome
from builder.worker.request import Target
from builder.worker.resolve.explain import explain, message

CASES = {
    "the disk is full": "failed to write to file `/x/CACHEDIR.TAG`: No space left on device (os",
    "there is no package nix": "Because nix was not found in the package registry and you",
    "mine 3.2 does not run on python3.12 on arm64": "Because the requested Python version (>=3.11) "
    "does not satisfy Python>=3.12 and mine==3.2 depends on Python>=3.12, we can conclude",
    "there is no numpy ==999 for": "Because there is no version of numpy==999 and you require it",
    "ujson 5.10.0 cannot be had for": "The built wheel `ujson-5.10.0-cp311-cp311-linux_x86_64.whl` "
    "is not compatible with the target Python 3.12",
    "M2Crypto 0.42.0 cannot be built": "Failed to download and build `M2Crypto==0.42.0`",
    "six==1.17.0 is not what its hash says": "Hash mismatch for `six==1.17.0`",
    "git repository cannot be fetched": "Failed to resolve\n  cause: Git operation failed",
    "the requirements cannot be read": "Couldn't parse requirement in `e.txt` at position 0",
    "the package index cannot be reached": "Request failed after 3 retries in 7.5s",
    "pywin32 cannot be had for": "And pywin32>=306 has no wheels with a matching platform tag",
    "what there is of idna is younger than exclude_newer allows": "unsatisfiable.\n\nhint: `idna` "
    "was filtered by `exclude-newer` to only include packages uploaded before 2026-01-01T00:00:00Z",
    "no set of versions satisfies": "we can conclude that your requirements are unsatisfiable.",
}


@pytest.mark.parametrize(("meaning", "said"), CASES.items())
def test_a_failure_is_named_and_what_uv_said_is_kept(
    meaning: str, said: str, foreign: Target
) -> None:
    error = explain(
        Outcome(("uv",), 1, f"Resolving\nerror: it failed\n  cause: {said}\n"), foreign, "x"
    )

    assert meaning in error.what.replace("x86_64", "arm64")
    assert said.splitlines()[-1].strip() in error.where
    assert error.expected
    assert error.fix


def test_a_requirement_that_cannot_be_read_is_named(foreign: Target) -> None:
    said = """error: Couldn't parse requirement in `requirements.txt` at position 0
  cause: no such comparison operator "=", must be one of ~= == != <= >= < > ===
         numpy=1.26
              ^^^^^
"""
    error = explain(Outcome(("uv",), 2, said), foreign, "x")

    assert error.what == "the requirements cannot be read: numpy=1.26"


def test_a_folder_without_a_name_is_told_how_to_be_written(foreign: Target) -> None:
    said = "error: Building source distributions is disabled\n"
    error = explain(Outcome(("uv",), 2, said), foreign, "x")

    assert "does not say its name" in error.what
    assert "greet @ ./libs/greet" in error.fix


def test_an_unknown_failure_shows_what_uv_said(foreign: Target) -> None:
    error = explain(Outcome(("uv",), 2, "error: out of cheese\n"), foreign, "installing")

    assert error.what == "installing failed"
    assert "out of cheese" in error.where


def test_long_output_keeps_its_start_and_its_end() -> None:
    lines = message(
        "noise\nerror: first\n" + "\n".join(f"line {n}" for n in range(100))
    ).splitlines()

    assert lines[0] == "error: first"
    assert "..." in lines
    assert lines[-1] == "line 99"
    assert len(lines) < 20


def test_what_a_build_backend_said_is_kept_without_uvs_progress() -> None:
    said = message(
        "Building wheel...\nunobtainium is sold out\nerror: Failed to build `web`\n"
        "  cause: The build backend returned an error\n"
    )

    assert said.splitlines()[:2] == ["unobtainium is sold out", "error: Failed to build `web`"]


def test_a_url_that_cannot_be_reached_is_not_called_the_index(foreign: Target) -> None:
    said = (
        "error: Failed to download `foo @ https://me:secret@files.example/foo-1.whl`\n"
        "  cause: Failed to fetch: x\n  cause: error sending request for url (x)\n"
    )

    error = explain(Outcome(("uv",), 2, said), foreign, "resolving")

    assert error.what == "foo cannot be fetched from where the requirement says"
    assert error.expected == "https://files.example/foo-1.whl to answer"


def test_what_a_package_says_about_its_successor_stands_first(foreign: Target) -> None:
    said = (
        "error: Failed to build `sklearn==0.0`\n  cause: The build backend returned an error\n"
        "\n  [stderr]\n  - use 'pip install scikit-learn' rather than 'pip install sklearn'\n"
    )

    error = explain(Outcome(("uv",), 2, said), foreign, "resolving")

    assert error.fix.startswith(
        "its own build says: use 'pip install scikit-learn' rather than 'pip install sklearn'\n"
    )


def test_what_a_backend_warns_of_is_no_word_of_the_package(foreign: Target) -> None:
    """As nvidia-pyindex 1.0.9 ends, which needs pip."""
    said = (
        "error: Failed to build `sample==1.0`\n  cause: The build backend returned an error\n"
        "\n  [stderr]\n  /tmp/x/setuptools/dist.py:765: SetuptoolsDeprecationWarning: License "
        "classifiers are deprecated.\n  ModuleNotFoundError: No module named 'pip'\n"
    )

    error = explain(Outcome(("uv",), 2, said), foreign, "building")

    assert "its own build says" not in error.fix
    assert "No module named 'pip'" in error.where


@pytest.mark.parametrize(
    "said",
    [
        "Because json was not found in the package registry and you require json",
        "Because there is no version of json==1 and you require it",
        "Failed to build `json==1.0`",
    ],
)
def test_a_requirement_that_is_part_of_python_is_to_be_removed(said: str, foreign: Target) -> None:
    error = explain(Outcome(("uv",), 1, f"error: it failed\n  cause: {said}\n"), foreign, "x")

    assert error.what == "json is part of Python"
    assert "remove json" in error.fix
    assert said in error.where
