"""What a process of the harness does: a command, a hook or the publisher, and where it is killed.

Nothing of the program is replaced: calls are counted by botocore's events, SIGKILL is the real one,
and a process that goes on after a dead one has shorter pauses.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

import boto3
import botocore.loaders

from builder.aws.session import Session
from builder.cli import main
from builder.clock import Clock
from builder.hook import plan_hook, release_hook
from builder.publisher.function import handler
from builder.query import Query
from embedded.calls import READS

PACE = 0.02
"""What a second of a pause lasts in a process that is in a hurry."""

GO_LIMIT = 120.0


@dataclass(frozen=True)
class Job:
    """One process: ``argv`` of the command; or ``queries`` of the hooks; or the publisher's event.

    ``fate`` is ``before 3`` (killed before the fourth call) or ``after 2`` (after the third write).
    It writes what it says, its calls and its silence into ``folder``. With ``gate`` it begins once
    that file is there.
    """

    folder: str
    environment: dict[str, str]
    argv: list[str] = field(default_factory=list)
    query: dict[str, Any] = field(default_factory=dict)
    event: dict[str, Any] = field(default_factory=dict)
    fate: str = ""
    hurry: bool = False
    gate: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Fate:
    """Counts the calls of this process, and kills it at one of them."""

    def __init__(self, fate: str, journal: TextIO) -> None:
        self._moment, _, number = fate.partition(" ")
        self._left = int(number or 0)
        self._journal = journal
        self._lock = threading.Lock()

    def attend(self) -> None:
        client_of = Session.client

        def client(session: Session, service: str, **options: Any) -> Any:
            made = client_of(session, service, **options)
            made.meta.events.register_first("before-call", self._before)
            made.meta.events.register_last("after-call", self._after)
            return made

        setattr(Session, "client", client)  # noqa: B010 - it is a method

    def _before(self, model: Any, **_event: Any) -> None:
        self._reach("before", model.name)

    def _after(self, model: Any, **_event: Any) -> None:
        if not READS.match(model.name):
            self._reach("after", model.name)

    def _reach(self, moment: str, name: str) -> None:
        with self._lock:
            self._journal.write(f"{moment} {name}\n")
            self._journal.flush()
            if moment != self._moment:
                return
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1


class Speech:
    """Standard error, with the longest time in which nothing was said."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = time.monotonic()
        self.silence = 0.0

    def write(self, text: str) -> int:
        self.pause()
        return self._stream.write(text)

    def pause(self) -> None:
        now = time.monotonic()
        self.silence, self._last = max(self.silence, now - self._last), now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def run(job: Job) -> int:
    """Do a job in this process and return its exit code."""
    folder = Path(job.folder)
    os.environ.clear()
    os.environ.update(job.environment)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end
    speech = Speech(open(2, "w", buffering=1, encoding="utf-8", closefd=False))  # noqa: SIM115
    sys.stderr = speech
    if job.hurry:
        _hurry()
    deadline = time.monotonic() + GO_LIMIT
    while job.gate and not Path(job.gate).exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    speech.pause()
    speech.silence = 0.0
    with (folder / "calls").open("a", encoding="utf-8") as journal:
        Fate(job.fate, journal).attend()
        try:
            code = _act(job)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 70
    speech.pause()
    (folder / "silence").write_text(str(speech.silence), encoding="utf-8")
    sys.stdout.flush()
    return code


def _act(job: Job) -> int:
    if job.argv:
        main(job.argv, prog_name="lambda-layer")
    elif job.event:
        sys.stdout.write(json.dumps(handler(job.event, None)))
    else:
        sys.stdout.write(json.dumps(_apply(job.query)))
    return 0


def _apply(query: dict[str, Any]) -> dict[str, str]:
    """Do what terraform apply does: the plan hook, the approval, the release hook."""
    shared = {"bucket", "project", "log_group", "region", "account", "profile", "role_arn"}
    layer = str(json.loads(query["spec"])["name"])
    asked = {key if key in shared else f"{layer}.{key}": value for key, value in query.items()}
    plan = json.loads(plan_hook(Query(asked))[layer])
    approval = {"Bucket": query["bucket"], "Key": f"{layer}/approved"}
    boto3.client("s3").put_object(**approval, Body=plan["token"].encode())
    answer = Query({**query, "plan": json.dumps(plan), "reason": plan["reason"]})

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    return release_hook(answer, say)


def _hurry() -> None:
    made = Clock.__init__

    def init(clock: Clock, **fields: Any) -> None:
        made(clock, **{"sleep": lambda seconds: time.sleep(seconds * PACE), **fields})

    setattr(Clock, "__init__", init)  # noqa: B010 - for every clock of this process


def share_models() -> None:
    """Read the descriptions of the services once for all processes that are forked from this."""
    loader = botocore.loaders.create_loader()
    botocore.loaders.create_loader = lambda *_a: loader
    for service in ("s3", "lambda", "codebuild", "logs", "sts", "iam", "sns"):
        boto3.client(service, "eu-central-1", aws_access_key_id="x", aws_secret_access_key="y")
