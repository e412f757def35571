"""CodeBuild: start a build, see how it is, stop it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from builder.aws.polls import Document, Polls
from builder.aws.session import Session, code_of, explained
from builder.clock import Clock
from builder.documents import Malformed, plain, typed
from builder.errors import (
    ComputeRefused,
    InfrastructureError,
    NotNow,
    QuotaUsedUp,
    RoleNotReady,
)
from builder.spec.compute import is_lambda

if TYPE_CHECKING:
    from mypy_boto3_codebuild import CodeBuildClient
    from mypy_boto3_codebuild.type_defs import EnvironmentVariableTypeDef

RECENT = 100
"""Builds that are looked through for a forgotten one: one page of CodeBuild's list."""


@dataclass(frozen=True)
class BuildRequest:
    """What a build is started with. Equal requests with one ``token`` are one build.

    ``variables`` are names and values; ``secrets`` names and references to Secrets Manager, which
    CodeBuild resolves with the build's role. ``sources`` are zips in the bucket beside the source:
    identifier, key and S3 version of each. ``compute_type`` says how large the machine is and
    ``credentials`` who pulls its image; "" leaves that to the project. The log goes to a stream
    below ``log_prefix``, where no other layer's build can write. Without ``artifact_folder`` it
    leaves no artifact, and without ``role_arn`` it runs under the project's own role.
    """

    token: str
    source_key: str
    source_version: str
    artifact_folder: str
    artifact_name: str
    image: str
    environment_type: str
    role_arn: str
    log_group: str
    log_prefix: str
    variables: tuple[tuple[str, str], ...]
    compute_type: str = ""
    credentials: str = ""
    secrets: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class Phase:
    """One phase of a build; ``status`` is "" while it runs, ``seconds`` is how long it ran."""

    name: str
    status: str
    seconds: float


@dataclass(frozen=True)
class BuildState:
    """What CodeBuild says of a build; times are aware, ``seconds`` is how long it ran.

    ``exported`` are the variables that the buildspec exports, as they were when the build ended
    (AWS CodeBuild API reference, Build: exportedEnvironmentVariables).
    """

    id: str
    status: str
    phase: str
    log_group: str
    log_stream: str
    variables: Mapping[str, str]
    failure: str
    started: datetime
    seconds: float
    limit_seconds: float
    phases: tuple[Phase, ...] = ()
    image: str = ""
    environment_type: str = ""
    exported: Mapping[str, str] = field(default_factory=dict)

    @property
    def running(self) -> bool:
        """Whether the build has not ended."""
        return self.status == "IN_PROGRESS"

    @property
    def succeeded(self) -> bool:
        """Whether the build ended well."""
        return self.status == "SUCCEEDED"

    @property
    def failed(self) -> bool:
        """Whether the build ended, and not well."""
        return not self.running and not self.succeeded

    @property
    def ended(self) -> datetime:
        """When it ended; while it runs, when it was looked at."""
        return self.started + timedelta(seconds=self.seconds)

    @property
    def why(self) -> str:
        """Why the build failed: what CodeBuild says of it, else its status."""
        return self.failure or self.status


