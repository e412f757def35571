"""CodeBuild's API: what is about running builds is answered here, all else by ministack."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from embedded.codebuild import lambda_compute, standard_image
from embedded.codebuild.build import Build, Site
from embedded.codebuild.builds import Builds, Record, present, uuids
from embedded.codebuild.projects import ProjectMemory
from embedded.codebuild.settings import InvalidInput, merge, settings
from embedded.codebuild.upstream import Answer, Upstream

Document = dict[str, Any]
Headers = Mapping[str, str]

STOP_SECONDS = 20
"""How long StopBuild waits for the end, so that nothing runs any more when it answers."""


class CodeBuild:
    """The service. Every call goes to ministack first: it knows the caller and the projects."""

    def __init__(
        self, upstream: Upstream, builds: Builds, memory: ProjectMemory, site: Site
    ) -> None:
        self.upstream = upstream
        self.builds = builds
        self.memory = memory
        self.site = site
        self.running: dict[str, Build] = {}
        self._starting = threading.Lock()
        self._operations: dict[str, Callable[[Document, Answer], Answer]] = {
            "CreateProject": self.create_project,
            "UpdateProject": self.create_project,
            "DeleteProject": self.delete_project,
            "BatchGetProjects": self.batch_get_projects,
            "StartBuild": self.start_build,
            "StopBuild": self.stop_build,
            "BatchGetBuilds": self.batch_get_builds,
            "BatchDeleteBuilds": self.batch_delete_builds,
            "ListBuilds": self.list_builds,
            "ListBuildsForProject": self.list_builds,
        }

    def answer(self, operation: str, headers: Headers, body: bytes, request: Document) -> Answer:
        """Answer one call."""
        request = by_name(request)
        if operation in ("CreateProject", "UpdateProject"):
            try:
                lambda_compute.check(request, request, self.site.place.region)
            except InvalidInput as error:
                return refusal("InvalidInputException", error.what)
        found = self.upstream.forward(headers, body)
        found = self.authorized_by_project(operation, request, found)
        if found.status != 200 or operation not in self._operations:
            return found
        try:
            return self._operations[operation](request, found)
        except InvalidInput as error:
            return refusal("InvalidInputException", error.what)

    def authorized_by_project(self, operation: str, request: Document, found: Answer) -> Answer:
        """Return ministack's answer, but with the project's ARN as the resource of the decision.

        ministack authorizes calls that name builds or several projects on ``*``. In AWS their
        resource is the project (Service authorization reference, "Actions defined by AWS
        CodeBuild").
        """
        names = projects_of(operation, request)
        if found.error not in ("", "AccessDeniedException") or not names or not found.principal:
            return found
        action = f"codebuild:{operation}"
        for name in names:
            if not self.upstream.may(found.principal, action, self.project_arn(name)):
                return denial(found.principal, action, self.project_arn(name))
        if found.error:
            return replace(self.upstream.ask(operation, request), principal=found.principal)
        return found

    def project_arn(self, name: str) -> str:
        """Return a project's ARN."""
        return (
            f"arn:aws:codebuild:{self.site.place.region}:{self.site.place.account}:project/{name}"
        )

    def create_project(self, request: Document, found: Answer) -> Answer:
        """Create or update a project."""
        self.memory.remember(request)
        return Answer(200, {"project": self.memory.complete(found.document["project"])})

    def delete_project(self, request: Document, found: Answer) -> Answer:
        """Delete a project; its builds stay."""
        self.memory.forget(request["name"])
        return found

    def batch_get_projects(self, request: Document, found: Answer) -> Answer:
        """Describe projects."""
        projects = [self.memory.complete(project) for project in found.document["projects"]]
        return Answer(200, {**found.document, "projects": projects})

    def start_build(self, request: Document, found: Answer) -> Answer:
        """Start a build, or return the one that was started with the same token."""
        role = request.get("serviceRoleOverride")
        passed = {"iam:PassedToService": "codebuild.amazonaws.com"}
        if role and not self.upstream.may(found.principal, "iam:PassRole", role, passed):
            return denial(found.principal, "iam:PassRole", role)
        draft = found.document["build"]
        with self._starting:
            token = request.get("idempotencyToken", "")
            known = self.builds.remembered(token, request) if token else None
            if known:
                self.upstream.ask("BatchDeleteBuilds", {"ids": [draft["id"]]})
                return Answer(200, {"build": known.document()})
            record = self._start(request, draft, found.principal, token)
        return Answer(200, {"build": record.document()})

    def _start(self, request: Document, draft: Document, principal: str, token: str) -> Record:
        name = draft["projectName"]
        described = self.upstream.ask("BatchGetProjects", {"names": [name]}).document["projects"]
        project = self.memory.complete(described[0])
        merged = merge(project, request)
        lambda_compute.check(request, merged, self.site.place.region)
        standard_image.check(merged["environment"])
        wanted = settings(merged)
        document = {
            **new_document(draft, merged),
            "buildNumber": self.next_number(name),
            "initiator": initiator(principal) or draft["initiator"],
        }
        record = self.builds.add(document, token, request)
        build = Build(self.site, record, wanted, merged.get("concurrentBuildLimit") or 0)
        self.running[record.id] = build
        build.start()
        return record

    def next_number(self, project: str) -> int:
        """Return the number of a project's next build."""
        records = [r for r in self.builds.records.values() if r.project == project]
        return 1 + max((int(r.document()["buildNumber"]) for r in records), default=0)

    def stop_build(self, request: Document, found: Answer) -> Answer:
        """Stop a build and wait until nothing of it runs."""
        build_id = uuids([request["id"]])[0]
        record = self.builds.records.get(build_id)
        if record is None:
            return refusal("ResourceNotFoundException", f"Build not found: {build_id}")
        build = self.running.get(build_id)
        if build and not record.is_complete:
            build.cancel("STOPPED")
            build.thread.join(timeout=STOP_SECONDS)
        return Answer(200, {"build": record.document()})

    def batch_get_builds(self, request: Document, found: Answer) -> Answer:
        """Describe builds."""
        ids = uuids(request.get("ids", []))
        builds = [self.builds.records[i].document() for i in ids if i in self.builds.records]
        missing = [i for i in ids if i not in self.builds.records]
        return Answer(200, {"builds": builds, "buildsNotFound": missing})

    def batch_delete_builds(self, request: Document, found: Answer) -> Answer:
        """Forget builds."""
        for build_id in uuids(request.get("ids", [])):
            self.builds.remove(build_id)
        return found

    def list_builds(self, request: Document, found: Answer) -> Answer:
        """List builds, of one project or all."""
        order = request.get("sortOrder", "DESCENDING")
        return Answer(200, {"ids": self.builds.ids(request.get("projectName"), order)})


def by_name(request: Document) -> Document:
    """Return a request with its project's name in the place of the project's ARN."""
    named = {key: request[key] for key in ("name", "projectName") if key in request}
    return {**request, **{k: str(v).rpartition(":project/")[2] for k, v in named.items()}}


def initiator(principal: str) -> str:
    """Return who started a build as builds tell it: a user's name, a role with its session."""
    entity = principal.rpartition(":")[2]
    return entity.partition("/")[2] or entity


def projects_of(operation: str, request: Document) -> list[str]:
    """Return the projects that a call is about, where ministack does not see them."""
    if operation == "BatchGetProjects":
        return names(request.get("names", []), ":project/")
    if operation in ("BatchGetBuilds", "BatchDeleteBuilds"):
        return names((i.rpartition(":")[0] for i in request.get("ids", [])), ":build/")
    if operation == "StopBuild":
        return names([request.get("id", "").rpartition(":")[0]], ":build/")
    return []


def names(identifiers: Iterable[str], marker: str) -> list[str]:
    """Return names without their ARNs, each once."""
    return list(dict.fromkeys(text.rpartition(marker)[2] for text in identifiers))


def new_document(draft: Document, merged: Document) -> Document:
    """Return the record of a build that was just submitted, from ministack's and the settings."""
    kept = ("id", "arn", "projectName")
    copied = (
        *("source", "sourceVersion", "artifacts", "environment", "serviceRole", "cache"),
        *("timeoutInMinutes", "queuedTimeoutInMinutes", "encryptionKey", "secondaryArtifacts"),
    )
    logs = merged.get("logsConfig", {})
    return {
        **{key: draft[key] for key in kept},
        **{key: merged[key] for key in copied if key in merged},
        "artifacts": artifact_fields(merged.get("artifacts", {})),
        "startTime": present(),
        "currentPhase": "SUBMITTED",
        "buildStatus": "IN_PROGRESS",
        "buildComplete": False,
        "phases": [],
        "secondarySources": merged.get("secondarySources", []),
        "secondarySourceVersions": merged.get("secondarySourceVersions", []),
        "logs": {key: logs[key] for key in ("cloudWatchLogs", "s3Logs") if key in logs},
    }


def artifact_fields(artifacts: Document) -> Document:
    """Return a build's artifact before it exists."""
    if artifacts.get("type", "NO_ARTIFACTS") == "NO_ARTIFACTS":
        return {"location": ""}
    parts = (artifacts.get("location"), artifacts.get("path"), artifacts.get("name"))
    return {
        "location": "arn:aws:s3:::" + "/".join(part.strip("/") for part in parts if part),
        "encryptionDisabled": artifacts.get("encryptionDisabled", False),
        "overrideArtifactName": artifacts.get("overrideArtifactName", False),
    }


def refusal(kind: str, message: str) -> Answer:
    """Return an error."""
    return Answer(400, {"__type": kind, "message": message})


def denial(principal: str, action: str, resource: str) -> Answer:
    """Return the error that a principal may not."""
    return refusal(
        "AccessDeniedException",
        f"User: {principal} is not authorized to perform: {action} on resource: {resource}",
    )
