"""A few faults of each command that looks after a layer; `make soak` tries more of them."""

import pytest

from embedded.calls import READS
from tests.builder.commands.conftest import Project, project
from tests.soak.commands import OPERATIONS
from tests.soak.ground import Ground
from tests.soak.operations import AFTER, LOST, calls_of, meet

__all__ = ["project"]


@pytest.mark.slow
def test_a_command_that_was_ended_by_a_fault_says_so_and_finishes_its_job_when_it_is_run_again(
    project: Project,
) -> None:
    ground = Ground(project)
    amiss = ""
    for operation in OPERATIONS:
        calls = calls_of(ground, operation)
        writes = [number for number, name in enumerate(calls) if not READS.match(name)]
        points = [("expired", len(calls) // 2), *[(AFTER, number) for number in writes[:1]]]
        points += [(LOST, number) for number in writes[-1:]]
        amiss += "".join(meet(ground, operation, fault, number) for fault, number in points)

    assert not amiss
