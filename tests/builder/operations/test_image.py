from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from builder.errors import LayerError
from builder.images.errors import ImageError
from builder.images.manifest import MACHINES
from builder.images.reference import Reference, parse
from builder.images.registry import Registry
from builder.operations import image
from builder.operations.image import LABEL, Image, Order, built_here, make
from tests.builder.conftest import spec_of
from tests.builder.sizes.conftest import Serve
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.builder.sizes.test_trial import mine
from tests.builder.sizes.test_trial import tools as tools
from tests.registry import Registry as Served
from tests.worker.conftest import MakeWheel
from tests.worker.conftest import make_tools as make_tools
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache

Orders = Callable[..., Order]


@pytest.fixture
def served() -> Iterator[Served]:
    """A registry with a base, and an empty repository."""
    with Served().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        registry.repositories.add("shop")
        yield registry


@pytest.fixture
def order(
    served: Served, make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> Orders:
    """Return a function that orders an image of a package with a program."""
    make_wheel(
        shelf,
        "tool",
        files={
            "tool/__init__.py": "def run():\n    print('it runs')\n",
            "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool:run\n",
        },
    )
    make_wheel(shelf, "other")
    serve(ranges=True)

    def ordered(**changes: Any) -> Order:
        wanted = changes.pop("dependencies", ("tool",))
        spec = spec_of(dependencies=wanted, include=("bin",), **mine())
        base = parse(f"{served.host}/python:3", "test")
        into = Reference(served.host, "shop")
        return Order(built_here(spec, tmp_path), **{"base": base, "into": into, **changes})

    return ordered


def made(order: Order, lines: list[str] | None = None) -> Image:
    return make(order, lambda name: Registry(name, sleep=lambda _: None), (lines or []).append)


@pytest.mark.slow
def test_an_image_has_the_packages_and_runs_their_programs(
    order: Orders, served: Served, tmp_path: Path
) -> None:
    found = made(order(more={"python/own.py": b"print('own')\n"}))
    assert found.packed is not None
    tag = found.fingerprint
    root = tmp_path / "root"
    for name, content in served.files("shop", tag).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    assert (root / "usr/bin/python3").read_bytes() == b"an interpreter"
    paths = {"PYTHONPATH": str(root / "opt/python")}
    for words, said in (
        (["-m", "own"], "own\n"),
        (["-c", "import tool; tool.run()"], "it runs\n"),
        ([str(root / "opt/bin/tool")], "it runs\n"),
    ):
        ran = subprocess.run(
            [sys.executable, *words], env=paths, text=True, capture_output=True, timeout=60
        )
        assert (ran.stdout, ran.returncode) == (said, 0), ran.stderr
    config = served.config("shop", tag)["config"]
    assert config["Labels"] == {LABEL: tag}
    assert "PATH=/opt/bin:/usr/bin:/bin" in config["Env"]


@pytest.mark.slow
def test_an_image_that_is_there_is_found_and_not_built_again(
    order: Orders, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(order())

    def never(*_: Any) -> None:
        raise AssertionError("it is built again")

    monkeypatch.setattr(image, "run", never)
    again = made(order())
    assert again.packed is None
    assert again.pushed == first.pushed


@pytest.mark.slow
def test_a_tag_stays_with_what_it_was_made_of(order: Orders, served: Served) -> None:
    into = Reference(served.host, "shop", "1")
    first = made(order(into=into))
    assert made(order(into=into)).pushed == first.pushed
    with pytest.raises(ImageError, match="the tag '1' has another image") as caught:
        made(order(into=into, dependencies=("other",)))
    assert caught.value.where.endswith(first.pushed.reference.digest)


@pytest.mark.slow
def test_on_a_base_of_lambda_its_bootstrap_finds_the_packages(
    order: Orders, served: Served
) -> None:
    machine = MACHINES[mine()["architecture"]]
    variables = ("LAMBDA_TASK_ROOT=/var/task",)
    served.image("lambda", "3", files={}, architecture=machine, variables=variables)
    served.image("plain", "3", files={}, architecture=machine)
    for name, said in (("lambda", False), ("plain", True)):
        into = Reference(served.host, "shop", name)
        made(order(base=parse(f"{served.host}/{name}:3", "test"), into=into))
        found = served.config("shop", name)["config"]["Env"]
        assert ("PYTHONPATH=/opt/python" in found) == said
        assert "PATH=/opt/bin:/usr/bin:/bin" in found


def test_a_new_base_is_another_image(order: Orders, served: Served) -> None:
    one = order()
    first = image.fingerprint_of(one, "sha256:1")
    assert image.fingerprint_of(one, "sha256:1") == first
    assert image.fingerprint_of(one, "sha256:2") != first
    assert image.fingerprint_of(replace(one, more={"a": b"1"}), "sha256:1") != first
    assert image.fingerprint_of(order(dependencies=("other",)), "sha256:1") != first


@pytest.mark.slow
def test_an_image_beyond_the_limit_is_not_pushed(order: Orders, served: Served) -> None:
    whole = made(order())
    assert whole.packed is not None
    size = whole.base.manifest.size + whole.packed.size
    changed = order(into=Reference(served.host, "shop", "2"), more={"a": b""})
    with pytest.raises(ImageError, match=rf"more than {size:,} bytes: the base and tool \d"):
        made(replace(changed, limit=size - 1))
    assert ("shop", "2") not in served.manifests


def test_a_base_beyond_the_limit_is_refused_before_anything_is_built(
    order: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "run", None)
    with pytest.raises(ImageError, match="more than"):
        made(order(limit=10))


@pytest.mark.slow
def test_what_the_worker_refuses_is_said_and_nothing_is_pushed(
    order: Orders, served: Served
) -> None:
    with pytest.raises(LayerError, match="missing"):
        made(order(dependencies=("missing",)))
    assert {name for name, _ in served.manifests} == {"python"}
