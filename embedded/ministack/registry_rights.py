"""Who may push into and pull from the repositories of ECR: whoever a login was given to.

ministack 1.5.33 gives everybody one password and asks nobody for it. Here a password names the
access key that has asked for it and the region where, whose registry it is for, and what comes with
it is judged by that caller's policies, as ECR does (Amazon ECR user guide, "Private registry
authentication": "The permission scope matches that of the IAM principal used to retrieve the
authentication token"). Which action each request needs: the same guide, "IAM permissions for
pushing an image to an Amazon ECR private repository", and the service authorization reference. The
embedded AWS itself, which pulls images for tasks, needs no login.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from embedded.calls import INTERNAL

CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")
USER = "AWS:"
CHALLENGE = 'Basic realm="https://embedded.amazonaws.com/",service="ecr.amazonaws.com"'

ACTIONS: Mapping[tuple[str, str], str] = {
    ("manifest", "HEAD"): "BatchGetImage",
    ("manifest", "GET"): "BatchGetImage",
    ("manifest", "PUT"): "PutImage",
    ("manifest", "DELETE"): "BatchDeleteImage",
    ("blob", "HEAD"): "BatchCheckLayerAvailability",
    ("blob", "GET"): "GetDownloadUrlForLayer",
    ("blob_uploads", "POST"): "InitiateLayerUpload",
    ("blob_upload_session", "PATCH"): "UploadLayerPart",
    ("blob_upload_session", "PUT"): "CompleteLayerUpload",
    ("tags_list", "GET"): "ListImages",
}
"""Actions by what a request is about, in ministack's words, and its method."""

Request = Callable[[str, str, Mapping[str, str], bytes, Any], Awaitable[Any]]

_caller: ContextVar[str] = ContextVar("caller", default="")


def enter(headers: Mapping[str, str]) -> None:
    """Remember the access key of the request that is being served."""
    found = CREDENTIAL.search(headers.get("authorization", ""))
    _caller.set(found[1] if found else "")


def correct(ecr: ModuleType, iam_evaluator: ModuleType) -> None:
    """Let logins name their callers, and judge requests by them."""
    token: Callable[[Any], Any] = ecr._get_authorization_token
    theirs: Request = ecr.handle_registry_request

    def get_authorization_token(data: Any) -> Any:
        status, headers, body = token(data)
        key = _caller.get()  # no limit: a context variable
        if not key:
            return status, headers, body
        document = json.loads(body)
        login = base64.b64encode(f"{USER}{key}/{ecr.get_region()}".encode()).decode()
        for each in document["authorizationData"]:
            each["authorizationToken"] = login
        return status, headers, json.dumps(document).encode()

    async def handle_registry_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Any:
        _, name, _ = ecr._parse_v2_path(path) or ("", "", "")
        lower = {key.lower(): value for key, value in headers.items()}
        region = who_and_where(lower)[1]
        if region:
            # All registries are at one address here; a name of AWS's says which is meant.
            lower["host"] = f"{ecr.get_account_id()}.dkr.ecr.{region}.amazonaws.com"
        ecr._select_registry_request_scope(name, lower, query)
        refusal = judged(ecr, iam_evaluator, method.upper(), path, lower)
        return refusal or await theirs(method, path, lower, body, query)

    ecr._get_authorization_token = get_authorization_token  # type: ignore[attr-defined] # a module
    ecr.handle_registry_request = handle_registry_request  # type: ignore[attr-defined]


def who_and_where(headers: Mapping[str, str]) -> tuple[str, str]:
    """Return the access key and the region that a login is of, "" for each without a login."""
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        login = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    key, _, region = login.removeprefix(USER).partition("/")
    return key, region


def judged(
    ecr: ModuleType, iam_evaluator: ModuleType, method: str, path: str, headers: Mapping[str, str]
) -> Any:
    """Return the answer that refuses a request, None for one that may go on."""
    if INTERNAL in headers.get("user-agent", ""):
        return None
    key, _ = who_and_where(headers)
    found = iam_evaluator.resolve_principal(key, ecr.get_account_id()) if key else None
    if found is None or isinstance(found, iam_evaluator.AuthError):
        status, answered, body = ecr._registry_error(401, "UNAUTHORIZED", "Not Authorized")
        return status, {**answered, "WWW-Authenticate": CHALLENGE}, body
    verb, name, _ = ecr._parse_v2_path(path) or ("", "", "")
    action = ACTIONS.get((verb, method), "")
    if found.policies is None or not action:
        return None
    arn = ecr._repo_arn(name)
    context = iam_evaluator.EvalContext(
        principal_arn=found.arn,
        principal_type=found.type,
        principal_account=found.account,
        action=f"ecr:{action}",
        resource_arn=arn,
        region=arn.split(":")[3],
        service_context={},
        principal_keys=found.keys,
    )
    if iam_evaluator.evaluate(context, found.policies, *found.limits).decision == "Allow":
        return None
    text = f"User: {found.arn} is not authorized to perform: ecr:{action} on resource: {arn}"
    return ecr._registry_error(403, "DENIED", text)
