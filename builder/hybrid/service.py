"""One hybrid service at its site: its description here; its task, image, data and log there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.aws.images import Images
from builder.aws.logs import Logs
from builder.aws.session import Session
from builder.aws.store import Store
from builder.aws.tasks import Tasks
from builder.hybrid.state import KEY, SNAPSHOTS, State
from builder.spec.app_spec import AppSpec
from builder.spec.service_spec import ServiceSpec

STREAM = "task/service/"
"""How the log streams of its tasks begin: prefix and container of the task definition; the task's
id follows (Amazon ECS developer guide, "Send Amazon ECS logs to CloudWatch")."""


@dataclass(frozen=True)
class Service:
    """A service; ``full_name`` is that of its cluster, task definition and ECR repository."""

    spec: ServiceSpec
    full_name: str
    account: str
    region: str
    partition: str
    log_group: str
    store: Store
    tasks: Tasks
    images: Images
    logs: Logs

    @property
    def name(self) -> str:
        """Its name in layers.toml."""
        return self.spec.name

    @property
    def repository(self) -> str:
        """The repository of its image, where that is one of the application."""
        app = self.full_name.removesuffix(f"-{self.name}")
        return AppSpec(app).repository(self.spec.layer) if self.spec.layer else self.full_name

    @property
    def state_url(self) -> str:
        """Where its state is."""
        return self.store.url(self.spec.prefix + KEY)

    @property
    def snapshots(self) -> str:
        """What the keys of its snapshots begin with."""
        return self.spec.prefix + SNAPSHOTS

    def state(self) -> State | None:
        """Return its state, None if it was never started; raise RecordError for what is none."""
        stored = self.store.read(self.spec.prefix + KEY)
        return State.from_json(stored.content, self.state_url) if stored else None


def services_at(app: AppSpec, specs: Sequence[ServiceSpec], session: Session) -> list[Service]:
    """Return services of an application, connected to the session's account and region."""
    return [_service(app, spec, session) for spec in specs]


def _service(app: AppSpec, spec: ServiceSpec, session: Session) -> Service:
    name = spec.full_name(app.name)
    return Service(
        spec,
        name,
        session.account,
        session.region,
        session.partition,
        spec.log_group(app.name),
        Store(session, spec.bucket(app.name, session.account, session.region)),
        Tasks(session, name),
        Images(session),
        Logs(session),
    )
