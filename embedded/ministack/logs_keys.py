"""AssociateKmsKey and DisassociateKmsKey, which ministack 1.5.33 does not know.

Source: CloudWatch Logs API reference, "AssociateKmsKey", "DisassociateKmsKey": a log group is
named, or the resource that is encrypted, which for log groups is their ARN.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

ASSOCIATE, DISASSOCIATE = "AssociateKmsKey", "DisassociateKmsKey"


def correct(cloudwatch_logs: ModuleType) -> None:
    """Let ministack's log groups take another key, or none."""
    theirs: Callable[..., Any] = cloudwatch_logs.handle_request

    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Any
    ) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in {ASSOCIATE, DISASSOCIATE}:
            return await theirs(method, path, headers, body, query)
        asked = json.loads(body or b"{}")
        name = asked.get("logGroupName") or asked.get("resourceIdentifier", "").rpartition(":")[2]
        group = cloudwatch_logs._log_groups.get(name)
        if group is None:
            what = f"The specified log group does not exist: {name}"
            return cloudwatch_logs.error_response_json("ResourceNotFoundException", what, 400)
        group["kmsKeyId"] = asked.get("kmsKeyId") if action == ASSOCIATE else None
        return cloudwatch_logs.json_response({})

    cloudwatch_logs.handle_request = handle_request  # type: ignore[attr-defined] # a module
