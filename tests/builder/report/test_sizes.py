from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from builder.report import sizes
from builder.sizes.graph import Edge, Graph
from builder.sizes.model import FileSize, LayerSize, PackageSize, TargetSize
from builder.spec.runtimes import Target


def layer(count: int = 2, size: int = 10_000_000, **changes: Any) -> LayerSize:
    """Return a layer whose first package needs all others."""
    names = [f"package{number}" for number in range(count)]
    packages = tuple(PackageSize(name, "1.0", size, size // 4, 1) for name in names)
    packages = (replace(packages[0], **changes), *packages[1:])
    files = tuple(FileSize(f"{name}/a.so", name, size, size // 4) for name in names)
    edges = tuple(Edge(names[0], name, name) for name in names[1:])
    graph = Graph(tuple(names), (names[0],), edges)
    return LayerSize(
        "web", (TargetSize(Target("3.12", "arm64"), "python", packages, files, graph),)
    )


def test_the_largest_are_shown_and_the_rest_is_summed_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes.show_sizes([layer(30)], everything=False)
    out = capsys.readouterr().out
    assert out.count("10.0 MB") == 20
    assert "10 more" in out
    assert "100.0 MB" in out
    assert "300.0 MB" in out  # what goes with the first one
    assert "too large: 300,000,000 bytes unzipped" in out
    sizes.show_sizes([layer(30)], everything=True)
    assert "more" not in capsys.readouterr().out


def test_what_is_unknown_is_never_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    found = layer(unknown="it has no wheel")
    sizes.show_sizes([found, found], everything=False)
    out = capsys.readouterr().out
    assert "at least 20.0 MB" in out
    assert "unknown package0 1.0: it has no wheel" in out
    sizes.show_sizes_json([(found, ())])
    (first, second) = json.loads(capsys.readouterr().out)["layers"][0]["targets"][0]["packages"]
    assert (first["unzipped_size"], first["unknown"]) == (None, "it has no wheel")
    assert (second["unzipped_size"], second["unknown"]) == (10_000_000, None)
    assert second["only_because_of"] == ["package0"]


def test_what_packages_call_themselves_does_not_command_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sizes.show_sizes([layer(name="package0", version="[red]1\x1b]0;x\x07")], everything=False)
    out = capsys.readouterr().out
    assert "\x1b]" not in out
    assert "[red]1" in out


@pytest.mark.parametrize(("columns", "bars"), [("60", False), ("80", False), ("100", True)])
def test_a_narrow_terminal_has_whole_words_and_no_bars(
    columns: str, bars: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": columns}.items():
        monkeypatch.setenv(name, value)
    found = layer(name="charset-normalizer", version="2026.10.19.post1")
    sizes.show_sizes([found], everything=False)
    out = capsys.readouterr().out
    assert ("█" in out) == bars
    for word in ("charset-normalizer", "2026.10.19.post1", "unzipped", "zipped", "10.0 MB"):
        assert word in out
