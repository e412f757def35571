"""Which task this is, and its address: from the task metadata endpoint."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from hybrid_service.errors import SettingsError

ATTEMPTS = 10
"""The endpoint may come a moment after the container."""

VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"


@dataclass(frozen=True)
class Identity:
    """The ARN and the private address of a task."""

    task: str
    address: str


def find(environment: Mapping[str, str] = os.environ) -> Identity:
    """Ask who we are; raise SettingsError when there is no answer.

    Source: Amazon ECS developer guide, "Task metadata endpoint version 4": ``/task`` has TaskARN,
    and for each container its Networks with IPv4Addresses.
    """
    url = urlsplit(environment.get(VARIABLE, ""))
    if not url.hostname:
        raise _unknown(f"{VARIABLE} is not set")
    for _ in range(ATTEMPTS - 1):
        with contextlib.suppress(SettingsError):
            return _ask(url)
        time.sleep(0.5)
    return _ask(url)


def _ask(url: SplitResult) -> Identity:
    connection = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=5)
    try:
        connection.request("GET", f"{url.path}/task")
        document = json.loads(connection.getresponse().read())
        addresses = [
            address
            for container in document["Containers"]
            for network in container.get("Networks", ())
            for address in network.get("IPv4Addresses", ())
        ]
        return Identity(document["TaskARN"], addresses[0])
    except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError) as error:
        raise _unknown(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()


def _unknown(why: str) -> SettingsError:
    return SettingsError(
        "the task does not know its own address",
        where=why,
        expected="the task metadata endpoint of Fargate, with an address of the task",
        fix="run it as an ECS task in network mode awsvpc",
    )
