from __future__ import annotations

import pytest

from builder.sizes.wheel_choice import fit_of, ranks_for
from tests.worker.conftest import target_of

NEW, OLD = target_of("3.12", "arm64"), target_of("3.11", "x86_64")


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("a-1-cp312-cp312-manylinux_2_28_aarch64.whl", "a-1-cp312-abi3-manylinux_2_28_aarch64.whl"),
        ("a-1-cp312-cp312-manylinux_2_34_aarch64.whl", "a-1-cp312-cp312-manylinux2014_aarch64.whl"),
        ("a-1-cp39-abi3-manylinux_2_17_aarch64.whl", "a-1-py3-none-manylinux_2_17_aarch64.whl"),
        ("a-1-py3-none-manylinux_2_17_aarch64.whl", "a-1-py3-none-any.whl"),
        ("a-1-1-py3-none-any.whl", "a-1-py3-none-any.whl"),
        ("a-1-10-py3-none-any.whl", "a-1-9-py3-none-any.whl"),
        ("a-1-py3-none-manylinux_2_17_aarch64.whl", "a-1-9-py3-none-any.whl"),
    ],
)
def test_the_wheel_that_says_most_about_the_target_is_the_best(better: str, worse: str) -> None:
    ranks = ranks_for(NEW)
    first, second = fit_of(better, ranks), fit_of(worse, ranks)
    assert first is not None
    assert second is not None
    assert first > second


@pytest.mark.parametrize(
    "name",
    [
        "a-1-cp312-cp312-manylinux_2_28_x86_64.whl",
        "a-1-cp312-cp312-manylinux_2_35_aarch64.whl",
        "a-1-cp312-cp312-musllinux_1_2_aarch64.whl",
        "a-1-cp313-cp313-manylinux_2_28_aarch64.whl",
        "a-1.tar.gz",
        "none of it",
    ],
)
def test_a_wheel_for_something_else_has_no_rank(name: str) -> None:
    assert fit_of(name, ranks_for(NEW)) is None


def test_the_older_glibc_of_amazon_linux_2_takes_older_wheels_only() -> None:
    assert fit_of("a-1-cp311-cp311-manylinux2014_x86_64.whl", ranks_for(OLD)) is not None
    assert fit_of("a-1-cp311-cp311-manylinux_2_28_x86_64.whl", ranks_for(OLD)) is None
