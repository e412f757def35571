"""How a hybrid service is: its image, its task, its last snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from builder.aws.tasks import TaskState
from builder.errors import AwsError, RecordError
from builder.hybrid.service import Service
from builder.hybrid.state import CLAIMED, RUNNING, STARTING, STOPPED, STOPPING, State
from builder.operations.service_image import ELSEWHERE as ELSEWHERE
from builder.operations.service_image import MISSING as MISSING
from builder.operations.service_image import THERE as THERE
from builder.operations.service_image import UNKNOWN as UNKNOWN
from builder.operations.service_image import ServiceImage, image_of

NOT_APPLIED, FAILED, GONE = "not applied", "failed", "gone"
"""Words for a service besides those for the phases of its state."""

STATE = "its state: "


@dataclass(frozen=True)
class ServiceStatus:
    """What is known of one service; ``unseen`` says what could not be seen, and why.

    ``tasks`` are those that run, and the one that the state names if ECS still knows it. ``image``
    is the one of the next task.
    """

    service: Service
    state: State
    tasks: tuple[TaskState, ...] = ()
    image: ServiceImage = field(default=ServiceImage(UNKNOWN))
    unseen: tuple[str, ...] = ()
    is_applied: bool = True
    sees_state: bool = True
    sees_tasks: bool = True

    @property
    def task(self) -> TaskState | None:
        """The task that the state names, None when ECS does not know it."""
        return next((task for task in self.tasks if task.arn == self.state.task), None)

    @property
    def running(self) -> tuple[TaskState, ...]:
        """The tasks whose containers have not ended."""
        return tuple(task for task in self.tasks if not task.is_over)

    @property
    def beside(self) -> tuple[TaskState, ...]:
        """Tasks that run and that the state does not name."""
        return tuple(task for task in self.running if task.arn != self.state.task)

    @property
    def word(self) -> str:
        """The service's state in a word."""
        if not self.is_applied:
            return NOT_APPLIED
        if not self.sees_state:
            return UNKNOWN
        phase = self.state.phase
        runs = self.task is not None and not self.task.is_over
        if phase == STOPPED:
            ended = FAILED if self.state.failed else STOPPED
            return STOPPING if runs else ended
        if phase == CLAIMED:
            return STARTING
        return phase if runs or not self.sees_tasks else GONE

    @property
    def since(self) -> str:
        """Since when its task runs (ISO 8601, UTC), "" when none does."""
        return self.task.started if self.task and not self.task.is_over else ""

    @property
    def endpoint(self) -> str:
        """Where it answers, "" when it does not."""
        return self.state.endpoint if self.word == RUNNING else ""

    @property
    def reason(self) -> str:
        """Why it is not running, as its last task or ECS said."""
        if self.word == GONE:
            return (self.task and self.task.reason) or "its task ended without saying so"
        return self.state.reason if self.word in (STOPPED, FAILED, STOPPING) else ""


def service_status(service: Service) -> ServiceStatus:
    """Look how a service is; read and never write. What may not be seen is named, not raised."""
    unseen: list[str] = []
    state = _state(service, unseen)
    if state is None:
        return ServiceStatus(service, State(), is_applied=False)
    tasks = _tasks(service, state, unseen)
    image = _image(service, [task for task in tasks or () if not task.is_over], unseen)
    return ServiceStatus(
        service,
        state,
        tasks or (),
        image,
        tuple(unseen),
        sees_state=not any(one.startswith(STATE) for one in unseen),
        sees_tasks=tasks is not None,
    )


def _state(service: Service, unseen: list[str]) -> State | None:
    """Return the state, that of a service never started for none, None without a bucket."""
    try:
        found = service.state()
        return State() if found is None and service.store.bucket_exists() else found
    except (AwsError, RecordError) as error:
        unseen.append(f"{STATE}{error.what}")
        return State()


def _tasks(service: Service, state: State, unseen: list[str]) -> tuple[TaskState, ...] | None:
    try:
        running = service.tasks.running()
        if state.task and state.task not in {task.arn for task in running}:
            running += service.tasks.states([state.task])
    except AwsError as error:
        unseen.append(f"its tasks: {error.what}")
        return None
    return tuple(running)


def _image(service: Service, tasks: Sequence[TaskState], unseen: list[str]) -> ServiceImage:
    try:
        return image_of(service, tasks)
    except AwsError as error:
        unseen.append(f"its image: {error.what}")
        return ServiceImage(UNKNOWN)
