"""ListFunctions with FunctionVersion=ALL, which also lists published versions.

ministack 1.5.33 ignores the parameter. Each ARN then ends with its version, ``$LATEST`` too.
Sources: AWS Lambda API reference, "ListFunctions"; AWS CLI reference, list-versions-by-function,
whose example shows these ARNs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from embedded.ministack.lambda_actions import first

Answer = tuple[int, Any, bytes]


def correct(lambda_svc: ModuleType) -> None:
    """Let ministack list published versions beside $LATEST when it is asked for ALL."""
    theirs = lambda_svc._list_functions

    def list_functions(query: Mapping[str, Any]) -> Answer:
        answer: Answer = theirs(query)
        if first(query, "FunctionVersion") != "ALL":
            return answer
        status, headers, body = answer
        document = json.loads(body)
        document["Functions"] = [
            version
            for config in document["Functions"]
            for version in (
                {**config, "FunctionArn": f"{config['FunctionArn']}:$LATEST"},
                *_versions(lambda_svc._functions[config["FunctionName"]]),
            )
        ]
        return status, headers, json.dumps(document).encode()

    lambda_svc._list_functions = list_functions  # type: ignore[attr-defined] # a module


def _versions(function: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [version["config"] for version in function.get("versions", {}).values()]
