"""A bench: one service on the embedded AWS, with tasks as processes of the test."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from hybrid_service.aws import Store
from hybrid_service.state import CLAIMED, RUNNING, Seen, State
from tests.patience import PATIENCE, wait_until
from tests.serving import serving

LEDGER = Path(__file__).parents[2] / "examples" / "services" / "ledger.py"
HANDLER = """
import json
import urllib.request

from hybrid_service import service

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def handler(event, context):
    with service("ledger", timeout=200) as endpoint:
        for number in event["keep"]:
            request = urllib.request.Request(f"{endpoint}/{number}", method="POST")
            direct.open(request, timeout=30).read()
        found = json.load(direct.open(f"{endpoint}/", timeout=30))
        return {"found": found, "generation": endpoint.generation, "url": endpoint.url}
"""
"""A function that keeps numbers in the ledger."""

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(endpoint: str, path: str = "/", *, post: bool = False, body: Any = None) -> Any:
    """Ask a service for a JSON document; raise OSError when there is no answer."""
    request = urllib.request.Request(
        f"http://{endpoint}{path}",
        method="POST" if post else "GET",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )
    try:
        with _direct.open(request, timeout=30) as answer:
            return json.loads(answer.read())
    except http.client.HTTPException as error:  # what ends within an answer
        raise ConnectionError(repr(error)) from error


class Task:
    """A task: the supervisor as a process, with its log."""

    def __init__(
        self, bench: Bench, generation: int, words: Sequence[str], **settings: Any
    ) -> None:
        self.bench = bench
        self.data = bench.folder / f"data-{uuid.uuid4().hex[:6]}"
        self.log = bench.folder / f"{self.data.name}.log"
        self.arn = f"arn:aws:ecs:eu-central-1:123456789012:task/c/{self.data.name}"
        defaults = {"interval": 0.3, "idle": 600, "lease": 30, "stop": 60, "start": 100, "port": 0}
        options = {**defaults, "data": self.data, "generation": generation, **settings}
        environment = {
            **bench.aws.process_environment(),
            "ECS_CONTAINER_METADATA_URI_V4": f"{bench.metadata}/{self.data.name}",
            "HYBRID_BUCKET": bench.store.bucket,
            "HYBRID_PREFIX": bench.store.prefix,
            **{f"HYBRID_{name.upper()}": str(value) for name, value in options.items()},
        }
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hybrid_service.task", "--", *words],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def serving(self) -> str:
        """Wait until the task serves, return its endpoint."""

        def serves() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            state = self.bench.state()
            return state.phase == RUNNING and state.task == self.arn

        wait_until(serves, f"the task serves; see {self.log}")
        return self.bench.state().endpoint

    def kill(self) -> None:
        """Kill the supervisor, as the end of a host does."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def end(self) -> int:
        """Ask it to end as ECS does, return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end, return its exit code."""
        return self.process.wait(PATIENCE)


class Bench:
    """One service with a bucket of its own."""

    def __init__(self, aws: EmbeddedAws, folder: Path, metadata: str) -> None:
        self.aws = aws
        self.folder = folder
        self.metadata = metadata
        bucket = f"hybrid-{uuid.uuid4().hex[:12]}"
        self.s3 = aws.client("s3")
        self.s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.store = Store(bucket, "ledger/", self.s3)
        self.tasks: list[Task] = []

    def state(self) -> State:
        """Return the state."""
        return self.store.read().state

    def claim(self, *, by_force: bool = False) -> int:
        """Claim the next generation as a client does, return it."""
        seen: Seen = self.store.read()
        assert by_force or not seen.is_held
        state = seen.claimed(60)
        assert state.phase == CLAIMED
        assert self.store.write(state, seen.etag)
        return state.generation

    def start(
        self, words: Sequence[str] = (), *, generation: int | None = None, **settings: Any
    ) -> Task:
        """Start a task for the next generation, or for a given one."""
        ledger = [sys.executable, str(LEDGER), "{port}", "{data}"]
        task = Task(
            self, self.claim() if generation is None else generation, words or ledger, **settings
        )
        self.tasks.append(task)
        return task

    def expire(self) -> None:
        """Let the lease of a task that is gone have run out, without waiting for it."""
        seen = self.store.read()
        self.store.write(seen.state.changed(lease=-60.0), seen.etag)

    def wait_until_saved(self) -> None:
        """Wait until all that was answered before now is in a complete snapshot."""
        now = time.time()
        wait_until(lambda: self.state().saved > now, "a snapshot of this moment")


class _Metadata(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.split("/")[1]
        network = {"NetworkMode": "awsvpc", "IPv4Addresses": ["127.0.0.1"]}
        arn = f"arn:aws:ecs:eu-central-1:123456789012:task/c/{name}"
        content = json.dumps({"TaskARN": arn, "Containers": [{"Networks": [network]}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@pytest.fixture(scope="session")
def metadata() -> Iterator[str]:
    """The task metadata endpoint, for tasks that are processes of the test."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Metadata)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def bench(aws: EmbeddedAws, tmp_path: Path, metadata: str) -> Iterator[Bench]:
    bench = Bench(aws, tmp_path, metadata)
    yield bench
    for task in bench.tasks:
        if task.process.poll() is None:
            task.process.send_signal(signal.SIGCONT)
            task.kill()
