import json
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from builder.errors import LayerError
from builder.operations.vulnerabilities import Package, ask, look_up
from tests.serving import serving

IDNA = {
    "id": "PYSEC-1",
    "aliases": ["CVE-2024-1"],
    "summary": "slow\nmore",
    "details": "slow",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "idna"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "3.7"}]},
            ],
        }
    ],
}


def entry(**fields: Any) -> dict[str, Any]:
    affected = {"package": {"ecosystem": "PyPI", "name": "lib"}, **fields}
    return {"id": "X-1", "affected": [affected]}


def events(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"ranges": [{"type": "ECOSYSTEM", "events": [{kind: text} for kind, text in pairs]}]}


@pytest.fixture
def osv() -> Iterator[str]:
    """A service that answers like OSV and knows one vulnerability; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = asked["package"]["name"] == "idna" and asked["version"] == "3.6"
            body = json.dumps({"vulns": [IDNA]} if known else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/v1/query"


@pytest.mark.slow
def test_pip_audit_asks_for_each_package(osv: str) -> None:
    packages = [Package("idna", "3.6"), Package("six", "1.17.0"), Package("idna", "3.7", False)]

    (found,) = ask(packages, osv)

    assert (found.package, found.version, found.in_layer) == ("idna", "3.6", True)
    assert {found.id, *found.aliases} == {"PYSEC-1", "CVE-2024-1"}
    assert found.fixed_in == ("3.7",)


@pytest.mark.slow
def test_a_service_that_does_not_answer_is_an_error_and_not_a_clean_bill() -> None:
    with pytest.raises(LayerError, match="cannot be asked for") as caught:
        ask([Package("idna", "3.6")], "http://127.0.0.1:1/v1/query")

    assert "--database" in caught.value.fix


def test_nothing_to_judge_asks_nobody() -> None:
    assert ask([], "http://127.0.0.1:1/v1/query") == []


def test_a_copy_of_the_database_answers_offline(tmp_path: Path) -> None:
    copy = tmp_path / "all.zip"
    with zipfile.ZipFile(copy, "w") as archive:
        archive.writestr("PYSEC-1.json", json.dumps(IDNA))
        archive.writestr("README", "no document")

    found = look_up([Package("idna", "3.6"), Package("idna", "3.7")], copy)

    assert [(v.package, v.version, v.id, v.fixed_in) for v in found] == [
        ("idna", "3.6", "PYSEC-1", ("3.7",))
    ]
    assert (found[0].aliases, found[0].summary) == (("CVE-2024-1",), "slow")


@pytest.mark.parametrize(
    ("version", "known", "affected"),
    [
        ("1.0", {"versions": ["1.0"]}, True),
        ("1.0", {"versions": ["1.0"], "package": {"ecosystem": "PyPI", "name": "LIB"}}, True),
        ("1.1", {"versions": ["1.0"]}, False),
        ("0.1", events(("introduced", "0")), True),
        ("2.0", events(("introduced", "0"), ("fixed", "2.0")), False),
        ("2.0rc1", events(("introduced", "0"), ("fixed", "2.0")), True),
        ("2.0", events(("introduced", "0"), ("last_affected", "2.0")), True),
        ("2.1", events(("introduced", "0"), ("last_affected", "2.0")), False),
        ("3.1", events(("fixed", "2"), ("introduced", "0"), ("introduced", "3")), True),
        ("2.5", events(("introduced", "0"), ("fixed", "2"), ("introduced", "3")), False),
        ("1.0", {"versions": ["1.0"], "package": {"ecosystem": "npm", "name": "lib"}}, False),
        ("not a version", events(("introduced", "0")), False),
    ],
)
def test_versions_are_compared_as_osv_says(
    version: str, known: dict[str, Any], affected: bool, tmp_path: Path
) -> None:
    (tmp_path / "x.json").write_text(json.dumps(entry(**known)))

    assert bool(look_up([Package("lib", version)], tmp_path)) is affected


def test_what_was_withdrawn_is_none(tmp_path: Path) -> None:
    withdrawn = {**entry(versions=["1"]), "withdrawn": "2026-01-01T00:00:00Z"}
    (tmp_path / "x.json").write_text(json.dumps(withdrawn))

    assert look_up([Package("lib", "1")], tmp_path) == []


@pytest.mark.parametrize(
    "content",
    ["{", "[]", '{"affected": 1}', '{"affected": [{"package": 7}]}',
     json.dumps({"affected": entry(versions=["1"])["affected"]}),
     json.dumps(entry(**events(("introduced", "x")))),
     json.dumps(entry(ranges=[{"type": "ECOSYSTEM", "events": [{}]}])),
     json.dumps({**entry(versions=["1"]), "aliases": [1]})],
)  # fmt: skip
def test_a_database_that_cannot_be_read_is_refused_with_the_document(
    content: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text(content)

    with pytest.raises(LayerError, match="cannot be read") as caught:
        look_up([Package("lib", "1")], tmp_path)

    assert "bad.json" in caught.value.where


def test_a_database_without_documents_is_no_clean_bill(tmp_path: Path) -> None:
    (tmp_path / "empty.zip").write_bytes(b"no zip")

    for place in (tmp_path, tmp_path / "empty.zip"):
        with pytest.raises(LayerError, match="cannot be read"):
            look_up([Package("lib", "1")], place)


@pytest.mark.parametrize(
    ("local", "listed", "new"),
    [(50, None, b"\xff" * 20), (8, 10, b"\x63"), (6, 8, b"\x01")],
    ids=["damaged", "another compression", "encrypted"],
)
def test_an_archive_that_cannot_be_unpacked_is_refused(
    local: int, listed: int | None, new: bytes, tmp_path: Path
) -> None:
    copy = tmp_path / "all.zip"
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PYSEC-1.json", json.dumps(IDNA))
    content = copy.read_bytes()
    directory = content.rfind(b"PK\x01\x02")
    for at in (local, *([] if listed is None else [directory + listed])):
        content = content[:at] + new + content[at + len(new) :]
    copy.write_bytes(content)

    with pytest.raises(LayerError, match="cannot be read"):
        look_up([Package("idna", "3.6")], copy)
