from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from builder.worker import compute, interpreters
from builder.worker.errors import BuildError
from builder.worker.process import Outcome
from builder.worker.request import Target
from builder.worker.resolve import uv
from builder.worker.resolve.wheels_alone import WheelsAlone, of_image

STANDARD = {compute.VARIABLE: compute.STANDARD}
NO_WHEEL = """  x No solution found when resolving dependencies:
  `-> Because old==1.0 has no usable wheels and you require old, we can conclude that your
      requirements are unsatisfiable.
      hint: Wheels are required for `old` because building from source is disabled for all packages
"""
NO_PACKAGE = """  x No solution found when resolving dependencies:
  `-> Because nowhere was not found in the package registry and you require nowhere, we can
      conclude that your requirements are unsatisfiable.
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelsAlone:
    """uv that has not started: what it says is put in its place."""
    from builder.worker.log import Log
    from builder.worker.resolve.build_lock import BuildLock

    said = tmp_path / "said"
    monkeypatch.setattr(
        uv.Uv, "_run", lambda *_: Outcome(("uv",), int(said.stat().st_size > 0), said.read_text())
    )
    said.write_text("")
    lock = BuildLock(tmp_path / "lock")
    return WheelsAlone(tmp_path / "uv", tmp_path, "python3", Log(), tmp_path / "cache", lock)


def compiled(program: WheelsAlone, target: Target, said: str, *words: str) -> Outcome:
    (program.cwd / "said").write_text(said)
    return program.compile(["in.txt", *words], target, program.cwd / "out.txt")


ALONE = ("--only-binary", ":all:")


def test_what_has_wheels_is_resolved(program: WheelsAlone, here: Target) -> None:
    assert compiled(program, here, "", *ALONE).ok


def test_what_has_no_wheel_needs_the_image_of_the_runtime(
    program: WheelsAlone, here: Target
) -> None:
    with pytest.raises(BuildError, match=r"old has no wheel for .*, and has to be built") as caught:
        compiled(program, here, NO_WHEEL, *ALONE)

    (line,) = compute.needs(caught.value, STANDARD)
    assert line.endswith(compute.RUNTIMES_OWN)


def test_what_no_image_has_is_said_at_once(program: WheelsAlone, here: Target) -> None:
    with pytest.raises(BuildError, match="there is no package nowhere") as caught:
        compiled(program, here, NO_PACKAGE, *ALONE)

    assert compute.needs(caught.value, STANDARD) == []


def test_nothing_is_built(program: WheelsAlone, here: Target) -> None:
    with pytest.raises(BuildError, match="a requirement has no wheel"):
        compiled(program, here, "", *ALONE, "--no-binary", "old")
    with pytest.raises(BuildError, match="web has to be built"):
        program.build_wheel(Path("src/web"), program.cwd, {})


def test_the_image_must_have_an_interpreter_that_imports_the_modules(here: Target) -> None:
    assert of_image({}, [here]) is uv.Uv
    assert of_image({compute.VARIABLE: compute.LAMBDA}, [here]) is uv.Uv
    assert of_image(STANDARD, [here]) is WheelsAlone
    other = replace(here, python="3.99")
    assert interpreters.find(other) is None
    with pytest.raises(BuildError, match=r"this image has no interpreter of python3.99") as caught:
        of_image(STANDARD, [here, other])
    assert compute.needs(caught.value, STANDARD)
