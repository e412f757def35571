"""Texts of strangers that are made to keep a reader busy: each is read in the time of its length.

What takes the square of its length would be at these for hours, so the limit says nothing of speed.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.inputs.package_tree import SUBMODULE_PATH
from builder.inputs.requirements_files import Reference, requirement_references
from builder.operations import log_line
from builder.operations.terraform import HOOK_ERROR
from builder.sizes import loading, trial
from builder.spec.url_logins import login_in
from builder.worker import compute
from builder.worker.audit import harmless
from builder.worker.contents.distributions import Distribution
from builder.worker.errors import BuildError
from builder.worker.install import include
from builder.worker.process import Outcome
from builder.worker.request import Target
from builder.worker.resolve import build_lock, explain, required_hashes, uv, wheels
from builder.worker.slim import ignore, options
from tests.patience import PATIENCE

MANY = 1_000_000
TARGET = Target("3.12", "arm64", "2.34", "aarch64-manylinux_2_34")


pytestmark = pytest.mark.timeout(PATIENCE)


def explained(output: str) -> BuildError:
    return explain.explain(Outcome(("uv",), 1, output), TARGET, "resolving")


READERS: dict[str, Callable[[], object]] = {
    "a Cython module: dots": lambda: loading.imports("a.pyx", b"from " + b"." * MANY),
    "a Cython module: spaces": lambda: loading.imports("a.pyx", b"from" + b" " * MANY),
    "a Cython module: names": lambda: loading.imports("a.pyx", b"import " + b"a " * MANY + b"\0"),
    "setuptools' choice": lambda: wheels.UNDECIDED.search(
        "Multiple top-level packages discovered in a flat-layout: [" * (MANY // 10)
    ),
    "what a build asks for": lambda: build_lock.REQUIREMENT.fullmatch("a" * MANY + "\0"),
    "uv.toml: blank lines": lambda: uv.NO_BINARY.search("\n" * MANY),
    "a script's first line": lambda: include.script(b"#!" + b"python" * MANY, None),
    "an entry point": lambda: include.script(b"", "a" + " " * MANY + "\0"),
    "an exclude pattern": lambda: ignore.parse(" " * (MANY // 5) + "a"),
    "a step of the log": lambda: log_line.parse("[   1.0s] " + "1," * MANY),
    "a requirement: spaces": lambda: requirement_references("a" + " " * MANY + "x"),
    "a requirement: brackets": lambda: requirement_references("[" * MANY),
    "a wheel's name": lambda: Reference("-1" * MANY).version,
    ".gitmodules: blank lines": lambda: SUBMODULE_PATH.findall("\n" * MANY),
    ".gitmodules: spaces": lambda: SUBMODULE_PATH.findall("path = a" + " " * MANY + "b"),
    "a URL's scheme": lambda: login_in("a+" * (MANY // 5)),
    "a URL's path": lambda: login_in("a://a" * (MANY // 5)),
    "a URL's query": lambda: login_in("http://h/?" + "token" * MANY),
    "uv's words: names": lambda: explained("error: " + "a" * MANY),
    "uv's words: hints": lambda: explained("error: a\n" + "hint: " * MANY),
    "uv's words: fetches": lambda: explained("error: " + "Failed to a `a @ a` " * (MANY // 10)),
    "an error of a trial": lambda: trial.ERROR.search("ERROR: " + "\n" * MANY + "x"),
    "an error of a hook": lambda: HOOK_ERROR.search("ERROR: " + "\n" * MANY + "x"),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_long_text_is_read_in_time_that_is_its_lengths(read: Callable[[], object]) -> None:
    read()


def test_a_failure_on_lambda_compute_is_judged_however_long_its_lines_are() -> None:
    error = BuildError("it failed", where="gcc " * MANY, expected="a", fix="b", settled=False)

    assert compute.needs(error, {compute.VARIABLE: "lambda"})


def test_a_file_name_that_two_packages_have_is_judged_whatever_it_is(tmp_path: Path) -> None:
    name = "readme" + "_a" * 100 + "!"
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    both = {each: tmp_path / each for each in ("a", "b")}

    assert harmless.winner(name, both, (), ()) is None
    assert harmless.winner("README_for-users.rst", both, (), ()) == "a"
    assert harmless.winner("third_party_licenses.v1.txt", both, (), ()) == "a"


@pytest.mark.parametrize(
    "text",
    [b"from a import (\n" * (MANY // 10), b"from " + b"a." * MANY + b"tests", b"'tests'" * 10_000],
    ids=["brackets", "dots", "quotes"],
)
def test_modules_are_read_for_the_folders_they_name(tmp_path: Path, text: bytes) -> None:
    package = tmp_path / "a"
    (package / "tests").mkdir(parents=True)
    (package / "tests" / "test_a.py").write_bytes(b"")
    (package / "__init__.py").write_bytes(text)
    files = ("a/__init__.py", "a/tests/test_a.py")

    options.lighten(tmp_path, ("tests",), [Distribution("a", "1", "a-1.dist-info", files)], ())

    assert (package / "__init__.py").read_bytes() == text


def test_a_requirements_file_of_brackets_is_read(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("[" * MANY)

    assert required_hashes.read([file]) == []


@pytest.mark.parametrize(
    "text",
    ["if a:\n    pass\n" + "elif a:\n    pass\n" * 2000, "a = " + "1+" * 3000 + "1\n"],
    ids=["branches", "sums"],
)
def test_a_module_that_is_nested_too_deeply_is_no_error(tmp_path: Path, text: str) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(f"{text}# {name}\n")
    both = {each: tmp_path / each for each in ("a", "b")}

    assert loading.imports("a.py", f"import json\n{text}".encode()) in ([], ["json"])
    assert harmless.winner("c/d.py", both, (), ()) in (None, "a")


@pytest.mark.parametrize("counts", [", of ,", "1 of ,", f"{'9' * 5000} of 1", "1 of " + "9" * 5000])
def test_a_step_that_counts_with_no_numbers_is_a_step(counts: str) -> None:
    line = log_line.parse(f"[   1.0s] installing {counts}")

    assert line.step == log_line.Step(f"installing {counts}", 1.0)


def test_what_is_long_is_shortened_in_messages_and_keeps_its_ends() -> None:
    where = explained("error: begin " + "a" * MANY + " end").where

    assert re.search(r"error: begin a+ \.\.\. a+ end", where)
    assert len(where) < 5000
