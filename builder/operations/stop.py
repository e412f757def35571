"""End the task of a hybrid service in order, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.aws.tasks import TaskState
from builder.clock import Clock
from builder.errors import LayerError
from builder.hybrid.service import Service
from builder.hybrid.state import RUNNING, STOPPING, State, moment
from builder.progress import Progress

PAUSE = 2.0
"""Seconds between looks at a task that is to end."""

LONGEST = 300.0
"""Seconds for a task to end: its stop time-out is 120, and ECS takes a moment before and after."""


@dataclass(frozen=True)
class Stop:
    """Tasks that were ended, and the state that they have left."""

    service: Service
    tasks: tuple[TaskState, ...]
    state: State


def stop(service: Service, tasks: Sequence[TaskState], *, progress: Progress, clock: Clock) -> Stop:
    """Send SIGTERM to tasks of a service and wait until they have ended; return what they left.

    Raise LayerError when one does not end, or ended without having saved what it answered.
    """
    for task in tasks:
        progress(f"asking task {task.id} to end")
        service.tasks.stop(task.arn, "lambda-layer stop")
    ended = _wait(service, [task.arn for task in tasks], clock)
    state = service.state() or State()
    # A task that has saved all gives the service back; one that never served has nothing to save.
    if state.task in {task.arn for task in tasks} and state.phase in (RUNNING, STOPPING):
        raise _unsaved(service, state, ended)
    return Stop(service, tuple(ended), state)


def _wait(service: Service, arns: list[str], clock: Clock) -> list[TaskState]:
    deadline = clock.monotonic() + LONGEST
    while True:
        states = service.tasks.states(arns)
        running = [state for state in states if not state.is_over]
        if not running:
            return states
        if clock.monotonic() >= deadline:
            raise LayerError(
                f"task {running[0].id} of service {service.name!r} has not ended",
                where=f"cluster {service.tasks.cluster}; ECS says {running[0].status}",
                expected=f"its end within {LONGEST:.0f} seconds",
                fix=f"see its log: lambda-layer logs {service.name}",
            )
        clock.sleep(PAUSE)


def _unsaved(service: Service, state: State, ended: Sequence[TaskState]) -> LayerError:
    codes = ", ".join(f"exit code {task.exit_code}" for task in ended if task.exit_code is not None)
    saved = moment(state.saved)
    until = f"it has all that was answered before {saved}" if saved else "there is none"
    return LayerError(
        f"the task of service {service.name!r} ended without its last snapshot",
        where=f"{service.state_url}: generation {state.generation}, {state.phase}"
        + (f"; {codes}" if codes else ""),
        expected="a snapshot within the stop time-out",
        fix=f"see its log: lambda-layer logs {service.name}. The next task begins with the last "
        f"snapshot: {until}",
    )
