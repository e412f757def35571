"""Which resource a call to CloudWatch Logs is judged on, corrected for log streams.

ministack 1.5.33 judges every call on the log group, so a policy that lets a role write into some of
its streams would mean nothing. Source of the facts: service authorization reference, "Actions,
resources, and condition keys for Amazon CloudWatch Logs": the resource log-stream.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

ON_STREAMS = frozenset({"CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"})


def stream_of(target: str, body: bytes) -> str:
    """Return the stream that a call names, "" for calls that are judged on the group.

    ``target`` is the header X-Amz-Target.
    """
    if target.rpartition(".")[2] not in ON_STREAMS:
        return ""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    name = document.get("logStreamName", "") if isinstance(document, dict) else ""
    return name if isinstance(name, str) else ""


def correct(iam_actions: ModuleType) -> None:
    """Put the correction into ministack's module."""
    theirs: Callable[..., str] = iam_actions.extract_resource_arn

    def extract_resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, *where: Any
    ) -> str:
        arn = theirs(service, method, path, headers, body, *where)
        if service != "logs":
            return arn
        stream = stream_of(headers.get("x-amz-target", ""), body)
        return f"{arn}:log-stream:{stream}" if stream else arn

    iam_actions.extract_resource_arn = extract_resource_arn  # type: ignore[attr-defined] # a module
