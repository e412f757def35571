"""The process in which ministack runs: its application on a given socket, with calls recorded.

ministack's own CloudTrail recording knows neither the operation of most REST calls nor refused
calls, and a proxy in front would have to copy every body; a wrapper around the application sees
all and touches nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import resource
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import parse_qs

import uvicorn

from embedded.calls import INTERNAL, PRINCIPAL, Call, now
from embedded.ecs import tasks
from embedded.ministack import (
    codebuild_names,
    lambda_actions,
    lambda_code,
    lambda_runtime,
    lambda_versions,
    logs_actions,
    logs_keys,
    registry_rights,
    role_sizes,
    s3_checksums,
    s3_encryption,
    s3_owners,
    simulation,
    transport,
    trust,
)
from embedded.processes import collect_seldom

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

FORM = "application/x-www-form-urlencoded"
FORM_LIMIT = 65536


class Recorder:
    """An ASGI application that passes everything on and writes down which call it was."""

    def __init__(self, application: Application, journal: TextIO) -> None:
        self.application = application
        self.journal = journal

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one connection or request."""
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self.application(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        trust.enter(headers if INTERNAL in headers.get("user-agent", "") else {})
        registry_rights.enter(headers)
        is_form = headers.get("content-type", "").startswith(FORM)
        form = bytearray()

        async def listen() -> Message:
            message = await receive()
            if is_form and len(form) < FORM_LIMIT:
                form.extend(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            # Before the caller has its answer, so that a test that looks then finds the call.
            if message["type"] == "http.response.start":
                call = self.record(scope, headers, bytes(form), message["status"])
                if call.service == "codebuild":
                    # The agent decides more than ministack does, and needs to know for whom.
                    name = (PRINCIPAL.encode(), call.principal.encode())
                    message = {**message, "headers": [*message["headers"], name]}
            await send(message)

        await self.application(scope, listen, answer)

    def record(self, scope: Message, headers: dict[str, str], form: bytes, status: int) -> Call:
        """Write one call down; a call that cannot be named must still be answered."""
        try:
            call = name_call(scope, headers, form, status)
        except Exception:
            log.exception("cannot name the call %s %s", scope["method"], scope["path"])
            call = Call("unknown", scope["method"], scope["path"], "unknown", status, now())
        if INTERNAL not in headers.get("user-agent", ""):
            self.journal.write(call.to_json() + "\n")
            self.journal.flush()
        return call


def name_call(scope: Message, headers: dict[str, str], form: bytes, status: int) -> Call:
    """Find service, operation and principal of a request by ministack's own tables."""
    from ministack.core.iam_actions import extract_iam_action
    from ministack.core.iam_evaluator import request_caller_arn
    from ministack.core.router import detect_service

    method, path = scope["method"], scope["path"]
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    routing = {**parse_qs(form.decode("utf-8", "replace")), **query}
    service = detect_service(method, path, headers, routing)
    action = (
        extract_iam_action(service, method, path, headers, form, routing) or f"{service}:{method}"
    )
    return Call(
        service=service,
        operation=action.partition(":")[2],
        target=path,
        principal=request_caller_arn(headers, query),
        status=status,
        time=now(),
    )


def serve(listener: socket.socket, journal: Path) -> None:
    """Serve ministack on a bound socket until the process is ended."""
    os.environ["GATEWAY_PORT"] = str(listener.getsockname()[1])
    # Only now: ministack reads its environment when it is imported.
    from ministack import app
    from ministack.core import iam_actions, iam_evaluator
    from ministack.services import (
        cloudwatch_logs,
        codebuild,
        ecr,
        ecs,
        ecs_metadata,
        iam,
        lambda_svc,
        s3,
    )

    lambda_actions.correct(iam_actions)
    logs_actions.correct(iam_actions)
    logs_keys.correct(cloudwatch_logs)
    codebuild_names.correct(codebuild, iam_actions)
    lambda_code.correct(lambda_svc)
    lambda_versions.correct(lambda_svc)
    registry_rights.correct(ecr, iam_evaluator)
    role_sizes.correct(iam)
    s3_checksums.correct(s3)
    s3_encryption.correct(s3)
    s3_owners.correct(s3)
    trust.correct(iam_evaluator)
    simulation.correct(iam, iam_evaluator)
    transport.correct(app)
    tasks.correct(ecs, ecs_metadata, iam_actions, journal.parent)
    # ministack starts Python functions with this.
    sys.executable = str(lambda_runtime.create(journal.parent / "lambda"))
    collect_seldom()
    with journal.open("a", encoding="utf-8") as lines:
        asyncio.run(server(Recorder(app.app, lines)).serve([listener]))


def server(application: Application) -> uvicorn.Server:
    """Return an HTTP server that takes less of a request's time than ministack's own, hypercorn.

    From 6.23.0 on, hashicorp/aws reads and writes the tags of buckets by S3 Control, whose host
    name begins with the account: 123456789012.127.0.0.1, which no resolver knows. Programs find it
    if this process is their proxy for HTTP (:func:`embedded.terraform.own_proxy`): a proxy gets the
    target in absolute form (RFC 9112, section 3.2.2), of which the application gets the path. All
    requests are answered here, whatever their host; none is passed on.
    """
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        # ministack answers with the headers that AWS has.
        server_header=False,
        date_header=False,
        proxy_headers=False,
        # It keeps account and caller of a request in context variables.
        reset_contextvars=True,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def main(arguments: list[str]) -> None:
    """Run ministack on the socket with the given descriptor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--calls", type=Path, required=True)
    options = parser.parse_args(arguments)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        # One connection each for clients, builds and functions: 1024 is soon too few.
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    serve(socket.socket(fileno=options.socket), options.calls)


if __name__ == "__main__":
    main(sys.argv[1:])
