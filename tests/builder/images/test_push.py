from __future__ import annotations

from pathlib import Path

import pytest

from builder.images import layer
from builder.images.errors import ImageError, RegistryError
from builder.images.layer import Layer
from builder.images.push import Base, Pushed, base_of, find, push
from builder.images.reference import Reference, parse
from builder.images.registry import Registry
from tests.builder.images.conftest import Start
from tests.builder.images.test_layer import archive
from tests.registry import Registry as Served

PATHS = {"PYTHONPATH": "/opt/python"}


def client(served: Served) -> Registry:
    return Registry(served.host, sleep=lambda _: None)


def base(served: Served, architecture: str = "arm64") -> Base:
    return base_of(parse(f"{served.host}/python:3.13", "test"), architecture, client(served))


def pushed(from_: Base, layer: Layer, into: Served, *, tag: str = "1", labels: str = "x") -> Pushed:
    return push(
        from_,
        layer,
        Reference(into.host, "shop", tag),
        client(into),
        paths=PATHS,
        labels={"made-of": labels},
        progress=lambda _: None,
    )


@pytest.fixture
def source(start: Start) -> Served:
    """A registry with a base for both architectures."""
    served = start(auth="bearer")
    served.index("python", "3.13", files={"usr/bin/python3": b"an interpreter"})
    return served


@pytest.fixture
def target(start: Start) -> Served:
    """A registry with an empty repository."""
    served = start()
    served.repositories.add("shop")
    return served


def test_an_image_is_the_base_and_the_packages(
    source: Served, target: Served, packages: Layer
) -> None:
    made = pushed(base(source), packages, target)
    assert target.files("shop", "1") == {
        "usr/bin/python3": b"an interpreter",
        "machine": b"arm64",
        "opt/python/tool.py": b"x = 1\n",
    }
    config = target.config("shop", "1")
    assert config["config"]["Cmd"] == ["python3"]
    assert "PYTHONPATH=/opt/python" in config["config"]["Env"]
    assert made.reference.digest in dict.fromkeys(name for _, name in target.manifests)
    assert find(Reference(target.host, "shop", "1"), client(target)) == made


def test_the_same_again_sends_nothing_and_is_the_same(
    source: Served, target: Served, packages: Layer
) -> None:
    first = pushed(base(source), packages, target)
    before = len(target.asked)
    assert pushed(base(source), packages, target) == first
    assert "PATCH" not in [method for method, *_ in target.asked[before:]]


def test_a_push_that_broke_off_goes_on(source: Served, target: Served, packages: Layer) -> None:
    target.breaks = 100
    with pytest.raises(RegistryError):
        pushed(base(source), packages, target)
    assert find(Reference(target.host, "shop", "1"), client(target)) is None
    target.breaks = 0
    pushed(base(source), packages, target)
    assert "opt/python/tool.py" in target.files("shop", "1")


def test_a_tag_that_is_taken_stays(source: Served, target: Served, packages: Layer) -> None:
    first = pushed(base(source), packages, target)
    with pytest.raises(RegistryError, match="immutable") as caught:
        pushed(base(source), packages, target, labels="y")
    assert caught.value.fix == "choose another tag"
    assert find(Reference(target.host, "shop", "1"), client(target)) == first


def copied(served: Served) -> dict[tuple[str, str], tuple[str, bytes]]:
    return dict(served.manifests)


@pytest.mark.parametrize("immutable", [True, False])
def test_who_comes_second_finds_the_image_that_another_has_pushed(
    source: Served, target: Served, packages: Layer, tmp_path: Path, immutable: bool
) -> None:
    # Made of the same and yet of other bytes: versions that no lock fixes are those of the hour.
    target.immutable = immutable
    other = layer.write(
        archive(tmp_path / "later.zip", {"python/tool.py": b"x = 2\n"}),
        tmp_path / "later.tar.gz",
        below="opt",
    )
    first = pushed(base(source), packages, target)
    assert pushed(base(source), other, target) == first
    assert target.files("shop", "1")["opt/python/tool.py"] == b"x = 1\n"


def test_a_tag_that_another_takes_at_the_last_moment_is_found(
    source: Served, target: Served, packages: Layer, tmp_path: Path
) -> None:
    other = layer.write(
        archive(tmp_path / "other.zip", {"python/tool.py": b"x = 2\n"}),
        tmp_path / "other.tar.gz",
        below="opt",
    )
    first = pushed(base(source), other, target)
    taken = copied(target)
    target.manifests.clear()
    # All was looked at, and the tag is free until our manifest comes.
    target.before = lambda: target.manifests.update(taken)
    assert pushed(base(source), packages, target) == first
    assert target.files("shop", "1")["opt/python/tool.py"] == b"x = 2\n"


def test_a_base_is_exact_once_it_is_found(source: Served) -> None:
    found = base(source, "x86_64")
    pinned = parse(f"{source.host}/python@{found.digest}", "test")
    assert base_of(pinned, "x86_64", client(source)).manifest == found.manifest


def test_a_base_for_another_machine_is_refused(
    source: Served, target: Served, packages: Layer
) -> None:
    arm = base(source, "arm64")
    pinned = parse(f"{source.host}/python@{arm.digest}", "test")
    other = base_of(pinned, "x86_64", client(source))
    with pytest.raises(ImageError, match="for linux/arm64"):
        pushed(other, packages, target)
    assert not target.manifests


def test_a_base_that_is_not_there_is_refused(source: Served) -> None:
    missing = parse(f"{source.host}/python:2.7", "test")
    with pytest.raises(ImageError, match="there is no image"):
        base_of(missing, "arm64", client(source))
