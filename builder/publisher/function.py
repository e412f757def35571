"""The publisher function: when a build has ended, it finishes the release.

EventBridge calls it for every end of a build, at least once and in any order (EventBridge user
guide, "Event delivery"), and Lambda calls it again when it raises. So it believes nothing but what
CodeBuild and the record say now, and does what an apply would do: ``advance``.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from builder.aws.codebuild import BuildState
from builder.aws.services import Services, connect
from builder.aws.session import Credentials, Session
from builder.aws.topics import Topics
from builder.clock import Clock
from builder.documents import read_json, typed
from builder.errors import ArtifactError, AwsError, BuildFailed, LayerError, PlanOutdated, SpecError
from builder.layer.attempt import PUSH, Attempt
from builder.layer.record import Record, Release
from builder.layer.records import Records
from builder.layer.site import site_of
from builder.layer.token import Token
from builder.protocol.keys import push_project
from builder.protocol.statuses import BUILDING, FAILED, IGNORED, RELEASED
from builder.protocol.variables import (
    APP_VARIABLE,
    LAYER_NAMES_VARIABLE,
    NAME_VARIABLE,
    NOTIFY_VARIABLE,
    SIGNING_KEY_VARIABLE,
    TARGET_VARIABLE,
    TOKEN_VARIABLE,
)
from builder.publisher.event import Ending
from builder.publisher.stored_layer import StoredLayer, stored_layer
from builder.release.release import Order, advance
from builder.spec.app_spec import AppSpec
from builder.spec.checks import LAYER_NAME

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EventOutcome:
    """What came of an event, and a sentence about it."""

    what: str
    why: str
    layer: str = ""

    def document(self) -> dict[str, str]:
        """Return the outcome as the function answers it."""
        return {"outcome": self.what, "layer": self.layer, "why": self.why}


@dataclass(frozen=True)
class Publisher:
    """The publisher of one application; ``notify`` is a topic's ARN, or "".

    ``layer_names`` has names in Lambda, by layer, of layers whose description gives one.
    """

    app: AppSpec
    session: Session
    notify: str = ""
    layer_names: Mapping[str, str] = field(default_factory=dict)
    clock: Clock | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Publisher:
        """Return the publisher that the function's settings describe."""
        name = environment.get(APP_VARIABLE)
        if not name:
            raise SpecError(
                f"{APP_VARIABLE} is not set",
                where="the publisher function's environment",
                expected="the application's name, as the stack sets it",
                fix="apply the stack again",
            )
        names = typed(dict[str, str], read_json(environment.get(LAYER_NAMES_VARIABLE) or "{}"))
        session = Session(Credentials())
        app = AppSpec(name, signing_key=environment.get(SIGNING_KEY_VARIABLE, ""))
        return cls(app, session, environment.get(NOTIFY_VARIABLE, ""), names)

    def answer(self, event: Any) -> EventOutcome:
        """Do what an event asks for.

        A failed build is an outcome; an error is raised for what another call may pass, and for
        what a person has to look at.
        """
        ending = Ending.parse(event)
        if ending is None or not self._has(ending.project):
            return EventOutcome(IGNORED, "it is not the end of a build of ours")
        services = self._connect()
        state = services.codebuild.state(ending.build_id)
        if state is None:
            return EventOutcome(IGNORED, f"CodeBuild does not know build {ending.build_id}")
        if state.running:
            raise _too_early(state)
        token = Token.parse(state.variables.get(TOKEN_VARIABLE, ""))
        name, job = state.variables.get(NAME_VARIABLE, ""), self._job(ending.project, state)
        if token is None or job is None or not LAYER_NAME.fullmatch(name):
            return EventOutcome(IGNORED, f"build {state.id} is of no layer")
        given = self.layer_names.get(name, "")
        site = site_of(self.app, name, self.session, layer_name=given)
        # Whether it is an image, and what its versions are called, its description says first.
        record = Records(services.store, name).load()
        attempt = waiting_for(record, state, token, job)
        if attempt is not None:
            layer = stored_layer(services, site, name, attempt.fingerprint)
            _take_up(layer.records, attempt, state, job)
            order = Order(attempt.token, attempt.reason, fresh=attempt.fresh, begun=True)
            return self._advance(layer, order)
        current = made_by(record, state)
        if record is not None and current is not None:
            layer = stored_layer(services, site, name, current.fingerprint)
            spec = layer.spec
            if record.owed(spec.functions) or record.unshared(spec.share, spec.parameter):
                # Lambda calls again because functions were not all moved, or it was not shared.
                return self._advance(layer, Order(current.token, current.reason, begun=True))
        return EventOutcome(IGNORED, f"no attempt waits for build {state.id}", name)

    def _has(self, project: str) -> bool:
        """Whether a project builds the application's layers, or pushes the image of one."""
        return project == self.app.project or project.startswith(push_project(self.app.project, ""))

    def _job(self, project: str, state: BuildState) -> str | None:
        """Return what a build is called among those of an attempt, None for a strange one."""
        if project == self.app.project:
            return state.variables.get(TARGET_VARIABLE, "")
        layer = state.variables.get(NAME_VARIABLE, "")
        return PUSH if project == push_project(self.app.project, layer) else None

    def _connect(self) -> Services:
        bucket = self.app.bucket(self.session.account, self.session.region)
        return connect(self.session, bucket=bucket, project=self.app.project)

    def _advance(self, layer: StoredLayer, order: Order) -> EventOutcome:
        try:
            # Its role may delete versions of the layers that it serves, and of no retired one.
            release = advance(layer, order, progress=log.info, clock=self.clock, sweeps=False)
        except PlanOutdated as error:
            return EventOutcome(IGNORED, error.what, layer.name)
        except (BuildFailed, ArtifactError) as error:
            self._notify(layer, order, error)
            return EventOutcome(FAILED, error.what.splitlines()[0], layer.name)
        if release is None:
            return EventOutcome(BUILDING, "other builds of it still run", layer.name)
        return EventOutcome(RELEASED, release.layer_arn, layer.name)

    def _notify(self, layer: StoredLayer, order: Order, error: LayerError) -> None:
        log.error("%s", error)
        if not self.notify:
            return
        subject = f"Layer {layer.site.layer_name}: build {order.token.number} failed"
        try:
            Topics(self.session).publish(self.notify, subject=subject, message=str(error))
        except LayerError as refused:
            # The failure is recorded already, and the next plan shows it.
            log.error("the topic was not notified: %s", refused)  # noqa: TRY400 - the traceback adds nothing


