import re

import pytest

from builder.spec.runtimes import ARCHITECTURES, RUNTIMES, Target, by_version

ALL = [Target(python, architecture) for python in RUNTIMES for architecture in ARCHITECTURES]


@pytest.mark.parametrize(
    ("target", "platform"),
    [
        # Amazon Linux 2 has glibc 2.26: manylinux_2_28 and even 2_27 wheels do not load there.
        (Target("3.9", "x86_64"), "x86_64-manylinux_2_17"),
        (Target("3.11", "arm64"), "aarch64-manylinux_2_17"),
        (Target("3.12", "arm64"), "aarch64-manylinux_2_34"),
        (Target("3.14", "x86_64"), "x86_64-manylinux_2_34"),
    ],
)
def test_wheels_fit_the_glibc_of_the_runtime(target: Target, platform: str) -> None:
    assert target.platform == platform


@pytest.mark.parametrize("target", ALL, ids=str)
def test_no_wheel_is_newer_than_the_runtimes_glibc(target: Target) -> None:
    level = re.search(r"manylinux_(\d+)_(\d+)$", target.platform)

    assert level is not None
    assert [int(level[1]), int(level[2])] <= [int(part) for part in target.glibc.split(".")]


@pytest.mark.parametrize("target", ALL, ids=str)
def test_a_build_runs_on_the_runtimes_own_image_and_machine(target: Target) -> None:
    assert f"build-{target.runtime}:" in target.build_image
    assert target.build_image.endswith(target.architecture)
    assert ("ARM" in target.environment_type) == (target.architecture == "arm64")


def test_a_target_reads_as_people_say_it() -> None:
    assert str(Target("3.12", "arm64")) == "python3.12 on arm64"


def test_versions_are_ordered_as_numbers() -> None:
    assert by_version(("3.10", "3.9", "3.13")) == ["3.9", "3.10", "3.13"]
    assert by_version(RUNTIMES) == list(RUNTIMES)
