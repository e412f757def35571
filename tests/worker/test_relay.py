"""The ways to indexes with a login, asked with plain HTTP."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from builder.worker import relay
from tests.patience import PATIENCE
from tests.serving import serving


class Origin(ThreadingHTTPServer):
    """An index that says what it was asked with."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.logins: list[str | None] = []


class Answers(BaseHTTPRequestHandler):
    server: Origin

    def do_GET(self) -> None:
        self.server.logins.append(self.headers["Authorization"])
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.invalid/file.whl")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/absent":
            self.send_error(404)
            return
        is_page = self.path.startswith("/simple")
        body = f'<a href="{self.server.url}/files/x.whl">x</a>'.encode() if is_page else b"\0\1" * 9
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if is_page else "application/octet-stream")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@pytest.fixture
def origin() -> Iterator[Origin]:
    server = Origin()
    with serving(server):
        yield server


def environment(origin: Origin) -> dict[str, str]:
    return {
        "UV_INDEX": f"layer-1={origin.url}/simple other=http://open.invalid/packages",
        "UV_DEFAULT_INDEX": "http://plain.invalid/packages",
        "UV_INDEX_LAYER_1_USERNAME": "ci",
        "UV_INDEX_LAYER_1_PASSWORD": "secret",
        "PATH": "/bin",
    }


def get(url: str, method: str = "GET") -> bytes:
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return bytes(answer.read())


def test_an_index_with_a_login_is_reached_without_it(origin: Origin) -> None:
    with relay.opened(environment(origin)) as relays:
        first, second = relays.environment["UV_INDEX"].split()
        url = first.removeprefix("layer-1=")

        page = get(f"{url}/x/").decode()
        file = get(page.split('"')[1])

        assert second == "other=http://open.invalid/packages"
        assert origin.url not in page
        assert file == b"\0\1" * 9
        assert get(f"{url}/x/", "HEAD") == b""
        assert origin.logins == ["Basic Y2k6c2VjcmV0"] * 3
        assert relays.named_back(url) == f"{origin.url}/simple"


def test_no_login_is_left_in_the_environment(origin: Origin) -> None:
    with relay.opened(environment(origin)) as relays:
        assert "secret" not in str(relays.environment)
        assert not [name for name in relays.environment if "PASSWORD" in name or "USERNAME" in name]
        assert relays.environment["UV_DEFAULT_INDEX"] == "http://plain.invalid/packages"
        assert relays.environment["PATH"] == "/bin"


def test_a_proxy_is_not_asked_for_what_is_on_this_machine(origin: Origin) -> None:
    for before, after in (("", "127.0.0.1"), (".corp", ".corp,127.0.0.1")):
        with relay.opened({**environment(origin), "NO_PROXY": before}) as relays:
            assert relays.environment["NO_PROXY"] == after


def test_the_login_goes_nowhere_else(origin: Origin) -> None:
    """A redirect is for who asked; it is not followed with the login."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    with relay.opened(environment(origin)) as relays:
        way = next(iter(relays.origins))
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(Stay).open(f"{way}/away", timeout=PATIENCE)

    assert caught.value.code == 302
    assert caught.value.headers["Location"] == "http://elsewhere.invalid/file.whl"
    caught.value.close()


def test_what_the_index_refuses_is_refused(origin: Origin) -> None:
    with relay.opened(environment(origin)) as relays:
        way = next(iter(relays.origins))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{way}/absent")


def test_an_index_that_does_not_answer_is_a_bad_gateway() -> None:
    gone = {
        "UV_INDEX": "layer-1=http://127.0.0.1:9/packages",
        "UV_INDEX_LAYER_1_PASSWORD": "secret",
    }
    with relay.opened(gone) as relays:
        way = next(iter(relays.origins))
        with pytest.raises(urllib.error.HTTPError, match="502"):
            get(f"{way}/simple/x/")


def test_a_way_is_closed_when_it_is_no_longer_needed(origin: Origin) -> None:
    with relay.opened(environment(origin)) as relays:
        way = next(iter(relays.origins))

    with pytest.raises(urllib.error.URLError):
        get(f"{way}/simple/x/")
