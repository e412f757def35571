from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builder.worker import tools
from builder.worker.log import Log
from builder.worker.wheels_by_hash import NotFetched, Pin, fetch, fits, index_of, pins_of
from tests.serving import serving


@dataclass
class Index:
    """An index on this machine: the files of each project by their names."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    """Hashes that the index says of files, where these are not the true ones."""
    kind: str = "application/vnd.pypi.simple.v1+json"
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def add(self, name: str, members: dict[str, str], tag: str = "py3-none-any") -> Pin:
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as archive:
            for member, text in members.items():
                archive.writestr(member, text)
        self.files.setdefault(name, {})[f"{name}-1.0-{tag}.whl"] = made.getvalue()
        hashes = (hashlib.sha256(each).hexdigest() for each in self.files[name].values())
        return Pin(name, frozenset(hashes))

    def answer(self, path: str) -> bytes | None:
        self.asked.append(path)
        _, kind, name, *rest = path.split("/")
        if kind == "files":
            return self.files[name][rest[0]]
        if name not in self.files:
            return None
        listed = [
            {
                "filename": file,
                "url": f"../../files/{name}/{file}",
                "hashes": {"sha256": self.told.get(file, hashlib.sha256(content).hexdigest())},
            }
            for file, content in self.files[name].items()
        ]
        if "json" not in self.kind:
            return b"<html><body></body></html>"
        return json.dumps({"meta": {"api-version": "1.0"}, "files": listed}).encode()


@pytest.fixture
def index() -> Iterator[Index]:
    here = Index()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = here.answer(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    here.url = f"http://127.0.0.1:{server.server_address[1]}/packages/"
    with serving(server):
        yield here


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def test_wheels_are_unpacked_as_pip_does_it_with_programs_that_can_be_run(
    index: Index, tmp_path: Path
) -> None:
    pins = [
        index.add("first", {"first/__init__.py": "1", "first-1.0.dist-info/METADATA": "m"}),
        index.add("Sec_ond", {"second-1.0.data/scripts/tool": "#!", "a.data/purelib/b.py": "2"}),
    ]
    index.files["sec-ond"] = index.files.pop("Sec_ond")

    fetch(pins, index.url, tmp_path)

    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"first/__init__.py", "first-1.0.dist-info/METADATA", "bin/tool", "b.py"}
    assert (tmp_path / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "b.py").stat().st_mode & 0o777 == 0o644


def test_a_file_with_another_hash_than_the_pins_is_not_even_asked_for(
    index: Index, tmp_path: Path
) -> None:
    index.add("first", {"first.py": "1"})

    with pytest.raises(NotFetched, match="no wheel of first"):
        fetch([Pin("first", frozenset({"0" * 64}))], index.url, tmp_path)

    assert index.asked == ["/packages/first/"]


def test_an_index_that_lies_about_a_hash_is_found_out_and_nothing_is_written(
    index: Index, tmp_path: Path
) -> None:
    good, true = index.add("good", {"good.py": "1"}), index.add("evil", {"evil.py": "1"})
    (name,) = index.files["evil"]
    index.add("other", {"evil.py": "2"})
    (index.files["evil"][name],) = index.files["other"].values()
    index.told[name] = min(true.hashes)

    with pytest.raises(NotFetched, match="has another hash"):
        fetch([good, true], index.url, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["../out.py", "/out.py", "a/../../out.py", "a\\..\\out.py"])
def test_a_wheel_cannot_write_elsewhere(path: str, index: Index, tmp_path: Path) -> None:
    pin = index.add("first", {path: "1"})
    (tmp_path / "into").mkdir()

    with pytest.raises(NotFetched, match="a wheel has the path"):
        fetch([pin], index.url, tmp_path / "into")

    assert list(tmp_path.rglob("out.py")) == []


def test_what_is_no_index_of_json_is_left_to_pip(index: Index, tmp_path: Path) -> None:
    pin = index.add("first", {"first.py": "1"})
    index.kind = "text/html"
    with pytest.raises(NotFetched):
        fetch([pin], index.url, tmp_path)
    with pytest.raises(NotFetched, match="404"):
        fetch([Pin("absent", frozenset())], index.url, tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b"{}",
        b'{"files": 1}',
        b'{"files": [1]}',
        b'{"files": [{"hashes": []}]}',
        b'{"files": [{"filename": 1, "url": 1, "hashes": {"sha256": "HASH"}}]}',
        b'{"files": [{"filename": "a-1-py3-none-any.whl", "url": 1, "hashes": '
        b'{"sha256": "HASH"}}]}',
        b'{"files": [{"filename": "a-1-py3-none-any.whl", "url": "http://[", "hashes": '
        b'{"sha256": "HASH"}}]}',
        b'{"files": [{"filename": "a-1-py3-none-any.whl", "url": "file:///a", "hashes": '
        b'{"sha256": "HASH"}}]}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_an_index_of_another_form_is_left_to_pip(
    answer: bytes, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = index.add("first", {"first.py": "1"})
    answer = answer.replace(b"HASH", min(pin.hashes).encode())
    monkeypatch.setattr(index, "answer", lambda _path: answer)

    with pytest.raises(NotFetched):
        fetch([pin], index.url, tmp_path)


def test_an_index_that_breaks_off_is_left_to_pip(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Short(bytes):
        def __len__(self) -> int:
            return 100

    monkeypatch.setattr(index, "answer", lambda _path: Short(b"{"))

    with pytest.raises(NotFetched):
        fetch([Pin("first", frozenset())], index.url, tmp_path)


def test_the_wheel_of_this_python_is_chosen(index: Index, tmp_path: Path) -> None:
    minor = sys.version_info[1]
    for tag in (f"cp3{minor + 1}-cp3{minor + 1}-any", "py2-none-any", "py3-none-win32"):
        index.add("first", {"first.py": "wrong"}, tag)
    pin = index.add("first", {"first.py": "right"}, f"cp3{minor}-cp3{minor}-any")

    fetch([pin], index.url, tmp_path)

    assert (tmp_path / "first.py").read_text() == "right"


@pytest.mark.parametrize(
    ("tag", "libc", "machine", "does"),
    [
        ("py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64", "2.34", "x86_64", True),
        ("py3-none-manylinux_2_17_x86_64", "2.17", "x86_64", True),
        ("py3-none-manylinux_2_28_x86_64", "2.26", "x86_64", False),
        ("py3-none-manylinux_2_17_x86_64", "2.34", "aarch64", False),
        ("py3-none-manylinux2014_aarch64", "2.26", "aarch64", True),
        ("py3-none-musllinux_1_1_x86_64", "2.34", "x86_64", False),
        ("py3-none-macosx_11_0_arm64", "2.34", "x86_64", False),
        ("py3-none-manylinux_2_17_x86_64", "", "x86_64", False),
    ],
)
def test_a_wheel_fits_a_machine_with_its_glibc_or_a_newer_one(
    tag: str, libc: str, machine: str, does: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.libc_ver", lambda: ("glibc" if libc else "", libc))
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert fits(f"a-1.0-{tag}.whl") == does


def test_abi3_is_for_later_pythons_too_and_other_abis_are_for_one() -> None:
    minor = sys.version_info[1]
    found = {
        tag: fits(f"a-1.0-{tag}-any.whl")
        for tag in (
            f"cp3{minor - 1}-abi3",
            f"cp3{minor + 1}-abi3",
            f"cp3{minor - 1}-cp3{minor - 1}",
        )
    }
    assert list(found.values()) == [True, False, False]
    assert not fits("a-1.0.tar.gz")


def test_the_pins_of_the_tools_are_read_with_all_their_hashes() -> None:
    pins = {pin.name: pin for pin in pins_of(tools.lock())}

    assert {"uv", "deflate", "cyclonedx-python-lib"} <= pins.keys()
    assert sum(len(pin.hashes) for pin in pins.values()) == tools.lock().count("--hash=")
    with pytest.raises(NotFetched, match="is no pin"):
        pins_of("-r other.txt\n")


def test_the_index_is_the_one_that_pip_is_given(tmp_path: Path) -> None:
    home, prefix = tmp_path / "home", tmp_path / "prefix"
    for folder in (home / ".config/pip", prefix):
        folder.mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[global]\nindex_url = https://a.example/p\n")
    assert _index(home, prefix) == "https://a.example/p/"
    (prefix / "pip.conf").write_text("[install]\nindex-url = https://b.example/p/\n")
    assert _index(home, prefix) == "https://b.example/p/"
    assert _index(home, prefix, PIP_INDEX_URL="https://c.example/p") == "https://c.example/p/"
    own = tmp_path / "own.conf"
    own.write_text("[global]\nindex-url = https://d.example/p\n")
    assert _index(home, prefix, PIP_CONFIG_FILE=str(own)) == "https://d.example/p/"


def _index(home: Path, prefix: Path, **environ: str) -> str:
    return index_of(environ, home, prefix)


@pytest.mark.parametrize(
    "environ",
    [
        {"PIP_NO_INDEX": "1"},
        {"PIP_INDEX_URL": "https://me:secret@a.example/p"},
        {"PIP_INDEX_URL": "file:///wheels"},
        {"PIP_INDEX_URL": "file:wheels"},
        {"PIP_INDEX_URL": "wheels"},
        {"PIP_INDEX_URL": "ftp://a.example/p"},
        {"PIP_INDEX_URL": "https:///p"},
        {"PIP_INDEX_URL": "https://[a.example/p"},
    ],
)
def test_what_only_pip_can_do_is_left_to_it(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NotFetched) as caught:
        index_of(environ, tmp_path, tmp_path)

    assert "secret" not in str(caught.value)


def test_a_setting_that_cannot_be_read_is_left_to_pip(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("index-url = no section\n")

    with pytest.raises(NotFetched, match="cannot be read"):
        index_of({}, tmp_path, tmp_path)


def test_tools_come_from_the_index_without_pip(
    index: Index, tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"#!/bin/sh\necho uv {tools.version('uv')}\n"
    pin = index.add("uv", {"uv-1.0.data/scripts/uv": program})
    lock = f"uv=={tools.version('uv')} --hash=sha256:{min(pin.hashes)}\n"
    monkeypatch.setattr(tools, "lock", lambda: lock)
    monkeypatch.setattr(tools, "described", lambda: "uv")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.setattr(tools, "run", None)  # pip is not started

    tools.install(tmp_path, log)

    assert tools.is_complete(tmp_path)
