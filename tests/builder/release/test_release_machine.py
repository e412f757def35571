"""The release machine under random interleavings; `make soak` runs many more of them."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.soak.machine import ReleaseMachine


@pytest.mark.slow
def test_whatever_callers_meet_one_version_is_left_and_every_run_ends() -> None:
    run_state_machine_as_test(
        ReleaseMachine,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            database=None,
            derandomize=True,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
