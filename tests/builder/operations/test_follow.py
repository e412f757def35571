import threading

from builder.clock import Clock
from builder.operations.follow import followed
from builder.operations.watch import View
from builder.release.plan import plan
from builder.release.release import Order, ensure
from tests.builder.conftest import World, quick
from tests.patience import PATIENCE


def test_a_release_is_seen_from_its_build_to_its_end(world: World) -> None:
    layer = world.layer()
    seen: list[str] = []
    began = threading.Event()

    def listen(last: View | None, view: View) -> None:
        if last is None or last.stage != view.stage:
            seen.append(view.stage)
        began.set()

    with followed([layer], Clock(), listen):
        planned = plan(layer)
        with world.held():
            work = threading.Thread(
                target=ensure, args=(layer, Order(planned.token, planned.reason)),
                kwargs={"clock": quick()}, daemon=True,
            )  # fmt: skip
            work.start()
            assert began.wait(PATIENCE)
        work.join(PATIENCE)

    assert seen[0] == "building"
    assert seen[-1] == "published"


def test_where_nothing_happens_nothing_is_said_and_the_end_is_prompt(world: World) -> None:
    seen: list[View] = []
    with followed([world.layer()], Clock(), lambda _last, view: seen.append(view)):
        pass
    assert seen == []
