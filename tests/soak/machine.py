"""The release machine under random interleavings, clocks and faults: what must always hold."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from builder.aws.session import Credentials
from builder.functions.move import hand_over
from builder.inputs.fingerprint import Inputs
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.layer.records import Records
from builder.layer.site import Site
from builder.operations.retire import Retirement, retire
from builder.operations.rollback import roll_back, unpin, unpinning_of
from builder.protocol.keys import leftovers
from builder.release.living import living_release
from builder.release.plan import plan
from builder.release.prune import prune, pruning_of
from builder.release.release import Order, ensure
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from tests.soak.fake import Aws
from tests.soak.stage import Actor, Stage

SITE = Site(
    "app-web", "bucket", "app", "arn:aws:iam::123456789012:role/r", "/aws/codebuild/app",
    "123456789012", "eu-central-1",
)  # fmt: skip
SPEC = LayerSpec(
    name="web", python=("3.12",), architecture="arm64", dependencies=("six",), functions=("web",)
)

RETIREMENT = Retirement(
    "web",
    SITE.layer_name,
    AppSpec("app").bucket(SITE.account, SITE.region),
    SITE.region,
    SITE.account,
    Credentials(),
)

RECORD = "web/record.json"
SOURCES = ("blue", "green")


@dataclass(frozen=True)
class SoakLayer(Layer):
    """The layer of one source, whose content is its name."""

    source: str = ""
    actor: Actor | None = None

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint_of(self.source)

    @cached_property
    def files(self) -> Any:
        return ()

    @cached_property
    def inputs(self) -> Inputs:
        return Inputs({"source": self.source}, {})

    def bundle(self) -> bytes:
        return self.source.encode()

    @cached_property
    def records(self) -> Records:
        assert self.actor is not None
        return Records(
            self.services.store, self.name, layer_arn=self.site.layer_arn, sleep=self.actor.pause
        )


def fingerprint_of(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


def silent(_line: str) -> None:
    """Say nothing."""


TOTALS = Counter[str]()
"""What all examples of this process met."""


class ReleaseMachine(RuleBasedStateMachine):
    """Several callers release a layer; each rule is a step of one of them, or a misfortune."""

    @initialize()
    def begin(self) -> None:
        self.stage = Stage()
        self.aws = Aws(self.stage)
        self.forced: set[str] = set()
        self.callers: list[Actor] = []
        self.rolled_back: set[int] = set()
        self.aws.watch = self.moved

    @rule(
        source=st.sampled_from(SOURCES),
        offset=st.sampled_from([0.0, 0.0, 120.0, -3600.0, 3600.0]),
        force=st.sampled_from([False, False, False, True]),
    )
    @precondition(lambda self: len([a for a in self.callers if not a.done]) < 4)
    def call(self, source: str, offset: float, force: bool) -> None:
        """Start another caller, as ``lambda-layer build`` or an apply does."""
        self.callers.append(self.caller(source, offset, force))

    def caller(self, source: str, offset: float = 0.0, force: bool = False) -> Actor:
        actor: Actor

        def work() -> object:
            layer = SoakLayer(
                SPEC, Path(), SITE, self.aws.services(lambda: actor), source=source, actor=actor
            )
            planned = plan(layer, force=force)
            if planned.status in {"current", "pinned"}:
                return planned.release
            if force:
                self.forced.add(str(planned.token))
            order = Order(planned.token, planned.reason, fresh=force)
            return ensure(layer, order, clock=actor.clock())

        actor = self.stage.add(f"caller {len(self.stage.actors)}", work, offset=offset)
        return actor

    @rule(
        what=st.sampled_from(["roll back", "unpin", "prune", "move", "retire"]),
        choice=st.integers(0, 3),
        offset=st.sampled_from([0.0, 120.0, -3600.0]),
    )
    @precondition(lambda self: len([a for a in self.callers if not a.done]) < 4)
    def operate(self, what: str, choice: int, offset: float) -> None:
        """Start a command that does something else with the layer."""
        self.callers.append(self.operator(what, choice, offset))

    def operator(self, what: str, choice: int = 0, offset: float = 0.0) -> Actor:
        actor: Actor

        def work() -> object:
            services = self.aws.services(lambda: actor)
            layer = SoakLayer(SPEC, Path(), SITE, services, source="green", actor=actor)
            TOTALS[what] += 1
            return self.act(what, choice, layer, actor)

        actor = self.stage.add(f"{what} {len(self.stage.actors)}", work, offset=offset)
        return actor

    def act(self, what: str, choice: int, layer: SoakLayer, actor: Actor) -> object:
        """Do what the command of that name does."""
        clock = actor.clock()
        record = layer.records.load_or_new()
        if what == "roll back" and record.releases:
            version = record.releases[choice % len(record.releases)].version
            release = living_release(layer, record, version)
            self.rolled_back.add(version)
            return roll_back(layer, release, by="a", reason="", clock=clock, progress=silent)
        if what == "unpin":
            unpin(layer, unpinning_of(layer), clock=clock, progress=silent)
        if what == "prune":
            return prune(layer, pruning_of(layer, 1 + choice), silent)
        if what == "move" and record.current is not None:
            return hand_over(layer, record.current, progress=silent, clock=clock)
        if what == "retire":
            retire(layer.services, RETIREMENT, progress=silent)
        return None

    @rule(choice=st.integers(0, 7), steps=st.integers(1, 12))
    def run(self, choice: int, steps: int) -> None:
        """Let one of them run for a while."""
        living = self.stage.living
        if living:
            actor = living[choice % len(living)]
            for _ in range(steps):
                if actor.done:
                    break
                actor.step()
            self.check()

    @rule(seconds=st.sampled_from([1.0, 30.0, 90.0, 400.0]))
    def fair_time(self, seconds: float) -> None:
        """Let all of them run for a time, whoever is due first."""
        until = self.stage.time + seconds
        for _ in range(5000):
            due = [actor for actor in self.stage.living if actor.wake <= until]
            if not due:
                break
            self.stage.due().step()
        self.stage.time = max(self.stage.time, until)
        self.check()

    @rule(
        choice=st.integers(0, 7),
        fault=st.sampled_from(["throttled", "unreachable", "lost", "twice"]),
        after=st.integers(0, 6),
    )
    def misfortune(self, choice: int, fault: str, after: int) -> None:
        """One of the next calls of one of them goes wrong."""
        living = self.stage.living
        if living:
            TOTALS["faults"] += 1
            living[choice % len(living)].faults = [""] * after + [fault]

    @rule(choice=st.integers(0, 7))
    def kill(self, choice: int) -> None:
        """One of them is killed."""
        living = [actor for actor in self.callers if not actor.done]
        if living:
            living[choice % len(living)].kill()
            TOTALS["kills"] += 1
            self.check()

    @rule(
        publish=st.sampled_from([1.0, 6.0, 40.0, 200.0, 290.0]),
        build=st.sampled_from([1.0, 20.0, 200.0]),
        ends_well=st.sampled_from([True, True, True, False]),
    )
    def weather(self, publish: float, build: float, ends_well: bool) -> None:
        """Say how long things take from now on, and how builds end."""
        self.aws.publish_seconds = publish
        self.aws.build_seconds = build
        self.aws.builds_end_well = ends_well

    @rule(choice=st.integers(0, 20))
    def delete_object(self, choice: int) -> None:
        """An object is deleted by hand, but not the record, nor a note of what was retired."""
        keys = sorted(key for key in self.aws.objects if key not in {RECORD, leftovers("web")})
        if keys:
            del self.aws.objects[keys[choice % len(keys)]]

    @rule(choice=st.integers(0, 5))
    def delete_version(self, choice: int) -> None:
        """A version that the function does not have is deleted by hand."""
        used = {use.version for use in self.aws.function.layers}
        found = sorted(set(self.aws.versions) - used)
        if found:
            del self.aws.versions[found[choice % len(found)]]

    def record(self) -> Record | None:
        stored = self.aws.objects.get(RECORD)
        return Record.from_json(stored.content.decode(), RECORD) if stored else None

    def moved(self, before: int, after: int) -> None:
        """No function goes back to an older release, except by a rollback."""
        record = self.record()
        old, new = (record.release_of(v) if record else None for v in (before, after))
        if old is None or new is None or after in self.rolled_back:
            return
        assert new.number >= old.number, f"the function went back from {old} to {new}"

    def check(self) -> None:
        """What holds at every moment."""
        if self.stage.broken is not None:
            raise self.stage.broken
        record = self.record()
        for release in record.all_releases if record else ():
            assert release.version <= self.aws.published, f"{release} was never published"
        numbers = [release.number for release in (record.releases if record else ())]
        assert record is None or record.current is None or record.current.number == max(numbers)

    def teardown(self) -> None:
        """Every run ends; and after one more release without faults all is as it should be."""
        if not hasattr(self, "stage"):
            return
        for actor in self.stage.living:
            actor.faults = []
        self.stage.finish()
        self.aws.builds_end_well = True
        self.aws.publish_seconds = 2.0
        self.stage.time += 600.0
        self.aws.pass_time()
        self.settle()
        for _ in range(2):
            last = self.caller("green")
            self.stage.finish()
            if last.error is None:
                break
        assert last.error is None, f"{last.error!r}"
        self.check()
        self.check_end()

    def settle(self) -> None:
        """Finish a rollback, and let go of its pin, so that what is current is in use."""
        record = self.record()
        if record is None or record.pinned is None:
            return
        pinned = record.pinned.release
        if pinned.version in self.aws.versions:
            self.finished("roll back", pinned.version)
            assert [use.version for use in self.aws.function.layers] == [pinned.version]
        self.finished("unpin")

    def finished(self, what: str, version: int = 0) -> None:
        """Do what a command does, without faults; it must end well."""
        record = self.record()
        versions = [release.version for release in record.releases] if record else []
        last = self.operator(what, versions.index(version) if version else 0)
        self.stage.finish()
        assert last.error is None, f"{what}: {last.error!r}"

    def check_end(self) -> None:
        TOTALS["examples"] += 1
        TOTALS["callers"] += len(self.callers) + 1
        TOTALS["steps"] += self.stage.steps
        record = self.record()
        assert record is not None
        assert record.current is not None
        assert record.current.fingerprint == fingerprint_of("green")
        assert record.current.version in self.aws.versions, "the record names what is not there"
        assert [use.version for use in self.aws.function.layers] == [record.current.version]
        for source in SOURCES:
            mark = fingerprint_of(source)
            forced = {token for token in self.forced if token.startswith(mark)}
            alive = [v for v in self.aws.versions.values() if v.token.startswith(mark)]
            assert len(alive) <= 1 + len(forced), f"doubled: {alive}"
