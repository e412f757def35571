"""The code of a new function, which has to be where it is said to be.

ministack 1.5.33 makes a function without code when its object in S3 is not there, where it refuses
UpdateFunctionCode and PublishLayerVersion. Source of the words: what Lambda answers to
CreateFunction, as public reports of NoSuchKey quote it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

MISSING = (
    "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key "
    "does not exist."
)


def correct(lambda_svc: ModuleType) -> None:
    """Let ministack refuse a function whose code is not there."""
    theirs: Callable[[Mapping[str, Any]], Any] = lambda_svc._create_function

    def create_function(data: Mapping[str, Any]) -> Any:
        code = data.get("Code", {})
        bucket, key = code.get("S3Bucket"), code.get("S3Key")
        named = bucket and key and not lambda_svc._s3_code_region_error(bucket)
        if named and not lambda_svc._fetch_code_from_s3(
            bucket, key, version_id=code.get("S3ObjectVersion")
        ):
            refused = "InvalidParameterValueException"
            return lambda_svc.error_response_json(refused, MISSING, 400)
        return theirs(data)

    lambda_svc._create_function = create_function  # type: ignore[attr-defined] # a module
