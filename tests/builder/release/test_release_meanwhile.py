"""What others do at any moment of a release: each call of AWS that it makes is such a moment."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.aws.session import Credentials, Session
from builder.errors import LayerRetired
from builder.functions.move import hand_over
from builder.layer.layer import Layer
from builder.operations.retire import Retirement, retire
from builder.protocol.keys import leftovers
from builder.release.prune import prune, pruning_of
from builder.release.release import ensure
from builder.spec.app_spec import AppSpec
from tests.builder.conftest import REGION, World, order_of, quick
from tests.patience import wait_until
from tests.soak.machine import SITE, SPEC, ReleaseMachine, SoakLayer, fingerprint_of
from tests.soak.stage import Actor

RETIREMENT = Retirement(
    "web",
    SITE.layer_name,
    AppSpec("app").bucket(SITE.account, SITE.region),
    SITE.region,
    SITE.account,
    Credentials(),
)
BEGINNING = 8
"""Steps of a first release after which it has begun; later ones then know that they are not it."""

Act = Callable[[Layer], object]


def begin(machine: ReleaseMachine, kind: str) -> Actor:
    """Return a release that has not taken its first step; those before it are done."""
    if kind != "first":
        machine.caller("blue")
        machine.stage.finish()
    return machine.caller("blue" if kind == "forced" else "green", force=kind == "forced")


def length_of(kind: str) -> int:
    """Return how many steps a release takes when nobody else does anything."""
    machine = ReleaseMachine()
    machine.begin()
    actor = begin(machine, kind)
    machine.stage.finish()
    assert actor.error is None
    return actor.steps


def interrupted(machine: ReleaseMachine, kind: str, moment: int, act: Act) -> tuple[Actor, Actor]:
    """Release, and let another process act at a moment; return both once they have ended."""
    release = begin(machine, kind)
    for _ in range(moment):
        release.step()
    other: Actor

    def work() -> object:
        services = machine.aws.services(lambda: other)
        return act(SoakLayer(SPEC, Path(), SITE, services, source="green", actor=other))

    other = machine.stage.add("other", work)
    while not other.done:
        other.step()
    machine.stage.finish()
    machine.stage.time += 1000.0
    machine.aws.pass_time()
    assert other.error is None
    return release, other


def retired(layer: Layer) -> None:
    retire(layer.services, RETIREMENT, progress=print)


KINDS = {kind: length_of(kind) for kind in ("first", "next", "forced")}
MOMENTS = [(kind, moment) for kind, length in KINDS.items() for moment in range(length)]


@pytest.mark.parametrize(("kind", "moment"), MOMENTS)
def test_a_layer_that_is_retired_while_it_is_released_leaves_nothing(
    machine: ReleaseMachine, kind: str, moment: int
) -> None:
    release, _ = interrupted(machine, kind, moment, retired)

    record = machine.record()
    if record is not None and moment <= BEGINNING:  # it began after that
        assert record.current == release.result
        assert record.consumed == 1
        return
    used = [use.version for use in machine.aws.function.layers]
    assert sorted(machine.aws.versions) == used
    assert sorted(machine.aws.objects) == [leftovers("web") for _ in used]
    assert all(build.ended for build in machine.aws.builds.values())
    if release.error is not None:
        assert isinstance(release.error, LayerRetired)
        assert "layer 'web' was retired while build" in release.error.what
    else:
        assert moment > KINDS[kind] - 10, "a release that had work left says that it was in vain"


@pytest.mark.parametrize("moment", range(KINDS["next"]))
@pytest.mark.parametrize("what", ["prune", "move"])
def test_a_layer_that_is_pruned_or_moved_while_it_is_released_ends_on_the_new_version(
    machine: ReleaseMachine, moment: int, what: str
) -> None:
    def act(layer: Layer) -> None:
        record = layer.records.load()
        if what == "prune":
            prune(layer, pruning_of(layer, 1), lambda _line: None)
        elif record is not None and record.current is not None:
            clock = machine.stage.actors[-1].clock()
            hand_over(layer, record.current, progress=lambda _line: None, clock=clock)

    release, _ = interrupted(machine, "next", moment, act)

    assert release.error is None
    record = machine.record()
    assert record is not None
    assert record.current == release.result
    assert record.current is not None
    assert record.current.version in machine.aws.versions
    assert [use.version for use in machine.aws.function.layers] == [record.current.version]
    mark = fingerprint_of("green")
    assert len([v for v in machine.aws.versions.values() if v.token.startswith(mark)]) == 1


class Interrupted(Session):
    """A session before whose first call of an operation something else happens."""

    def __init__(self, operation: str, act: Callable[[], object]) -> None:
        super().__init__(Credentials(), REGION)
        self.operation = operation
        self.act = act

    def client(self, service: str, **options: Any) -> Any:
        client = super().client(service, **options)
        client.meta.events.register_first("before-call", self._before)
        return client

    def _before(self, model: Any, **_event: Any) -> None:
        if model.name == self.operation:
            self.operation = ""
            self.act()


@pytest.mark.parametrize(
    "operation", ["StartBuild", "BatchGetBuilds", "PublishLayerVersion", "CopyObject"]
)
def test_in_aws_too_a_layer_that_is_retired_while_it_is_released_leaves_nothing(
    world: World, operation: str
) -> None:
    site = world.layer().site
    retirement = replace(RETIREMENT, layer_name=site.layer_name, bucket=site.bucket)

    def act() -> None:
        retire(world.services, retirement, progress=lambda _line: None)

    order = order_of(world.layer())
    services = world.connect(Interrupted(operation, act))
    lines: list[str] = []

    with pytest.raises(LayerRetired) as caught:
        ensure(
            replace(world.layer(), services=services), order, clock=quick(), progress=lines.append
        )

    assert "nothing of that release is left" in caught.value.fix
    assert "NOTE" not in str(lines)
    wait_until(lambda: all(build["buildStatus"] != "IN_PROGRESS" for build in world.builds()))
    assert (world.versions(), world.keys()) == ([], [])
