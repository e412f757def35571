import json
from dataclasses import replace

import pytest

from builder.builds.artifact import Package
from builder.operations.diff import PackageChange
from builder.operations.size_report import Published
from builder.report.published import (
    kind_of,
    published_page,
    show_published,
    show_published_json,
    verdict_of,
)
from tests.builder.remembered import release_of
from tests.builder.report.test_size_page import data_of

FOUND = Published(
    "web",
    replace(release_of(2), unzipped_size=250_000_000),
    (Package("made", "2", 150), Package("more", "1", 7)),
    {("made", "2"): "MIT </script>"},
    release_of(1),
    (PackageChange("made", "1", "2", 100, 150),),
    {"sbom.cdx.json": "s3://bucket/web/sbom.cdx.json", "provenance.json": "s3://bucket/p.json"},
)


def test_people_see_licences_changes_and_documents(capsys: pytest.CaptureFixture[str]) -> None:
    show_published(FOUND)
    out = capsys.readouterr().out
    assert "web, version 2" in out
    assert "MIT" in out
    assert "since version 1: 1 package changed" in out
    assert "bill of materials (CycloneDX), sbom.cdx.json: s3://bucket/web/sbom.cdx.json" in out
    assert "95% of 262,144,000" in out


def test_machines_read_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    show_published_json(FOUND)
    document = json.loads(capsys.readouterr().out)
    assert document["packages"][0]["licence"] == "MIT </script>"
    assert document["packages"][1]["licence"] is None
    assert document["changes"] == [
        {"kind": "changed", "name": "made", "before": "1", "after": "2", "by": 50}
    ]
    assert document["documents"]["provenance.json"] == "s3://bucket/p.json"


def test_the_page_links_the_documents_and_shows_what_changed() -> None:
    data = data_of(published_page(FOUND))
    assert data["verdict"] == "close"
    assert [link["href"] for link in data["links"]] == list(FOUND.documents.values())
    assert data["changes"][0]["by"] == 50
    assert data["targets"][0]["packages"][0]["l"] == "MIT </script>"


def test_words_for_sizes_and_documents() -> None:
    assert [verdict_of(size) for size in (1, 262_144_000, 262_144_001)] == [
        "fits",
        "close",
        "too large",
    ]
    assert kind_of("lock-3.12.txt") == "lock, lock-3.12.txt"
    assert kind_of("other.txt") == "document, other.txt"
