"""The life of one build, from SUBMITTED to COMPLETED.

Source of the order of phases: AWS CodeBuild user guide, "Build phase transitions". POST_BUILD
follows a failed BUILD, and artifacts are uploaded whatever became of BUILD and POST_BUILD; a failed
INSTALL or PRE_BUILD ends the build.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.errors import LayerError
from embedded.codebuild import (
    buildspec,
    interpreters,
    lambda_compute,
    role,
    standard_image,
    transfer,
)
from embedded.codebuild.builds import Queue, Record
from embedded.codebuild.buildspec import Buildspec, BuildspecError, OnFailure, Phase
from embedded.codebuild.cache import BuildCache, check_paths
from embedded.codebuild.environment import Place, Workspace, build_variables
from embedded.codebuild.log import BuildLog
from embedded.codebuild.role import ERRORS, Role, RoleError
from embedded.codebuild.settings import ArtifactPlace, Settings, Variable
from embedded.codebuild.shell import Cancelled, Shell
from embedded.codebuild.transfer import TransferError
from embedded.codebuild.upstream import Upstream

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """Where builds run: the agent's own session, its folders, and what a minute of time-out is."""

    own: Upstream
    place: Place
    state: Path
    python: Path
    queue: Queue
    minute: float = 60.0


class PhaseFailed(Exception):
    """The phase ends as FAILED."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def goes_on(phase: str, on_failure: OnFailure) -> bool:
    """Whether the next phase follows a failed one."""
    if on_failure:
        return on_failure == "CONTINUE"
    return phase in ("build", "post_build")


class Build:
    """One build; :meth:`run` is its life, for a thread of its own."""

    def __init__(self, site: Site, record: Record, settings: Settings, limit: int) -> None:
        self.site = site
        self.record = record
        self.settings = settings
        self.limit = limit
        self.workspace = Workspace(site.state / "work" / record.uuid)
        self.thread = threading.Thread(target=self.run, name=record.id, daemon=True)
        self._ending = ""
        self._failed = False
        self._shell: Shell | None = None
        self._log = BuildLog(None, settings.log_group, "")

    def start(self) -> None:
        """Start the build's thread."""
        self.site.queue.enter(self.record.project, self.record.id)
        self.thread.start()

    def cancel(self, status: str) -> None:
        """End the build with a status, STOPPED or TIMED_OUT, and all its processes."""
        self._ending = self._ending or status
        self.site.queue.wake()
        if self._shell:
            self._shell.cancel()

    def run(self) -> None:
        """Live."""
        status = "FAULT"
        try:
            status = self._live()
        except Cancelled:
            status = self._ending
            self.record.finish(status)
            self._log.note(f"Build ended: {status}")
        except PhaseFailed:
            status = "FAILED"
        except Exception as error:
            log.exception("the build %s failed by our own fault", self.record.id)
            self.record.finish("FAULT", "INTERNAL_ERROR", f"Internal error: {error}")
        finally:
            self._end(status)

    def _live(self) -> str:
        queued = self.settings.queued_timeout_minutes * self.site.minute
        with self._phase("SUBMITTED"):
            pass
        with self._phase("QUEUED"), self._time_out(queued):
            turn = self.site.queue.wait(
                self.record.project, self.record.id, self.limit, lambda: bool(self._ending)
            )
            if not turn:
                raise Cancelled
        with self._time_out(self._minutes * self.site.minute):
            with self._phase("PROVISIONING"):
                assumed = self._provision()
            with self._phase("DOWNLOAD_SOURCE"):
                spec, cache = self._download(assumed)
            if self._run_phases(spec):
                with self._phase("UPLOAD_ARTIFACTS"):
                    self._upload(assumed, spec, cache)
        return "FAILED" if self._failed else "SUCCEEDED"

    @property
    def _on_lambda(self) -> bool:
        return lambda_compute.is_lambda(self.settings.environment_type)

    @property
    def _minutes(self) -> float:
        return lambda_compute.MINUTES if self._on_lambda else self.settings.timeout_minutes

    def _end(self, status: str) -> None:
        self.record.begin("FINALIZING")
        if self._shell:
            self._shell.close()
        shutil.rmtree(self.workspace.root, ignore_errors=True)
        self._log.close()
        self.site.queue.leave(self.record.project, self.record.id)
        self.record.finish("SUCCEEDED")
        self.record.complete(status)

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Be in a phase; record and log how it ends."""
        if self._ending:
            raise Cancelled
        self.record.begin(name)
        try:
            yield
        except PhaseFailed as failure:
            self._failed = True
            self._finish(name, "FAILED", failure.code, failure.message)
            raise
        if self._ending:
            raise Cancelled
        self._finish(name, "SUCCEEDED")

    def _finish(self, name: str, status: str, code: str = "", message: str = "") -> None:
        self.record.finish(status, code, message)
        self._log.note(f"Phase complete: {name} State: {status}")
        self._log.note(f"Phase context status code: {code} Message: {message}")

    @contextmanager
    def _time_out(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self.cancel, ["TIMED_OUT"])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _provision(self) -> Role:
        """Assume the role, open the log."""
        try:
            assumed = role.assume(
                self.site.own,
                self.site.place,
                self.settings.service_role,
                self.record.uuid,
                self.record.project_arn,
            )
        except RoleError as error:
            raise PhaseFailed("ACCESS_DENIED", error.what) from error
        stream = "/".join(p for p in (self.settings.log_stream_prefix, self.record.uuid) if p)
        client = assumed.logs if self.settings.logs_enabled else None
        self._log = BuildLog(client, self.settings.log_group, stream)
        try:
            self._log.open()
        except ERRORS as error:
            raise PhaseFailed(
                "ACCESS_DENIED",
                f"Service role {self.settings.service_role} does not allow AWS CodeBuild to create"
                f" Amazon CloudWatch Logs log streams. Error message: {error}",
            ) from error
        if client:
            self.record.update(logs=log_fields(self.settings, stream, self.site.place))
        is_standard = standard_image.is_standard(self.settings.image)
        python = (
            standard_image.chosen(self.site.python)
            if is_standard
            else interpreters.for_image(self.settings.image, self.site.python)
        )
        self._log.note("Waiting for agent ping")
        self._log.note(
            f"The image {self.settings.image} is not used:"
            f" the embedded CodeBuild runs the commands on this machine, python3 is {python}"
        )
        self.workspace.create(python)
        if self._on_lambda:
            lambda_compute.furnish(self.workspace.programs, self.settings.image)
        if is_standard:
            standard_image.furnish(self.workspace.home, self.workspace.programs)
        return assumed

    def _download(self, assumed: Role) -> tuple[Buildspec, BuildCache]:
        """Fetch the source, read the buildspec, prepare the shell."""
        settings = self.settings
        self._log.note("Phase is DOWNLOAD_SOURCE")
        try:
            if settings.source:
                transfer.fetch(
                    assumed, settings.source, settings.source_version, self.workspace.source
                )
            for source in settings.secondary_sources:
                folder = self.workspace.secondary(source.identifier)
                folder.mkdir(parents=True)
                transfer.fetch(assumed, source.place, source.version, folder)
            spec = buildspec.parse(self._buildspec_text())
            check_paths(spec.cache_paths)
            variables = self._variables(assumed, spec)
        except BuildspecError as error:
            raise PhaseFailed("YAML_FILE_ERROR", str(error)) from error
        except RoleError as error:
            raise PhaseFailed("Decrypted Variables Error", error.what) from error
        except TransferError as error:
            raise PhaseFailed("CLIENT_ERROR", error.what) from error
        cache = BuildCache(settings.cache, settings.project, self.site.state / "cache", assumed)
        if cache.is_on and spec.cache_paths:
            self._log.note(cache.restore(self.workspace))
        self._shell = Shell(variables, self.workspace.source, self.workspace.shell, self._log.line)
        self._log.note(f"CODEBUILD_SRC_DIR={self.workspace.source}")
        return spec, cache

    def _buildspec_text(self) -> str:
        """Return the buildspec: given in the project, or a file of the source."""
        text = self.settings.buildspec
        if "\n" in text or text.lstrip().startswith("{"):
            return text
        file = self.workspace.source / (text or "buildspec.yml")
        if text.startswith("arn:") or not file.is_file():
            raise BuildspecError(
                f"YAML file {file.name} does not exist",
                where=text or "the source",
                expected="a buildspec in the project, or a file of the source",
            )
        return file.read_text(encoding="utf-8")

    def _variables(self, assumed: Role, spec: Buildspec) -> dict[str, str]:
        """Return the commands' environment; project and StartBuild win over the buildspec.

        Source: AWS CodeBuild user guide, "Build specification reference", env/variables.
        """
        asked = spec.variables
        wanted = {name: Variable(name, value) for name, value in asked.plain.items()}
        for kind, values in (
            ("PARAMETER_STORE", asked.parameter_store),
            ("SECRETS_MANAGER", asked.secrets_manager),
        ):
            wanted.update((name, Variable(name, value, kind)) for name, value in values.items())
        wanted.update((variable.name, variable) for variable in self.settings.variables)
        values = role.resolve_variables(assumed, wanted.values())
        self._log.secrets = tuple(
            values[v.name] for v in wanted.values() if v.kind != "PLAINTEXT" and values[v.name]
        )
        own = build_variables(
            self.settings,
            self.record.document(),
            self.workspace,
            assumed.credentials,
            self.site.place,
        )
        image = lambda_compute.variables(self.workspace.temporary) if self._on_lambda else {}
        return {**own, **image, **values}

    def _run_phases(self, spec: Buildspec) -> bool:
        """Run the phases with commands; return whether artifacts are to be uploaded."""
        for name in buildspec.PHASES:
            phase = spec.phases.get(name, Phase())
            try:
                with self._phase(name.upper()):
                    self._run_phase(name, phase)
            except PhaseFailed:
                if not goes_on(name, phase.on_failure):
                    return False
        if spec.variables.exported:
            assert self._shell is not None
            found = self._shell.read_environment()
            exported = [
                {"name": name, "value": found.get(name, "")} for name in spec.variables.exported
            ]
            self.record.update(exportedEnvironmentVariables=exported)
        return True

    def _run_phase(self, name: str, phase: Phase) -> None:
        """Run a phase's commands up to the first that fails, then those under finally."""
        self._log.note(f"Entering phase {name.upper()}")
        failure: PhaseFailed | None = None
        for commands in (phase.commands, phase.finally_):
            for command in commands:
                failed = self._run_command(command)
                if failed:
                    failure = failure or failed
                    self._failed = True
                    break
        if failure:
            raise failure

    def _run_command(self, command: str) -> PhaseFailed | None:
        assert self._shell is not None
        if self._ending:
            raise Cancelled
        self._log.note(f"Running command {command}")
        status = self._shell.run(command, succeeding=not self._failed)
        if status == 0:
            return None
        self._log.note(f"Command did not exit successfully {command} exit status {status}")
        return PhaseFailed(
            "COMMAND_EXECUTION_ERROR",
            f"Error while executing command: {command}. Reason: exit status {status}",
        )

    def _upload(self, assumed: Role, spec: Buildspec, cache: BuildCache) -> None:
        """Upload the artifacts, keep the cache."""
        try:
            for place in self.settings.artifacts:
                self._upload_one(assumed, spec, place)
        except LayerError as error:
            raise PhaseFailed("CLIENT_ERROR", error.what) from error
        if cache.is_on and spec.cache_paths and not self._failed:
            self._log.note(cache.save(spec.cache_paths, self.workspace))

    def _upload_one(self, assumed: Role, spec: Buildspec, place: ArtifactPlace) -> None:
        files = (
            spec.secondary_artifacts.get(place.identifier) if place.identifier else spec.artifacts
        )
        if files is None:
            self._log.note("The buildspec names no files for the artifact; nothing is uploaded")
            return
        started = time.monotonic()
        uploaded = transfer.upload(assumed, place, files, self.workspace, self.record.uuid)
        self._log.note(
            f"Uploaded artifacts to {uploaded.location} in {time.monotonic() - started:.1f} s"
        )
        if not place.identifier:
            self.record.update(
                artifacts={
                    "location": uploaded.location,
                    "sha256sum": uploaded.sha256,
                    "encryptionDisabled": not place.encrypted,
                    "overrideArtifactName": place.name_from_buildspec,
                }
            )


def log_fields(settings: Settings, stream: str, place: Place) -> dict[str, Any]:
    """Return where the log is, as the API says it."""
    group = settings.log_group
    return {
        "groupName": group,
        "streamName": stream,
        "deepLink": f"{place.endpoint}/#logEvent:group={group};stream={stream}",
        "cloudWatchLogs": {"status": "ENABLED", "groupName": group},
        "cloudWatchLogsArn": (
            f"arn:aws:logs:{place.region}:{place.account}:log-group:{group}:log-stream:{stream}"
        ),
    }
