from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.compute import (
    LAMBDA,
    LAMBDA_PYTHON,
    LAMBDA_TYPES,
    STANDARD,
    STANDARD_IMAGES,
    STANDARD_PYTHON,
    container_of,
    lambda_of,
    standard_of,
)
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES, Target
from embedded.codebuild import standard_image
from embedded.codebuild.lambda_compute import IMAGE, SIZES, TYPES
from tests.builder.conftest import spec_of

THERE = [Target(python, machine) for python in LAMBDA_PYTHON for machine in ARCHITECTURES]


@pytest.mark.parametrize("target", THERE, ids=str)
def test_lambda_compute_has_the_runtimes_own_interpreter_and_machine(target: Target) -> None:
    place = lambda_of(target)

    found = IMAGE.fullmatch(place.image)
    assert found is not None
    assert place.image.endswith(f":{target.runtime}")
    assert found["machine"] == TYPES[place.environment_type]
    assert ("ARM" in place.environment_type) == (target.architecture == "arm64")
    assert place.compute_type in SIZES
    assert place.is_lambda
    assert not container_of(target, target.build_image).is_lambda


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_codebuilds_own_image_has_the_system_and_the_versions_of_its_runtimes(
    architecture: str,
) -> None:
    target = Target(STANDARD_PYTHON[0], architecture)
    place = standard_of(target)

    assert standard_image.is_standard(place.image)
    assert ARCHITECTURES[architecture].machine in place.image
    assert place.environment_type == target.environment_type
    assert set(STANDARD_IMAGES) == set(ARCHITECTURES)
    assert set(STANDARD_PYTHON) <= set(standard_image.VERSIONS)
    of_its_system = {p for p, system in RUNTIMES.items() if system.name == "Amazon Linux 2023"}
    assert set(STANDARD_PYTHON) == of_its_system
    kinds = [e.kind for e in (place, lambda_of(target), container_of(target, target.build_image))]
    assert kinds == [STANDARD, LAMBDA, ""]


def test_every_architecture_has_a_type_and_every_version_is_one_of_lambdas() -> None:
    assert set(LAMBDA_TYPES) == set(ARCHITECTURES)
    assert set(LAMBDA_PYTHON) <= set(RUNTIMES)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"python": ("3.10", "3.12")}, "no image of python3.10"),
        ({"system_packages": ("libpq-devel",)}, "system_packages need root"),
    ],
)
def test_a_layer_that_lambda_compute_cannot_build_is_refused_only_if_it_must_run_there(
    fields: dict[str, Any], what: str
) -> None:
    with pytest.raises(SpecError, match=what) as caught:
        spec_of(compute="lambda", **fields)

    assert 'compute = "auto"' in caught.value.fix
    assert spec_of(compute="auto", **fields).compute == "auto"


@pytest.mark.parametrize("wrong", ["ec2", "", "Lambda"])
def test_other_words_are_refused(wrong: str) -> None:
    with pytest.raises(SpecError, match=f"compute cannot be '{wrong}'"):
        spec_of(compute=wrong)
