from __future__ import annotations

import pytest

from builder.protocol.variables import COMPUTE_VARIABLE
from builder.spec import compute as places
from builder.worker import compute
from builder.worker.errors import BuildError

ON_LAMBDA = {compute.VARIABLE: "lambda"}


@pytest.mark.parametrize(
    ("said", "need"),
    [
        ("error: failed to write: No space left on device (os error 28)", "more space"),
        ("error: [Errno 122] Disk quota exceeded", "more space"),
        ("error: command '/usr/bin/gcc' failed: No such file or directory", "compilers"),
        ("g++: command not found", "compilers"),
        ("x.c:3:10: fatal error: libpq-fe.h: No such file or directory", "compilers"),
        ("  x The build backend returned an error", "compilers"),
        ("Error: This command has to be run with superuser privileges", "root"),
        ("OSError: [Errno 30] Read-only file system: '/opt/x'", "root"),
        ("fork: Cannot allocate memory", "more memory"),
        ("it is not known what this means", compute.OTHERS),
    ],
)
def test_an_error_on_lambda_compute_says_what_a_container_may_have(said: str, need: str) -> None:
    (line,) = compute.needs(BuildError("the build failed", where=said), ON_LAMBDA)

    assert line.startswith(f"  needs:    {need}")


def test_what_is_the_same_on_every_machine_needs_nothing() -> None:
    assert compute.needs(BuildError("there is no package x", settled=True), ON_LAMBDA) == []


@pytest.mark.parametrize("environment", [{}, {compute.VARIABLE: "container"}])
def test_a_container_has_nothing_else_to_hope_for(environment: dict[str, str]) -> None:
    assert compute.needs(BuildError("it failed"), environment) == []


def test_builder_and_worker_call_the_variable_the_same() -> None:
    assert compute.VARIABLE == COMPUTE_VARIABLE


def test_in_codebuilds_own_image_any_error_may_be_its_own() -> None:
    there = {compute.VARIABLE: compute.STANDARD}

    (line,) = compute.needs(BuildError("x cannot be imported"), there)

    assert line == "  needs:    the image of the runtime itself"
    assert compute.needs(BuildError("there is no package x", settled=True), there) == []
    assert compute.is_standard(there)
    assert not compute.is_standard(ON_LAMBDA)


def test_builder_and_worker_call_the_places_the_same() -> None:
    assert (compute.LAMBDA, compute.STANDARD) == (places.LAMBDA, places.STANDARD)