class CodeBuild:
    """The one CodeBuild project of an application."""

    def __init__(self, session: Session, project: str, bucket: str) -> None:
        self.project = project
        self.bucket = bucket
        self._session = session
        self._polls = Polls(lambda ids: {state.id: _document(state) for state in self.states(ids)})

    @cached_property
    def _codebuild(self) -> CodeBuildClient:
        client: CodeBuildClient = self._session.client("codebuild")
        return client

    def of(self, project: str) -> CodeBuild:
        """Return another project of the application."""
        return CodeBuild(self._session, project, self.bucket)

    def start(self, request: BuildRequest) -> BuildState:
        """Start a build, or find the one this token already started; return how it is."""
        with explained("codebuild:StartBuild", f"CodeBuild project {self.project}"):
            try:
                answer = self._codebuild.start_build(
                    projectName=self.project,
                    idempotencyToken=request.token,
                    sourceTypeOverride="S3",
                    sourceLocationOverride=f"{self.bucket}/{request.source_key}",
                    sourceVersion=request.source_version,
                    artifactsOverride=self._artifacts(request),
                    # What a build leaves is read by no later one, whatever the project says.
                    cacheOverride={"type": "NO_CACHE"},
                    logsConfigOverride={
                        "cloudWatchLogs": {
                            "status": "ENABLED",
                            "groupName": request.log_group,
                            "streamName": request.log_prefix,
                        }
                    },
                    imageOverride=request.image,
                    environmentTypeOverride=request.environment_type,  # type: ignore[arg-type]
                    environmentVariablesOverride=[
                        *_variables(request.variables, "PLAINTEXT"),
                        *_variables(request.secrets, "SECRETS_MANAGER"),
                    ],
                    **_of_environment(request),
                    **self._secondary(request),
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    raise InfrastructureError(
                        f"there is no CodeBuild project {self.project!r}",
                        where="codebuild:StartBuild",
                        expected="the project that the stack declares",
                        fix="apply the whole stack once, without -target",
                    ) from error
                refused = _not_now(error) or _compute_refused(error, request)
                if refused is not None:
                    raise refused from error
                raise
        return _state(answer["build"])

    def _artifacts(self, request: BuildRequest) -> Any:
        if not request.artifact_folder:
            return {"type": "NO_ARTIFACTS"}
        return {
            "type": "S3",
            "location": self.bucket,
            "path": request.artifact_folder,
            "name": request.artifact_name,
            "namespaceType": "NONE",
            "packaging": "NONE",
            # CodeBuild would use a KMS key of its own; the bucket encrypts already.
            "encryptionDisabled": True,
        }

    def _secondary(self, request: BuildRequest) -> dict[str, Any]:
        if not request.sources:
            return {}
        return {
            "secondarySourcesOverride": [
                {"type": "S3", "location": f"{self.bucket}/{key}", "sourceIdentifier": name}
                for name, key, _ in request.sources
            ],
            "secondarySourcesVersionOverride": [
                {"sourceIdentifier": name, "sourceVersion": version}
                for name, _, version in request.sources
            ],
        }

    def state(self, build_id: str) -> BuildState | None:
        """Return how a build is, or None if CodeBuild does not know it, as it does not know ""."""
        return next(iter(self._states([build_id] if build_id else [])), None)

    def states(self, build_ids: Iterable[str]) -> list[BuildState]:
        """Return how builds are (100 at most), in any order, without those that are unknown."""
        return self._states(list(build_ids))

    def watched(self, build_ids: Iterable[str], age: float, clock: Clock) -> list[BuildState]:
        """Return as :meth:`states` how builds were at most ``age`` seconds ago.

        Processes of this machine that wait for builds share calls (aws/polls.py).
        """
        ids = sorted(build_ids)
        if not ids:
            return []
        question = f"codebuild:BatchGetBuilds {self.project} {self._session.caller} "
        question += self._codebuild.meta.endpoint_url
        found = self._polls.look(question, ids, age, clock)
        try:
            return [_state_of(document) for document in found.values() if document is not None]
        except (KeyError, TypeError, ValueError, Malformed):  # written by another version of ours
            return self.states(ids)

    def recent(self) -> list[BuildState]:
        """Return the project's last builds, newest first."""
        with explained("codebuild:ListBuildsForProject", f"CodeBuild project {self.project}"):
            try:
                answer = self._codebuild.list_builds_for_project(
                    projectName=self.project, sortOrder="DESCENDING"
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return []
                raise
        states = self._states(answer["ids"][:RECENT])
        return sorted(states, key=lambda state: state.started, reverse=True)

    def project_exists(self) -> bool:
        """Say whether the project is there."""
        with explained("codebuild:BatchGetProjects", f"CodeBuild project {self.project}"):
            return bool(self._codebuild.batch_get_projects(names=[self.project])["projects"])

    def stop(self, build_id: str) -> None:
        """Stop a build."""
        with explained("codebuild:StopBuild", f"build {build_id}"):
            self._codebuild.stop_build(id=build_id)

    def _states(self, ids: list[str]) -> list[BuildState]:
        if not ids:
            return []
        with explained("codebuild:BatchGetBuilds", f"CodeBuild project {self.project}"):
            answer = self._codebuild.batch_get_builds(ids=ids)
        return [_state(build) for build in answer["builds"]]


def _not_now(error: ClientError) -> NotNow | None:
    """Return why a build can only be started later, or None.

    Sources: CodeBuild API reference, StartBuild (AccountLimitExceededException: "An AWS service
    limit was exceeded for the calling AWS account"); CodeBuild user guide, "Quotas for AWS
    CodeBuild" and "Troubleshooting", "CodeBuild is not authorized to perform: sts:AssumeRole".
    """
    message = str(error.response.get("Error", {}).get("Message", ""))
    if code_of(error) == "AccountLimitExceededException":
        return QuotaUsedUp(
            f"the account runs as many builds as it may: {message}",
            where="codebuild:StartBuild",
            expected="room for one more build",
            fix="wait, or ask for more: Service Quotas, AWS CodeBuild, "
            '"Concurrently running builds" of the environment that the message names',
        )
    if is_role_trouble(message):
        return RoleNotReady(
            f"CodeBuild cannot assume the build role: {message}",
            where="codebuild:StartBuild",
            expected="a role that trusts codebuild.amazonaws.com for this project",
            fix="a new role is known everywhere after some seconds: apply again; if it stays, see "
            "that the role and its trust policy are as the stack declares them",
        )
    return None


def _of_environment(request: BuildRequest) -> dict[str, Any]:
    overrides = {
        "serviceRoleOverride": request.role_arn,
        "computeTypeOverride": request.compute_type,
        "imagePullCredentialsTypeOverride": request.credentials,
    }
    return {key: value for key, value in overrides.items() if value}


def _compute_refused(error: ClientError, request: BuildRequest) -> ComputeRefused | None:
    """Return that Lambda compute is refused, None when it is something else.

    What exactly CodeBuild refuses there its documents do not say; provider and user reports show
    InvalidInputException, "Cannot specify ... for lambda compute" (terraform-provider-aws, #34376).
    """
    if not is_lambda(request.environment_type) or code_of(error) != "InvalidInputException":
        return None
    return ComputeRefused(
        str(error.response.get("Error", {}).get("Message", "")) or "InvalidInputException",
        where=f"codebuild:StartBuild, {request.environment_type}, {request.image}",
        expected="a project and a region where CodeBuild has Lambda compute",
        fix='use compute = "auto" or "container" for the layer',
    )


def is_role_trouble(message: str) -> bool:
    """Say whether CodeBuild means that it could not assume a role."""
    return "sts:AssumeRole" in message and "not authorized" in message.lower()


def _variables(
    pairs: Iterable[tuple[str, str]], kind: Literal["PLAINTEXT", "SECRETS_MANAGER"]
) -> list[EnvironmentVariableTypeDef]:
    return [{"name": name, "value": value, "type": kind} for name, value in pairs]


def _state(build: Mapping[str, Any]) -> BuildState:
    started = build.get("startTime", datetime.now(UTC))
    ended = build.get("endTime", datetime.now(UTC))
    logs = build.get("logs", {})
    minutes = build.get("timeoutInMinutes", 60) + build.get("queuedTimeoutInMinutes", 480)
    return BuildState(
        id=build["id"],
        status=build.get("buildStatus", "IN_PROGRESS"),
        phase=build.get("currentPhase", ""),
        log_group=logs.get("groupName", ""),
        log_stream=logs.get("streamName", ""),
        variables={
            variable["name"]: variable["value"]
            for variable in build.get("environment", {}).get("environmentVariables", [])
        },
        failure=_failure(build.get("phases", [])),
        started=started,
        seconds=(ended - started).total_seconds(),
        limit_seconds=minutes * 60.0,
        phases=tuple(_phase(phase) for phase in build.get("phases", [])),
        image=build.get("environment", {}).get("image", ""),
        environment_type=build.get("environment", {}).get("type", ""),
        exported={
            variable["name"]: variable["value"]
            for variable in build.get("exportedEnvironmentVariables", [])
        },
    )


def _document(state: BuildState) -> Document:
    """Return a state as JSON can hold it."""
    return {**plain(state), "started": state.started.isoformat()}


def _state_of(document: Document) -> BuildState:
    """Return the state that :func:`_document` was given."""
    fields = dict(document)
    started = datetime.fromisoformat(typed(str, fields.pop("started")))
    phases = typed(tuple[Phase, ...], fields.pop("phases"))
    return BuildState(started=started, phases=phases, **fields)


def _phase(phase: Mapping[str, Any]) -> Phase:
    now = datetime.now(UTC)
    ended = phase.get("endTime", now)
    seconds = (ended - phase.get("startTime", ended)).total_seconds()
    return Phase(phase["phaseType"], phase.get("phaseStatus", ""), max(0.0, seconds))


def _failure(phases: list[Mapping[str, Any]]) -> str:
    """Return the first failed phase and its message, for example ``BUILD: exit status 1``."""
    for phase in phases:
        if phase.get("phaseStatus") in {"FAILED", "FAULT", "TIMED_OUT", "STOPPED", "CLIENT_ERROR"}:
            messages = [context.get("message", "") for context in phase.get("contexts", [])]
            detail = "; ".join(message for message in messages if message)
            return f"{phase['phaseType']}: {detail or phase['phaseStatus']}"
    return ""