def handler(event: Any, _context: object) -> dict[str, str]:
    """Answer one event: Lambda's entry point."""
    logging.getLogger("builder").setLevel(logging.INFO)
    try:
        outcome = Publisher.from_environment(os.environ).answer(event)
    except LayerError as error:
        log.error("%s", error)  # noqa: TRY400 - Lambda adds the traceback
        raise
    log.info("%s: %s %s", outcome.what, outcome.layer, outcome.why)
    return outcome.document()


def waiting_for(
    record: Record | None, state: BuildState, token: Token, job: str = ""
) -> Attempt | None:
    """Return the open attempt that goes on from this build, or None.

    ``job`` is what the build is among those of an attempt: a runtime, "" or "push". The process
    that started the build may have died before it noted which one it was. A push is then one of
    its own number alone: another attempt's may have failed, and who has the image finds it.
    """
    attempt = record.attempt if record else None
    if attempt is None or not attempt.is_open:
        return None
    known = attempt.build_of(job)
    if known:
        return attempt if known == state.id else None
    if job == PUSH:
        return attempt if attempt.token == token else None
    of_these_sources = attempt.fingerprint == token.fingerprint
    return attempt if of_these_sources and token.number >= attempt.since_of(job) else None


def made_by(record: Record | None, state: BuildState) -> Release | None:
    """Return the current release if this build made it, or None."""
    current = record.current if record else None
    return current if current is not None and current.build_id == state.id else None


def _take_up(records: Records, attempt: Attempt, state: BuildState, job: str) -> None:
    if not attempt.build_of(job):
        records.note(attempt.token, lambda noted: noted.with_build(job, state.id))


def _too_early(state: BuildState) -> AwsError:
    return AwsError(
        f"EventBridge says that build {state.id} has ended, CodeBuild that it runs",
        where="codebuild:BatchGetBuilds",
        expected="both to say the same in a moment",
        fix="nothing: Lambda calls the publisher again in a minute",
    )
