"""CodeBuild projects, and a build to stop, by name or by ARN, whichever a call gives.

hashicorp/aws gives DeleteProject the ARN, which is its id of a project; ministack 1.5.33 resolves
ARNs for BatchGetProjects alone, and makes an ARN of an ARN when it asks who may do it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

NAMING = {
    "_delete_project": "name",
    "_update_project": "name",
    "_start_build": "projectName",
    "_list_builds_for_project": "projectName",
}
"""ministack's functions, and the key of the request that names the project."""

PROJECT, BUILD = ":project/", ":build/"


def correct(codebuild: ModuleType, iam_actions: ModuleType) -> None:
    """Let ministack take a project's ARN where it takes a name."""
    for function, key in NAMING.items():
        setattr(codebuild, function, _by_name(codebuild, getattr(codebuild, function), key))
    stop = codebuild._stop_build
    codebuild._stop_build = lambda data: stop({**data, "id": _id(data.get("id", ""))})  # type: ignore[attr-defined] # a module
    theirs: Callable[..., str] = iam_actions.extract_resource_arn

    def extract_resource_arn(service: str, *rest: Any) -> str:
        found = theirs(service, *rest)
        if service == "codebuild" and f"{PROJECT}arn:" in found:
            return found.partition(PROJECT)[2]
        return found

    iam_actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined] # a module


def _id(build: str) -> str:
    return build.rpartition(BUILD)[2]


def _by_name(codebuild: ModuleType, theirs: Callable[[Any], Any], key: str) -> Callable[[Any], Any]:
    def answer(data: Mapping[str, Any]) -> Any:
        if key not in data:
            return theirs(data)
        # Of another account or region it is None, which ministack does not find; the message must
        # still name what was asked for.
        name = codebuild._project_name_from_identifier(data[key])
        return theirs({**data, key: name if name else data[key]})

    return answer
