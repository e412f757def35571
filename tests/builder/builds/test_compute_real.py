"""Layers built by the real worker on Lambda compute, as the embedded CodeBuild has it."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from builder.clock import Clock
from builder.layer.layer import Layer
from builder.operations.logs import build_logs
from builder.release.release import ensure
from tests.builder.builds.test_obtain_real import (
    ARCHITECTURE,
    PART,
    SETUP,
    build_for_real,
    index,
    interpreter,
    sdist,
)
from tests.builder.conftest import World, order_of

__all__ = ["index"]

PYTHON = "3.12"
PURE = {
    "setup.py": "from setuptools import setup\n"
    "setup(name='fll_compiled', version='1.0', packages=['fll_compiled'])\n"
}
CXX = {
    "setup.py": SETUP.replace("part.c", "part.cpp"),
    "part.cpp": f"{PART}\n#include <vector>\n",
}


@pytest.fixture
def real(world: World, tmp_path: Path, index: str) -> Layer:
    """A layer that must be compiled, for a runtime whose image on Lambda compute has no g++."""
    interpreter(PYTHON)
    build_for_real(world)
    (tmp_path / "requirements.txt").write_text(f"--find-links {index}\nfll_compiled\n")
    return world.layer(
        package=None,
        requirements=("requirements.txt",),
        python=(PYTHON,),
        architecture=ARCHITECTURE,
        compute="auto",
    )


@pytest.mark.slow
def test_a_layer_has_the_same_bytes_wherever_it_is_built(
    world: World, real: Layer, tmp_path: Path
) -> None:
    """But for what is compiled: debug symbols name the folder, which is another one each time."""
    sdist(tmp_path / "links", PURE)
    there = ensure(real, order_of(real), clock=Clock())
    contained = replace(real, spec=replace(real.spec, compute="container"))

    here = ensure(contained, order_of(contained, force=True), clock=Clock())

    types = [build["environment"]["type"] for build in world.builds()]
    assert ["LAMBDA" in type_ for type_ in types] == [True, False]
    assert (there.version, here.version) == (1, 2)
    assert there.code_sha256 == here.code_sha256


@pytest.mark.slow
def test_what_lambda_compute_has_no_compiler_for_is_built_in_a_container(
    world: World, real: Layer, tmp_path: Path
) -> None:
    sdist(tmp_path / "links", CXX)
    lines: list[str] = []

    ensure(real, order_of(real), progress=lines.append, clock=Clock())

    builds = [(b["environment"]["type"], b["buildStatus"]) for b in world.builds()]
    assert [(("LAMBDA" in type_), status) for type_, status in builds] == [
        (True, "FAILED"),
        (False, "SUCCEEDED"),
    ]
    (why,) = [line for line in lines if "building in a container" in line]
    assert "it needs compilers or headers that Lambda compute has not (fll-compiled" in why
    lessons = json.loads(world.read("web/record.json"))["lessons"]
    assert list(lessons) == [f"python{PYTHON}"]


@pytest.mark.slow
def test_wheels_give_the_same_bytes_in_codebuilds_own_image(
    world: World, real: Layer, tmp_path: Path
) -> None:
    """The image's python3 is another version than the target's, which pyenv has beside it."""
    (tmp_path / "requirements.txt").write_text("markupsafe\n")
    layer = replace(real, spec=replace(real.spec, compute="container"))
    there = ensure(layer, order_of(layer), clock=Clock())

    here = ensure(layer, order_of(layer, force=True), clock=Clock())

    images = [build["environment"]["image"] for build in world.builds()]
    assert ["standard" in image for image in images] == [False, True]
    assert (there.version, here.version) == (1, 2)
    assert there.code_sha256 == here.code_sha256
    said = list(build_logs(layer, follow=False, clock=Clock()))
    assert any(f"with python{PYTHON}" in line for line in said), "every module was imported"


@pytest.mark.slow
def test_what_has_no_wheel_any_more_is_built_in_the_image_of_the_runtime(
    world: World, real: Layer, tmp_path: Path
) -> None:
    layer = replace(real, spec=replace(real.spec, compute="container"))
    listed = tmp_path / "requirements.txt"
    own_index, name = listed.read_text().splitlines()
    listed.write_text("markupsafe\n")
    ensure(layer, order_of(layer), clock=Clock())
    sdist(tmp_path / "links", PURE)
    listed.write_text(f"{own_index}\n{name}\n")
    changed = replace(layer)
    lines: list[str] = []

    ensure(changed, order_of(changed), progress=lines.append, clock=Clock())

    builds = [(b["environment"]["image"], b["buildStatus"]) for b in world.builds()[1:]]
    assert [("standard" in image, status) for image, status in builds] == [
        (True, "FAILED"),
        (False, "SUCCEEDED"),
    ]
    (why,) = [line for line in lines if "building in the image of the runtime" in line]
    assert "it needs the image of the runtime itself (fll-compiled has no wheel" in why
