import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from math import ceil
from typing import Any

import pytest

from builder.clock import Clock
from builder.functions.move import PARALLEL, ROUNDS, move_functions
from builder.functions.mover import MoveOutcome
from tests.builder.conftest import World, quick
from tests.builder.fleet import (
    MINE,
    TAGS,
    function_of,
    inject,
    layer_of,
    move,
    outcomes,
    version_of,
)
from tests.patience import PATIENCE, wait_until


class Meddlers:
    """Others who change the same functions all the time, each in a way of its own."""

    def __init__(self, world: World, functions: list[str], newer: str) -> None:
        self.client = world.aws.client("lambda")
        self.functions = functions
        self.newer = newer
        self.stop = threading.Event()
        self.described: dict[str, str] = {}
        self.turns = 0

    def describe(self) -> None:
        """Change something else without looking."""
        while not self.stop.is_set() or self.turns < len(self.functions):
            name = self.functions[self.turns % len(self.functions)]
            self.described[name] = f"turn {self.turns}"
            self.client.update_function_configuration(
                FunctionName=name, Description=self.described[name]
            )
            self.turns += 1
            time.sleep(0.02)

    def upgrade(self) -> None:
        """Move every function to a newer version of another layer, with manners."""
        for name in self.functions:
            while True:
                found = self.client.get_function_configuration(FunctionName=name)
                layers = [layer["Arn"] for layer in found["Layers"]]
                layers[1] = self.newer
                time.sleep(0.02)
                try:
                    self.client.update_function_configuration(
                        FunctionName=name, Layers=layers, RevisionId=found["RevisionId"]
                    )
                except self.client.exceptions.PreconditionFailedException:
                    continue
                break


def test_fifty_functions_move_while_others_change_them_and_nothing_is_lost(world: World) -> None:
    one, two = layer_of(world, "web", 2)
    (a,), (c,), (b1, b2) = layer_of(world, "a"), layer_of(world, "c"), layer_of(world, "b", 2)
    with ThreadPoolExecutor(4) as pool:
        fleet = list(
            pool.map(lambda n: function_of(world, f"f{n}", [a, b1, one, c], Tags=TAGS), range(50))
        )
    meddlers = Meddlers(world, fleet, b2)
    calls: Counter[str] = Counter()

    def called(model: Any, **_event: Any) -> None:
        calls.update([model.name])

    inject(world, "before-call.lambda", called)
    with ThreadPoolExecutor(2) as others:
        running = [others.submit(meddlers.describe), others.submit(meddlers.upgrade)]
        clock = Clock(sleep=lambda seconds: time.sleep(min(seconds, 0.5)))
        layer = world.layer(functions=(MINE,))

        asked = count()

        def slowly() -> bool:
            """Take time: asked once at first, then between reading a function and changing it."""
            if next(asked) == 1:  # others come between, however busy the machine is
                round_ = meddlers.turns + len(fleet) + 1
                wait_until(lambda: meddlers.turns >= round_, "a change of each function")
            time.sleep(0.2)
            return False

        moves = move_functions(
            layer, two, progress=lambda _line: None, clock=clock, overtaken=slowly
        )
        meddlers.stop.set()
        for other in running:
            other.result(PATIENCE)

    assert outcomes(moves) == dict.fromkeys(fleet, "moved")
    assert moves.behind == {}
    found = {f["FunctionName"]: f for f in world.aws.client("lambda").get_paginator(
        "list_functions").paginate().search("Functions")}  # fmt: skip
    for name in fleet:
        assert [layer["Arn"] for layer in found[name]["Layers"]] == [a, b2, two, c]
        assert found[name]["Description"] == meddlers.described[name]
    assert calls["UpdateFunctionConfiguration"] > 50, "nobody came between: nothing was proven"
    # One look for all; for each function its tags, an update that may be tried again, and a few
    # looks while somebody changes it: Lambda grants 15 calls a second to all of us.
    assert calls["ListFunctions"] <= (ROUNDS + 1) * ceil(len(found) / 50)
    assert calls["ListTags"] <= 100
    assert calls["UpdateFunctionConfiguration"] <= 150
    assert calls["GetFunctionConfiguration"] <= 50 * 12


def test_no_more_than_ten_move_at_the_same_time(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = layer_of(world, "web", 2)
    for number in range(14):
        function_of(world, f"f{number}", [one], Tags=TAGS)
    at_once: list[int] = []
    running = threading.Semaphore(0)
    full = threading.Event()
    lock = threading.Lock()
    functions = world.services.functions
    real = functions.get

    def slowly(name: str) -> Any:
        with lock:
            running.release()
            at_once.append(running._value)
            if running._value == PARALLEL:
                full.set()
        full.wait(PATIENCE)
        time.sleep(0.2)  # for one more, if it were let in
        try:
            return real(name)
        finally:
            running.acquire(timeout=PATIENCE)

    monkeypatch.setattr(functions, "get", slowly)

    assert len(move(world, two, MINE).ended(MoveOutcome.MOVED)) == 14
    assert max(at_once) == PARALLEL


def test_an_interrupt_ends_the_moving_soon(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = layer_of(world, "web", 2)
    fleet = [function_of(world, f"f{number}", [one], Tags=TAGS) for number in range(14)]
    functions = world.services.functions
    real = functions.get
    first: list[str] = []
    interrupted = threading.Event()

    def get(name: str) -> Any:
        first.append(name)
        if name != first[0]:
            interrupted.wait(PATIENCE)
            time.sleep(0.5)  # the interrupt is on its way through the caller
        return real(name)

    def interrupt(_line: str) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(functions, "get", get)
    with pytest.raises(KeyboardInterrupt):
        move_functions(world.layer(functions=(MINE,)), two, progress=interrupt, clock=quick())

    monkeypatch.undo()
    # One was done, ten had begun: no other one is begun any more.
    assert sum(version_of(world, name) == 1 for name in fleet) >= 14 - 1 - PARALLEL
    assert version_of(world, first[0]) == 2
