"""How builds are: one look at CodeBuild serves all processes of this machine that wait for builds.

An apply runs a process for each layer, and each looks at its builds time and again. Who has the
turn asks for the builds of all of them, as many as one call takes, and not more often than once a
second when many wait; its answer serves the others for the moment that they can do without a newer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.aws.together import Busy, turn, wish
from builder.clock import Clock
from builder.documents import Malformed, plain, typed
from builder.errors import NotNow

MOST = 100
"""Builds of one call (AWS CodeBuild API reference, BatchGetBuilds)."""

INTEREST = 60.0
"""Seconds for which a build is asked for with others after its own process has looked at it."""

PATIENCE = 20.0
"""Seconds to wait for our turn before it is said that we wait."""

GAP = 1.0
"""Seconds between two calls of this machine when a hundred builds or more are waited for."""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What a call that began at a time said of a build, None that CodeBuild does not know it."""

    began: float
    state: Document | None

    def serves(self, since: float) -> bool:
        """Whether it is new enough; how a build has ended does not change any more."""
        ended = self.state is not None and self.state.get("status") != "IN_PROGRESS"
        return ended or self.began >= since


@dataclass
class Board:
    """Which builds are waited for and when that was last said, and what is known of them.

    ``asked`` is when the last call began. All times are of one clock that never goes back.
    """

    wanted: dict[str, float] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    asked: float = 0.0

    def wants(self, ids: Iterable[str], now: float) -> None:
        """Note that builds are waited for, and forget those that no process looks at any more."""
        self.wanted |= dict.fromkeys(ids, now)
        self.wanted = {i: seen for i, seen in self.wanted.items() if now - seen <= INTEREST}
        self.known = {i: found for i, found in self.known.items() if i in self.wanted}

    def answer(self, ids: Collection[str], since: float) -> dict[str, Document | None] | None:
        """Return what is known of builds, None unless all of it is new enough."""
        found = {i: self.known[i] for i in ids if i in self.known and self.known[i].serves(since)}
        return {i: known.state for i, known in found.items()} if len(found) == len(ids) else None

    def next_call(self, now: float) -> float:
        """Return when this machine may call again: the more builds are waited for, the later."""
        gap = GAP * min(1.0, len(self.wanted) / MOST)
        return max(now, min(self.asked, now) + gap)

    def choose(self, ids: Collection[str]) -> list[str]:
        """Return the builds to ask for: those, and others of which least is known."""
        others = [i for i in self.wanted if i not in ids and not self._has_ended(i)]
        others.sort(key=lambda i: self.known[i].began if i in self.known else 0.0)
        return [*ids, *others][: max(MOST, len(ids))]

    def learn(self, ids: Iterable[str], began: float, states: Mapping[str, Document]) -> None:
        """Note what a call said of the builds that it asked for."""
        self.asked = began
        self.known |= {i: Known(began, states.get(i)) for i in ids}

    def _has_ended(self, build_id: str) -> bool:
        found = self.known.get(build_id)
        return found is not None and found.serves(float("inf"))


class Polls:
    """The looks of this process at builds; ``ask`` calls CodeBuild for some of them."""

    def __init__(self, ask: Callable[[list[str]], Mapping[str, Document]]) -> None:
        self._ask = ask
        self._was_busy = False

    def look(
        self, question: str, ids: Collection[str], age: float, clock: Clock
    ) -> Mapping[str, Document | None]:
        """Return how builds are, by an answer that began at most ``age`` seconds of the clock ago.

        ``question`` names the project and who asks. Raise NotNow when another process has had the
        turn for long; the next time we ask by ourselves.
        """
        wish(question, ids)
        since = clock.monotonic() - age
        try:
            return self._shared(question, ids, since, clock)
        except Busy:
            if self._was_busy:
                self._was_busy = False
                return self._ask(list(ids))
            self._was_busy = True
            raise NotNow(f"another process has been asking for {PATIENCE:.0f} s") from None

    def _shared(
        self, question: str, ids: Collection[str], since: float, clock: Clock
    ) -> Mapping[str, Document | None]:
        with turn(question, PATIENCE) as shared:
            if shared is None:
                return self._ask(list(ids))
            self._was_busy = False
            now = clock.monotonic()
            board = _read(shared.load(), now)
            board.wants(ids, now)
            found = board.answer(ids, since)
            if found is None:
                pause = board.next_call(now) - now
                if pause > 0:
                    clock.sleep(pause)
                began = clock.monotonic()
                board.wants(shared.wishes(), began)
                chosen = board.choose(ids)
                board.learn(chosen, began, self._ask(chosen))
                found = board.answer(ids, began)
            shared.save(plain(board))
            assert found is not None
            return found


def _read(stored: Mapping[str, Any], now: float) -> Board:
    """Return what other processes have noted by now, nothing where that cannot be read."""
    try:
        board = typed(Board, {key: stored[key] for key in ("wanted", "known", "asked")})
    except (KeyError, Malformed):
        return Board()
    # A start of the machine sets the clock back, and not every system says that there was one.
    board.wanted = {i: seen for i, seen in board.wanted.items() if seen <= now}
    board.known = {i: found for i, found in board.known.items() if found.began <= now}
    return board
