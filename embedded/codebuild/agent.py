"""The CodeBuild agent's process: CodeBuild's API over HTTP on loopback, in front of ministack."""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from embedded.clients import Credentials
from embedded.codebuild.api import CodeBuild, refusal
from embedded.codebuild.build import Site
from embedded.codebuild.builds import Builds, Queue
from embedded.codebuild.environment import Place
from embedded.codebuild.events import EventBridge
from embedded.codebuild.process import HEALTH
from embedded.codebuild.projects import ProjectMemory
from embedded.codebuild.regions import Regions
from embedded.codebuild.upstream import JSON, TARGET, Answer, Upstream
from embedded.processes import LOOPBACK, collect_seldom

log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """An HTTP server on a socket that is bound already."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, listener: socket.socket, regions: Regions) -> None:
        super().__init__(listener.getsockname(), Exchange, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.regions = regions
        self.server_activate()


class Exchange(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer the health check."""
        known = self.path == HEALTH
        self.reply(Answer(200 if known else 404, {"status": "ok" if known else "unknown"}))

    def do_POST(self) -> None:
        """Answer an API call."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target, _, operation = self.headers.get("X-Amz-Target", "").partition(".")
        try:
            if target != TARGET:
                answer = refusal("UnknownOperationException", "this is CodeBuild's endpoint only")
            else:
                request: dict[str, Any] = json.loads(body or b"{}")
                headers = dict(self.headers.items())
                service = self.server.regions.asked(headers)
                answer = service.answer(operation, headers, body, request)
        except Exception as error:
            log.exception("%s failed", operation)
            answer = Answer(500, {"__type": "InternalFailure", "message": str(error)})
        self.reply(answer)

    def reply(self, answer: Answer) -> None:
        """Send an answer."""
        content = json.dumps(answer.document).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Log a request where the rest is logged."""
        log.debug(format, *args)


def make(options: argparse.Namespace, port: int) -> Regions:
    """Make the services of all regions from the options."""
    own = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])

    def in_region(region: str, state: Path) -> CodeBuild:
        upstream = Upstream(options.upstream, region, own)
        place = Place(region, options.account, options.upstream, f"http://{LOOPBACK}:{port}")
        site = Site(upstream, place, state, options.python, Queue(), options.minute)
        events = EventBridge(upstream, options.account, region)
        return CodeBuild(
            upstream,
            Builds(state / "builds", events.on_status),
            ProjectMemory(state / "projects.json"),
            site,
        )

    return Regions(options.region, options.state, in_region)


def main(arguments: list[str]) -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--minute", type=float, default=60.0)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level="INFO")
    listener = socket.socket(fileno=options.socket)
    options.state.mkdir(parents=True, exist_ok=True)
    regions = make(options, listener.getsockname()[1])
    collect_seldom()
    Server(listener, regions).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
