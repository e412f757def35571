"""A function in the embedded Lambda that imports everything that a layer version holds."""

from __future__ import annotations

import contextlib
import io
import json
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from demo.machine import this_architecture, this_python
from embedded.clients import Credentials, client

HANDLER = '''\
import importlib
import importlib.metadata
import os
import pkgutil
import sys


def handler(event, context):
    """Import every module at the top of the layers; return version and file, or the error."""
    folders = [folder for folder in sys.path if os.path.basename(folder) == "python"]
    owners = importlib.metadata.packages_distributions()
    found = []
    for module in pkgutil.iter_modules(folders):
        name = module.name
        if name.startswith("_"):
            continue
        entry = {"module": name, "version": "", "error": ""}
        try:
            imported = importlib.import_module(name)
            file = str(imported.__file__ or list(imported.__path__)[0])
            # Here layers are elsewhere; on Lambda this folder is /opt/python.
            folder = module.module_finder.path
            inside = file.startswith(folder + os.sep)
            entry["file"] = "/opt/python" + file[len(folder):] if inside else file
            owner = owners.get(name)
            entry["version"] = importlib.metadata.version(owner[0]) if owner else ""
        except BaseException as error:
            entry["error"] = f"{type(error).__name__}: {error}"
        found.append(entry)
    return found
'''

READY = 60.0
"""Seconds until a function can be invoked: on AWS a few, here none."""


@dataclass(frozen=True)
class Import:
    """One module of a layer, imported by a function: where from, or why not."""

    module: str
    version: str
    file: str
    error: str


def imports(environment: Mapping[str, str], name: str, layer_arn: str) -> list[Import]:
    """Make a function with a layer version, or give an earlier one it, and invoke it."""
    region = layer_arn.split(":")[3]
    credentials = Credentials(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], None
    )
    lambdas, iam = (
        client(service, environment["AWS_ENDPOINT_URL"], region, credentials)
        for service in ("lambda", "iam")
    )
    with contextlib.suppress(lambdas.exceptions.ResourceNotFoundException):
        lambdas.delete_function(FunctionName=name)
    lambdas.create_function(
        FunctionName=name,
        Runtime=f"python{this_python()}",
        Architectures=[this_architecture()],
        Role=_role(iam, name),
        Handler="main.handler",
        Code={"ZipFile": _zip()},
        Timeout=60,
        MemorySize=1024,
        Layers=[layer_arn],
    )
    _wait(lambdas, name)
    answer = lambdas.invoke(FunctionName=name)
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        return [Import(name, "", "", str(payload.get("errorMessage", payload)))]
    return [
        Import(entry["module"], entry["version"], entry.get("file", ""), entry["error"])
        for entry in payload
    ]


def _role(iam: Any, name: str) -> str:
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(
            RoleName=name,
            AssumeRolePolicyDocument=json.dumps(
                {"Version": "2012-10-17", "Statement": [statement]}
            ),
        )
    return str(iam.get_role(RoleName=name)["Role"]["Arn"])


def _wait(lambdas: Any, name: str) -> None:
    end = time.monotonic() + READY
    while lambdas.get_function_configuration(FunctionName=name).get("State") == "Pending":
        if time.monotonic() > end:
            return  # the invocation says what is wrong
        time.sleep(0.1)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("main.py"), HANDLER)
    return buffer.getvalue()
