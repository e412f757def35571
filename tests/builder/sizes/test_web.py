from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builder.sizes import web
from builder.sizes.web import Local, Logins, UnreadableError, open_file
from tests.package_index import PackageIndex
from tests.serving import serving

NO_LOGINS = Logins({})

CONTENT = bytes(range(256)) * 4000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@contextmanager
def server(
    status: int, headers: Mapping[str, str], body: bytes, asked: list[dict[str, str]]
) -> Iterator[str]:
    """Serve one answer whatever is asked; yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(httpd):
        yield f"http://127.0.0.1:{httpd.server_port}/a.whl"


def stored(shelf: Path) -> str:
    (shelf / "a-1-py3-none-any.whl").write_bytes(CONTENT)
    return "files/a-1-py3-none-any.whl"


def url_of(index: PackageIndex, path: str) -> str:
    return index.url.replace("simple", path)


def test_of_a_server_that_honours_ranges_only_parts_are_fetched(
    shelf: Path, tmp_path: Path
) -> None:
    path = stored(shelf)
    with PackageIndex(shelf, ranges=True).serving() as index:
        found = open_file(url_of(index, path), DIGEST, NO_LOGINS, tmp_path / "kept")
        assert found.size == len(CONTENT)
        assert found.read(1000, 1300) == CONTENT[1000:1300]
        assert found.read(found.size - 9, found.size + 9) == CONTENT[-9:]
        assert index.sent < web.TAIL + 1000
    assert not (tmp_path / "kept").exists()


def test_of_a_server_that_ignores_ranges_the_whole_file_is_fetched_once(
    shelf: Path, tmp_path: Path
) -> None:
    path = stored(shelf)
    with PackageIndex(shelf).serving() as index:
        found = open_file(url_of(index, path), DIGEST, NO_LOGINS, tmp_path / "kept")
        assert found.read(1000, 1300) == CONTENT[1000:1300]
        assert found.read(0, 5) == CONTENT[:5]
        assert index.asked == [f"/{path}"]


def test_a_whole_file_that_is_not_what_the_index_said_is_refused(
    shelf: Path, tmp_path: Path
) -> None:
    path = stored(shelf)
    with PackageIndex(shelf).serving() as index, pytest.raises(UnreadableError, match="SHA-256"):
        open_file(url_of(index, path), "0" * 64, NO_LOGINS, tmp_path / "kept")


def test_an_index_gets_the_login_that_uv_would_send_it(shelf: Path, tmp_path: Path) -> None:
    path = stored(shelf)
    with PackageIndex(shelf, "me", "s3cret", ranges=True).serving() as index:
        url, kept = url_of(index, path), tmp_path / "kept"
        with pytest.raises(UnreadableError, match="answers 401"):
            open_file(url, DIGEST, NO_LOGINS, kept)
        named = {"UV_INDEX": f"house={index.url}", "UV_INDEX_HOUSE_USERNAME": "me"}
        by_variables = Logins.of((), {**named, "UV_INDEX_HOUSE_PASSWORD": "s3cret"})
        assert open_file(url, DIGEST, by_variables, kept).size == len(CONTENT)
        with_login = index.url.replace("http://", "http://me:s3cret@")
        by_option = Logins.of([f"--index-url {with_login}"], {})
        assert open_file(url, DIGEST, by_option, kept).size == len(CONTENT)
        assert open_file(url.replace("//", "//me:s3cret@"), "", NO_LOGINS, kept).size


def test_a_login_is_not_sent_to_where_a_server_redirects(tmp_path: Path) -> None:
    first: list[dict[str, str]] = []
    second: list[dict[str, str]] = []
    with (
        server(200, {"Content-Length": "3"}, b"abc", second) as other,
        server(302, {"Location": other, "Content-Length": "0"}, b"", first) as url,
    ):
        logins = Logins.of([f"--index-url {url.replace('//', '//me:s3cret@')}"], {})
        open_file(url, "", logins, tmp_path / "kept")
    assert "Authorization" in first[0]
    assert "Authorization" not in second[0]


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (206, {"Content-Length": "3"}, b"abc", "does not say which"),
        (200, {"Content-Length": "9"}, b"abc", "broke off"),
        (404, {"Content-Length": "0"}, b"", "answers 404"),
    ],
)
def test_a_broken_answer_is_an_error_that_says_what_is_wrong(
    status: int,
    headers: dict[str, str],
    body: bytes,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with server(status, headers, body, []) as url, pytest.raises(UnreadableError, match=said):
        open_file(url, "", NO_LOGINS, tmp_path / "kept")


def test_a_server_that_compresses_parts_is_asked_for_the_whole(tmp_path: Path) -> None:
    headers = {"Content-Range": "bytes 0-2/9", "Content-Encoding": "gzip", "Content-Length": "3"}
    asked: list[dict[str, str]] = []
    with server(206, headers, b"abc", asked) as url:
        assert open_file(url, "", NO_LOGINS, tmp_path / "kept").size == 3
    assert ["Range" in request for request in asked] == [True, False]


def test_files_of_this_machine_are_read_and_other_schemes_are_not(tmp_path: Path) -> None:
    (tmp_path / "a b.whl").write_bytes(b"abcdef")
    found = open_file((tmp_path / "a b.whl").as_uri(), "", NO_LOGINS, tmp_path / "kept")
    assert isinstance(found, Local)
    assert found.read(2, 4) == b"cd"
    with pytest.raises(UnreadableError, match="No such file"):
        open_file((tmp_path / "none.whl").as_uri(), "", NO_LOGINS, tmp_path / "kept")
    with pytest.raises(UnreadableError, match="ftp: is no scheme"):
        open_file("ftp://127.0.0.1/a.whl", "", NO_LOGINS, tmp_path / "kept")


@contextmanager
def moody(
    trouble: list[Callable[[BaseHTTPRequestHandler], None]], asked: list[str]
) -> Iterator[str]:
    """Serve CONTENT in ranges, after an answer of trouble for each request; yield the URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Range", ""))
            if trouble:
                trouble.pop(0)(self)
                self.close_connection = True
                return
            part = part_that_is_asked_for(self)
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(httpd):
        yield f"http://127.0.0.1:{httpd.server_port}/a.whl"


