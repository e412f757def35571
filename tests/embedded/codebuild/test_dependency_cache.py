"""No cache: the real buildspec and bundle, twice, through the agent."""

from __future__ import annotations

import http.server
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.inputs.bundle import bundle
from builder.spec.layer_spec import LayerSpec
from tests.serving import serving

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

WHEEL = "counted-1.0-py3-none-any.whl"


def wheel() -> bytes:
    content = io.BytesIO()
    info = "counted-1.0.dist-info"
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("counted.py", "x = 1\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: counted\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        names = ["counted.py", *(f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD"))]
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in names))
    return content.getvalue()


class Index:
    """A package index with one package, which counts how often its wheel is fetched."""

    def __init__(self) -> None:
        self.fetched = 0
        self.asked = 0
        index, content = self, wheel()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.endswith(".whl"):
                    index.fetched += 1
                    self.answer(content, "application/octet-stream")
                elif self.path.startswith("/simple/counted"):
                    index.asked += 1
                    self.answer(f'<a href="/{WHEEL}">{WHEEL}</a>'.encode(), "text/html")
                else:
                    self.send_error(404)

            def do_HEAD(self) -> None:
                self.send_error(405)

            def answer(self, body: bytes, kind: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                # As PyPI says of its files.
                self.send_header("Cache-Control", "max-age=365000000, immutable, public")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/simple"


@pytest.fixture
def index() -> Iterator[Index]:
    found = Index()
    with serving(found.server):
        yield found


def build(workshop: Workshop, project: str, index: Index) -> tuple[str, list[str]]:
    """Run one build; return its status and its log."""
    variable = {"name": "UV_DEFAULT_INDEX", "value": index.url, "type": "PLAINTEXT"}
    build_id = workshop.start(
        project,
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{workshop.name}/source.zip",
        environmentVariablesOverride=[variable],
    )
    record = workshop.wait(build_id)
    return record["buildStatus"], workshop.log(record)


@pytest.mark.slow
def test_nothing_of_a_build_reaches_the_next_one(
    workshop: Workshop, index: Index, tmp_path: Path
) -> None:
    from modules.layer.buildspec import buildspec_text  # here: the package starts Node

    spec = LayerSpec(
        name="web", python=("3.13",), architecture="arm64", dependencies=("counted==1.0",)
    )
    workshop.put("source.zip", bundle(spec, tmp_path, (), "0" * 64))
    # A project that somebody gave a cache.
    place = {"type": "S3", "location": f"{workshop.name}/web/cache"}
    project = workshop.project(buildspec_text(), cache=place)

    first, first_log = build(workshop, project, index)
    fetched = index.fetched
    second, second_log = build(workshop, project, index)

    assert (first, second) == ("SUCCEEDED", "SUCCEEDED"), "\n".join(first_log + second_log)
    assert fetched >= 1
    assert index.fetched == 2 * fetched, "the wheel came from somewhere else"
    assert not [line for line in second_log if line.startswith("Restored ")]
    assert not workshop.keys("web/cache/")
