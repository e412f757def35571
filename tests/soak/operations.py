"""Commands whose calls of AWS go wrong, one at a time, and what is left once they are run again.

Nothing of the program is replaced: the calls are counted by botocore's events, and what goes wrong
is done where botocore sends a request, so that its own retries are part of it. Sources of the
answers: AWS SDKs and Tools reference guide, "Retry behavior"; Amazon S3 API reference, "Error
responses"; AWS Lambda API reference, "Common Errors".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from botocore.httpsession import URLLib3Session
from click.testing import Result

from builder.aws.session import Session
from embedded.calls import READS
from tests.soak.ground import Ground

REFUSALS = {
    "throttled twice": (400, "ThrottlingException", 2),
    "throttled for ever": (400, "ThrottlingException", 10_000),
    "500 for ever": (500, "InternalError", 10_000),
    "503 once": (503, "ServiceUnavailable", 1),
    "denied": (403, "AccessDenied", 10_000),
    "expired": (403, "ExpiredToken", 10_000),
}
"""Answers without the call having been done: status, code, and how often in a row."""

PASSING = frozenset({"throttled twice", "503 once"})
LOST, BEFORE, AFTER = "lost", "killed before", "killed after"
FAULTS = (*REFUSALS, LOST, BEFORE, AFTER)


class Killed(BaseException):
    """What a killed process meets: it is gone, so nothing of ours may catch it."""


@dataclass
class Trouble:
    """What goes wrong with one call of a process, by its number; with ``expired`` all later ones.

    ``calls`` are the operations that were called, in their order.
    """

    fault: str = ""
    number: int = -1
    calls: list[str] = field(default_factory=list)
    is_dead: bool = False
    is_met: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    call: threading.local = field(default_factory=threading.local)

    @contextmanager
    def around(self) -> Iterator[Trouble]:
        """Be what happens to all calls of AWS inside; pauses between tries take no time."""
        client_of, send = Session.client, URLLib3Session.send

        def client(session: Session, service: str, **options: Any) -> Any:
            made = client_of(session, service, **options)
            made.meta.events.register_first("before-call", self._before)
            made.meta.events.register_last("after-call", self._after)
            return made

        def sent(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
            return self._send(request, lambda: send(session, request))

        with (
            mock.patch.object(Session, "client", client),
            mock.patch.object(URLLib3Session, "send", sent),
            mock.patch("botocore.endpoint.time", SimpleNamespace(sleep=lambda _seconds: None)),
        ):
            yield self

    def _before(self, model: Any, **_event: Any) -> None:
        with self.lock:
            number = len(self.calls)
            self.calls.append(model.name)
        self.call.fault, self.call.tries = "", 0
        if number == self.number or (self.fault == "expired" and 0 <= self.number < number):
            self.is_met = True
            self.call.fault = self.fault
        self.is_dead = self.is_dead or self.call.fault == BEFORE
        if self.is_dead:
            raise Killed

    def _after(self, model: Any, **_event: Any) -> None:
        self.is_dead = self.is_dead or (self.call.fault == AFTER and not READS.match(model.name))
        if self.is_dead:
            raise Killed

    def _send(self, request: AWSPreparedRequest, go: Callable[[], Any]) -> Any:
        fault = getattr(self.call, "fault", "")
        if fault == LOST and not self.call.tries:
            self.call.tries += 1
            go()
            raise ConnectionClosedError(endpoint_url=request.url)
        if fault not in REFUSALS:
            return go()
        status, code, often = REFUSALS[fault]
        self.call.tries += 1
        return _answer(request, status, code) if self.call.tries <= often else go()


def _answer(request: AWSPreparedRequest, status: int, code: str) -> AWSResponse:
    """Return an error as S3 says it, or as the other services do."""
    signature = str(request.headers.get("Authorization", b""))
    is_xml = "/s3/" in signature or "/sts/" in signature
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
    if "/sts/" in signature:
        body = f"<ErrorResponse>{body}<RequestId>1</RequestId></ErrorResponse>"
    elif not is_xml:
        body = json.dumps({"__type": code, "message": "injected"})
    headers = {"x-amzn-errortype": code, "content-type": "text/xml" if is_xml else "text/json"}
    return AWSResponse(request.url, status, cast("Any", headers), _Raw(body.encode()))


class _Raw:
    """A body as botocore reads it from urllib3."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_arguments: Any, **_options: Any) -> Iterator[bytes]:
        yield self._body


@dataclass(frozen=True)
class Operation:
    """A command: what is there before it, its words, and why its job is not done ("" if it is).

    One that ``ends`` the layer deletes also what is current.
    """

    name: str
    before: Callable[[Ground], None]
    words: Callable[[Ground], tuple[str, ...]]
    undone: Callable[[Ground], str]
    ends: bool = False


def calls_of(ground: Ground, operation: Operation) -> list[str]:
    """Return the operations of AWS that a command calls when nothing goes wrong."""
    operation.before(ground)
    with Trouble().around() as trouble:
        done = ground.run(*operation.words(ground))
    assert done.exit_code == 0, done.output
    assert not operation.undone(ground), operation.undone(ground)
    return trouble.calls


def meet(ground: Ground, operation: Operation, fault: str, number: int) -> str:
    """Let a call of a command go wrong, run it again, and return what is amiss, "" for nothing."""
    operation.before(ground)
    words = operation.words(ground)
    first: Result | None = None
    with Trouble(fault, number).around() as trouble, suppress(Killed):
        first = ground.run(*words)
    amiss = [] if first is None else list(_ill_said(first, fault, trouble))
    if amiss == [] and fault in PASSING and first is not None and first.exit_code:
        amiss.append(f"it does not pass: {first.output[-600:]}")
    amiss += [] if operation.ends else ground.contradictions()
    if first is None or first.exit_code:
        again = ground.run(*words)
        is_ill = again.exit_code and "nothing is to be done" not in again.output
        if is_ill or _is_traceback(again):
            amiss.append(f"run again it ends with {again.exit_code}: {again.output[-600:]}")
    if operation.undone(ground):
        amiss.append(f"in the end {operation.undone(ground)}")
    amiss += ground.contradictions()
    met = trouble.calls[number] if number < len(trouble.calls) else "none"
    return "".join(f"\n{operation.name}, {fault} {number} {met}: {what}" for what in amiss)


def _ill_said(first: Result, fault: str, trouble: Trouble) -> Iterator[str]:
    said = first.output
    if _is_traceback(first):
        yield f"a traceback: {first.exception!r}"
    elif first.exit_code == 0:
        return
    elif first.exit_code != 1 or said.count("ERROR: ") != 1 or "\n  fix: " not in said:
        yield f"it is no clear error: {first.exit_code}, {said[-600:]}"
    elif fault == "expired" and trouble.is_met and "log in" not in said:
        yield f"it does not say to log in: {said[-600:]}"


def _is_traceback(done: Result) -> bool:
    is_end = done.exception is None or isinstance(done.exception, SystemExit)
    return not is_end or "Traceback" in done.output
