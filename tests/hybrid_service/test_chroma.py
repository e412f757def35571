"""The real ChromaDB as a service: vectors stored, found, and there again after bad ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.hybrid_service import chroma
from tests.hybrid_service.conftest import Bench, Task, ask

SIZE = 16


@pytest.fixture(scope="session")
def programs() -> Path:
    try:
        return chroma.environment()
    except chroma.Unavailable as error:
        pytest.skip(f"chromadb cannot be had here: {error}")


def start(bench: Bench, programs: Path, **settings: Any) -> Task:
    command = [str(programs / "chroma"), *("run", "--host", "127.0.0.1")]
    return bench.start(
        [*command, "--port", "{port}", "--path", "{data}"], health=chroma.HEALTH, **settings
    )


def vector(number: int) -> list[float]:
    return [float(number == place) + number / 1000 for place in range(SIZE)]


def collection(endpoint: str) -> str:
    body = {"name": "vectors", "get_or_create": True}
    return f"{chroma.COLLECTIONS}/{ask(endpoint, chroma.COLLECTIONS, post=True, body=body)['id']}"


def add(endpoint: str, *numbers: int) -> None:
    body = {
        "ids": [str(number) for number in numbers],
        "embeddings": [vector(number) for number in numbers],
        "documents": [f"document {number}" for number in numbers],
        "metadatas": [None] * len(numbers),
        "uris": [None] * len(numbers),
    }
    ask(endpoint, f"{collection(endpoint)}/add", post=True, body=body)


def nearest(endpoint: str, number: int) -> str:
    body = {"query_embeddings": [vector(number)], "n_results": 1, "include": ["documents"]}
    found = ask(endpoint, f"{collection(endpoint)}/query", post=True, body=body)
    return str(found["documents"][0][0])


def count(endpoint: str) -> int:
    return int(ask(endpoint, f"{collection(endpoint)}/count"))


def test_vectors_are_there_after_sigterm_and_after_kill(bench: Bench, programs: Path) -> None:
    task = start(bench, programs, interval=3600)
    endpoint = task.serving()
    add(endpoint, *range(8))
    assert nearest(endpoint, 3) == "document 3"
    assert task.end() == 0

    task = start(bench, programs, interval=0.5)
    endpoint = task.serving()
    assert count(endpoint) == 8
    add(endpoint, 8, 9)
    add(endpoint, 10)
    bench.wait_until_saved()
    add(endpoint, 11)  # within the interval: it may be lost
    task.kill()
    bench.expire()

    task = start(bench, programs)
    endpoint = task.serving()
    assert count(endpoint) in (11, 12)
    assert [nearest(endpoint, number) for number in (0, 9, 10)] == [
        *("document 0", "document 9", "document 10"),
    ]
    assert task.end() == 0


def test_kill_in_the_middle_of_writing_leaves_a_database_that_works(
    bench: Bench, programs: Path
) -> None:
    task = start(bench, programs, interval=0.1)
    endpoint = task.serving()
    add(endpoint, *range(100))
    bench.wait_until_saved()
    for first in range(100, 600, 100):
        add(endpoint, *range(first, first + 100))
    task.kill()
    bench.expire()

    endpoint = start(bench, programs).serving()
    found = count(endpoint)
    assert found % 100 == 0
    assert found >= 100
    assert nearest(endpoint, 7) == "document 7"
