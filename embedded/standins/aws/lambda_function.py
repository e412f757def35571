"""Lambda functions.

Source of the facts: documentation and schema of hashicorp/aws 6.25, resource aws_lambda_function.
Functions made of a zip only: container images, VPCs and file systems are not served.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.duration import PATTERN, seconds
from embedded.standins.aws.enums import enum, unserved
from embedded.standins.aws.resource import AwsResource, cut, dropped, gone, only, set_tags
from embedded.standins.checks import (
    arn,
    between,
    conflicts,
    exactly_one,
    length,
    matches,
    together,
)
from embedded.standins.errors import ProviderError
from embedded.standins.planning import same
from embedded.standins.resource import Facts
from embedded.standins.values import UNKNOWN, State, Value

_GONE = "ResourceNotFoundException"
_NAME = r"(arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?[\w-]{1,64}"
_LAYER_VERSION = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:layer:[\w-]{1,140}:\d+")
_DURATION = "a duration such as 10m"
_UNSERVED = (
    "capacity_provider_config",
    "code_signing_config_arn",
    "durable_config",
    "file_system_config",
    "image_config",
    "image_uri",
    "publish_to",
    "replace_security_groups_on_destroy",
    "replacement_security_group_ids",
    "snap_start",
    "source_kms_key_arn",
    "tenancy_config",
    "vpc_config",
)
_CODE = (
    "architectures",
    "filename",
    "s3_bucket",
    "s3_key",
    "s3_object_version",
    "source_code_hash",
)
"""A change of one of these updates the code."""

_SETTINGS = (
    *("dead_letter_config", "description", "environment", "ephemeral_storage", "handler"),
    *("kms_key_arn", "layers", "logging_config", "memory_size", "role", "runtime", "timeout"),
    "tracing_config",
)
"""A change of one of these updates the configuration."""

_POLL = 0.1
"""Seconds between two looks at a function that is not ready: an AWS on loopback is quick."""


class Function(AwsResource):
    """``aws_lambda_function``."""

    service = "lambda"
    facts = Facts(
        defaults={
            "logging_config.application_log_level": "",
            "logging_config.system_log_level": "",
            "memory_size": 128,
            "package_type": "Zip",
            "publish": False,
            "reserved_concurrent_executions": -1,
            "skip_destroy": False,
            "timeout": 3,
        },
        force_new=("function_name", "package_type", "region"),
        computed_blocks=("ephemeral_storage", "logging_config", "tracing_config"),
        checks=(
            exactly_one("filename", "image_uri", "s3_bucket"),
            together("s3_bucket", "s3_key"),
            conflicts("s3_object_version", "filename"),
            matches("function_name", _NAME, "a name of up to 64 letters, digits, - and _"),
            enum("architectures", "lambda", "Architecture"),
            enum("package_type", "lambda", "PackageType"),
            enum("runtime", "lambda", "Runtime"),
            enum("logging_config.application_log_level", "lambda", "ApplicationLogLevel"),
            enum("logging_config.log_format", "lambda", "LogFormat"),
            enum("logging_config.system_log_level", "lambda", "SystemLogLevel"),
            enum("tracing_config.mode", "lambda", "TracingMode"),
            arn("dead_letter_config.target_arn"),
            arn("kms_key_arn"),
            arn("layers"),
            arn("role"),
            between("ephemeral_storage.size", 512, 10240),
            between("memory_size", 128, 10240),
            between("reserved_concurrent_executions", -1),
            between("timeout", 1, 900),
            length("architectures", 0, 1),
            length("handler", 1, 128),
            length("layers", 0, 5),
            *(matches(f"timeouts.{n}", PATTERN, _DURATION) for n in ("create", "delete", "update")),
            unserved(*_UNSERVED),
        ),
    )

    def plan(self, meta: Connection, prior: State | None, planned: State, config: State) -> None:
        """A zip needs a handler and a runtime; an update changes more than what is configured."""
        super().plan(meta, prior, planned, config)
        for name in ("handler", "runtime"):
            if planned["package_type"] == "Zip" and planned[name] in (None, ""):
                raise ProviderError(
                    "handler and runtime must be set when PackageType is Zip", path=(name,)
                )
        variables = (only(planned["environment"]) or {}).get("variables")
        if not variables and isinstance(planned["environment"], list):
            planned["environment"] = []
        if isinstance(planned["layers"], list) and UNKNOWN in planned["layers"]:
            planned["layers"] = UNKNOWN  # the SDK knows a list as a whole, or not at all
        if prior is None:
            return
        code, settings = _changed(prior, planned, _CODE), _changed(prior, planned, _SETTINGS)
        # Not for settings: that an update of them changes the time shows at the next refresh.
        if code:
            planned["last_modified"] = UNKNOWN
            planned["code_sha256"] = UNKNOWN
            planned["source_code_size"] = UNKNOWN
        if planned["publish"] and (code or settings or not prior["publish"]):
            for name in ("qualified_arn", "qualified_invoke_arn", "version"):
                planned[name] = UNKNOWN

    def create(self, meta: Connection, planned: State) -> State:
        """Create the function and wait until it can be invoked."""
        client, name = self.client(meta, planned), planned["function_name"]
        request = {
            **_settings(planned),
            "FunctionName": name,
            "Architectures": _known(planned["architectures"]),
            "Code": _code(planned),
            "PackageType": planned["package_type"],
            "Publish": planned["publish"],
            "Tags": planned["tags_all"] or None,
        }
        client.create_function(**cut(request))
        made = {**planned, "id": name}
        try:
            _wait(client, name, _timeout(planned, "create"))
            if made["reserved_concurrent_executions"] >= 0:
                _set_concurrency(client, made)
        except ProviderError as error:
            error.state = made
            raise
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the function."""
        client, name = self.client(meta, state), state["id"].rpartition(":")[2]
        found = gone(lambda: client.get_function(FunctionName=name), _GONE)
        if found is None:
            return None
        set_tags(meta, state, found.get("Tags", {}))
        function = found["Configuration"]
        latest = _latest_version(client, name)
        concurrency = found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1)
        return {
            **state,
            **_read_settings(function),
            # The SDK keeps null where there are none, and none were.
            "layers": [layer["Arn"] for layer in function.get("Layers", [])]
            or (None if state["layers"] is None else []),
            "id": name,
            "function_name": function["FunctionName"],
            "architectures": function.get("Architectures", ["x86_64"]),
            "arn": function["FunctionArn"],
            "code_sha256": function["CodeSha256"],
            "code_signing_config_arn": "",
            "image_uri": found.get("Code", {}).get("ImageUri", ""),
            "invoke_arn": invoke_arn(meta, state, function["FunctionArn"]),
            "last_modified": function["LastModified"],
            "package_type": function.get("PackageType", "Zip"),
            "publish": state["publish"] or False,
            "qualified_arn": latest["FunctionArn"],
            "qualified_invoke_arn": invoke_arn(meta, state, latest["FunctionArn"]),
            "region": state.get("region") or meta.region,
            "reserved_concurrent_executions": concurrency,
            "signing_job_arn": "",
            "signing_profile_version_arn": "",
            "skip_destroy": state["skip_destroy"] or False,
            # Not read back by the real one either: a change of the code by hand is not seen.
            "source_code_hash": _known(state["source_code_hash"]) or "",
            "source_code_size": function["CodeSize"],
            "version": latest["Version"],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Update configuration first, then code, then concurrency and tags."""
        client, name = self.client(meta, planned), planned["id"]
        limit = _timeout(planned, "update")
        if _changed(prior, planned, _SETTINGS):
            # "" takes a key away.
            settings = {**cut(_settings(planned)), "KMSKeyArn": planned["kms_key_arn"] or ""}
            client.update_function_configuration(FunctionName=name, **settings)
            _wait(client, name, limit)
        if _changed(prior, planned, _CODE):
            architectures = _known(planned["architectures"])
            request = {**_code(planned), "Architectures": architectures}
            client.update_function_code(FunctionName=name, **cut(request))
            _wait(client, name, limit)
        if prior["reserved_concurrent_executions"] != planned["reserved_concurrent_executions"]:
            _set_concurrency(client, planned)
        if planned["publish"] and planned["version"] is UNKNOWN:
            client.publish_version(FunctionName=name)
            _wait(client, name, limit)
        if dropped(prior, planned):
            client.untag_resource(Resource=planned["arn"], TagKeys=dropped(prior, planned))
        if planned["tags_all"] and planned["tags_all"] != prior["tags_all"]:
            client.tag_resource(Resource=planned["arn"], Tags=planned["tags_all"])
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the function, unless it is to be kept."""
        client = self.client(meta, state)
        if not state["skip_destroy"]:
            gone(lambda: client.delete_function(FunctionName=state["id"]), _GONE)


def _changed(prior: State, planned: State, names: tuple[str, ...]) -> bool:
    return any(not same(prior[name], planned[name]) for name in names)


def _known(value: Value) -> Value:
    return None if value is UNKNOWN else value


def _code(planned: State) -> dict[str, Any]:
    if planned["filename"]:
        try:
            return {"ZipFile": Path(planned["filename"]).expanduser().read_bytes()}
        except OSError as error:
            raise ProviderError(
                f"reading ZIP file ({planned['filename']}): {error}", path=("filename",)
            ) from error
    return cut(
        {
            "S3Bucket": planned["s3_bucket"],
            "S3Key": planned["s3_key"],
            "S3ObjectVersion": planned["s3_object_version"],
        }
    )


def _settings(planned: State) -> dict[str, Any]:
    layers = planned["layers"] or []
    for layer in layers:
        # Lambda itself refuses this; a simulated one may not.
        if not _LAYER_VERSION.fullmatch(layer):
            raise ProviderError(
                f"InvalidParameterValueException: {layer} is not the ARN of a layer version",
                path=("layers",),
            )
    dead_letter, environment = only(planned["dead_letter_config"]), only(planned["environment"])
    storage, tracing = only(planned["ephemeral_storage"]), only(planned["tracing_config"])
    logging = only(planned["logging_config"])
    size = _known(storage["size"]) if storage else None
    return {
        "DeadLetterConfig": {"TargetArn": dead_letter["target_arn"] if dead_letter else ""},
        "Description": planned["description"],
        "Environment": {"Variables": (environment or {}).get("variables") or {}},
        "EphemeralStorage": {"Size": size} if size else None,
        "Handler": planned["handler"],
        "KMSKeyArn": planned["kms_key_arn"],
        "Layers": layers,
        "LoggingConfig": _logging(logging) if logging else None,
        "MemorySize": planned["memory_size"],
        "Role": planned["role"],
        "Runtime": planned["runtime"],
        "Timeout": planned["timeout"],
        "TracingConfig": {"Mode": tracing["mode"]} if tracing else None,
    }


_LOGGING = {
    "application_log_level": "ApplicationLogLevel",
    "log_format": "LogFormat",
    "log_group": "LogGroup",
    "system_log_level": "SystemLogLevel",
}


def _logging(block: State) -> dict[str, Any]:
    return cut({theirs: block[ours] for ours, theirs in _LOGGING.items()})


def _read_settings(function: dict[str, Any]) -> State:
    variables = function.get("Environment", {}).get("Variables")
    target = function.get("DeadLetterConfig", {}).get("TargetArn")
    group = f"/aws/lambda/{function['FunctionName']}"
    logging = {"LogFormat": "Text", "LogGroup": group, **function.get("LoggingConfig", {})}
    return {
        "dead_letter_config": [{"target_arn": target}] if target else [],
        "description": function.get("Description", ""),
        "environment": [{"variables": variables}] if variables else [],
        "ephemeral_storage": [{"size": function.get("EphemeralStorage", {}).get("Size", 512)}],
        "handler": function.get("Handler", ""),
        "kms_key_arn": function.get("KMSKeyArn", ""),
        "logging_config": [{ours: logging.get(theirs, "") for ours, theirs in _LOGGING.items()}],
        "memory_size": function["MemorySize"],
        "role": function["Role"],
        "runtime": function.get("Runtime", ""),
        "timeout": function["Timeout"],
        "tracing_config": [{"mode": function.get("TracingConfig", {}).get("Mode", "PassThrough")}],
    }


def _set_concurrency(client: Client, state: State) -> None:
    reserved = state["reserved_concurrent_executions"]
    if reserved >= 0:
        client.put_function_concurrency(
            FunctionName=state["id"], ReservedConcurrentExecutions=reserved
        )
    else:
        gone(lambda: client.delete_function_concurrency(FunctionName=state["id"]), _GONE)


def _latest_version(client: Client, name: str) -> dict[str, Any]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions = [version for page in pages for version in page["Versions"]]
    latest: dict[str, Any] = versions[-1]
    return latest


def invoke_arn(meta: Connection, state: State, function: str) -> str:
    """Return what API Gateway calls to invoke a function, a version or an alias."""
    region = state.get("region") or meta.region
    start = f"arn:{meta.partition}:apigateway:{region}:lambda:path"
    return f"{start}/2015-03-31/functions/{function}/invocations"


def _timeout(planned: State, action: str) -> float:
    configured = (planned["timeouts"] or {}).get(action)
    return seconds(configured or "10m")


def _wait(client: Client, name: str, limit: float) -> None:
    """Wait until the function is active and its last update has ended."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        function = client.get_function_configuration(FunctionName=name)
        state, update = function.get("State", "Active"), function.get("LastUpdateStatus")
        if state == "Failed" or update == "Failed":
            reason = function.get("StateReason") or function.get("LastUpdateStatusReason", "")
            raise ProviderError(f"waiting for Lambda Function ({name}): {state}: {reason}")
        if state in ("Active", "Inactive") and update in (None, "Successful"):
            return
        time.sleep(_POLL)
    raise ProviderError(f"waiting for Lambda Function ({name}): timeout after {limit:g} seconds")
