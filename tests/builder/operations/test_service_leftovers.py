import pytest

from builder.operations.service_leftovers import leftovers_of
from hybrid_service.state import CLAIMED, RUNNING, STOPPED, State
from tests.builder.hybrid.samples import SNAPSHOT, Parts, service_of

NAMED = SNAPSHOT.key  # of generation 3
LATER = "snapshots/00000003-000002.tar.gz"
FORMER = "snapshots/00000002-000001.tar.gz"
STRANGE = "snapshots/mine-1.tar.gz"


@pytest.mark.parametrize(
    ("state", "going"),
    [
        (State(3, STOPPED, snapshots=(SNAPSHOT,)), (FORMER, LATER)),
        # The task has perhaps uploaded it and is about to name it.
        (State(3, RUNNING, snapshots=(SNAPSHOT,)), (FORMER,)),
        (State(4, CLAIMED, snapshots=(SNAPSHOT,)), (FORMER, LATER)),
        # Without a state the snapshots are all that there is of the data.
        (None, ()),
    ],
)
def test_what_no_state_names_and_no_task_can_name_any_more_goes(
    state: State | None, going: tuple[str, ...]
) -> None:
    parts = Parts(state, [])
    parts.objects = [f"chroma/{key}" for key in (FORMER, NAMED, LATER, STRANGE)]

    found = leftovers_of(service_of(parts))

    assert found.snapshots == going
    assert set(found.kept) == {FORMER, NAMED, LATER, STRANGE} - set(going)