def part_that_is_asked_for(handler: BaseHTTPRequestHandler) -> bytes:
    """Begin an answer that has the part of CONTENT that a request asks for; return the part."""
    first, _, last = handler.headers.get("Range", "").removeprefix("bytes=").partition("-")
    start = int(first) if first else max(len(CONTENT) - int(last), 0)
    end = min(int(last), len(CONTENT) - 1) if first else len(CONTENT) - 1
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes {start}-{end}/{len(CONTENT)}")
    return CONTENT[start : end + 1]


def saying(status: int, wait: str = "") -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        if wait:
            handler.send_header("Retry-After", wait)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def breaking_off(handler: BaseHTTPRequestHandler) -> None:
    """Send the head of a part, and a little of it."""
    part = part_that_is_asked_for(handler)
    handler.send_header("Content-Length", str(len(part)))
    handler.end_headers()
    handler.wfile.write(b"abc")


def in_pieces(handler: BaseHTTPRequestHandler) -> None:
    """Break off a part that is sent in chunks."""
    handler.protocol_version = "HTTP/1.1"
    part_that_is_asked_for(handler)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ff\r\nabc")


@pytest.mark.parametrize(
    "trouble",
    [saying(429), saying(429, "1"), saying(408), saying(503), breaking_off, in_pieces],
    ids=["429", "429 with Retry-After", "408", "503", "breaks off", "breaks off in chunks"],
)
def test_a_server_in_trouble_is_asked_again(
    trouble: Callable[[BaseHTTPRequestHandler], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    asked: list[str] = []
    todo = [trouble, trouble]
    with moody(todo, asked) as url:
        found = open_file(url, DIGEST, NO_LOGINS, tmp_path / "kept")
        assert found.read(found.size - 9, found.size) == CONTENT[-9:]
        todo += [trouble, trouble]
        assert found.read(1000, 1300) == CONTENT[1000:1300]
    assert len(asked) == 6
    assert len(waited) == 4
    assert all(0 < seconds <= web.LONGEST_PAUSE for seconds in waited)


def test_trouble_that_stays_is_one_error_and_other_answers_are_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    for trouble, said, times in [
        (saying(429, "86400"), "answers 429", 3),
        (saying(429, "Wed, 21 Oct 2099 07:28:00 GMT"), "answers 429", 3),
        (breaking_off, "broke off", 3),
        (in_pieces, "broke off", 3),
        (saying(403), "answers 403", 1),
    ]:
        asked: list[str] = []
        with (
            moody([trouble] * 9, asked) as url,
            pytest.raises(UnreadableError, match=said),
        ):
            open_file(url, DIGEST, NO_LOGINS, tmp_path / "kept")
        assert len(asked) == times, said
    assert max(waited) <= web.LONGEST_PAUSE
