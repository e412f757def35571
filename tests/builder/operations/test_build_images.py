from collections.abc import Callable

import pytest

from builder.images.errors import ImageError, RegistryError
from builder.images.registry import Registry
from builder.operations.build_images import pins
from builder.spec.layer_spec import LayerSpec
from tests.builder.conftest import spec_of
from tests.builder.images.conftest import Start, start
from tests.registry import Registry as Served

__all__ = ["start"]

FILES = {"usr/bin/python3": b"an interpreter"}


def connect(name: str) -> Registry:
    return Registry(name, sleep=lambda _: None)


@pytest.fixture
def served(start: Start) -> Served:
    """A registry that wants an anonymous token, as public.ecr.aws does."""
    return start(auth="bearer")


def layer(*images: str, architecture: str = "arm64") -> LayerSpec:
    return spec_of(python=("3.13",), architecture=architecture, images=images)


def test_a_tag_becomes_the_digest_that_it_has_now(served: Served) -> None:
    old = served.image("build", "latest", files=FILES, architecture="arm64")
    entry = f"python3.13-arm64={served.host}/build:latest"
    assert pins([layer(entry)], connect) == (f"{entry}@{old}",)

    new = served.image("build", "latest", files={"a": b"newer"}, architecture="arm64")
    assert new != old
    assert pins([layer(f"{entry}@{old}")], connect) == (f"{entry}@{new}",)


def test_a_digest_alone_stays(served: Served) -> None:
    old = served.image("build", "latest", files=FILES, architecture="arm64")
    served.image("build", "latest", files={"a": b"newer"}, architecture="arm64")
    entry = f"python3.13-arm64={served.host}/build@{old}"

    assert pins([layer(entry)], connect) == (entry,)


def test_of_an_index_each_target_gets_the_image_of_its_machine(served: Served) -> None:
    served.index("build", "1", files=FILES)
    image = f"{served.host}/build:1"
    arm, intel = f"python3.13-arm64={image}", f"python3.13-x86_64={image}"

    found = pins([layer(arm), layer(intel, architecture="x86_64"), layer(arm)], connect)

    assert [pin.partition("@")[0] for pin in found] == [arm, intel]
    assert len({pin.partition("@")[2] for pin in found}) == 2
    # What was pinned is what a build may use: it is found by its digest alone.
    assert pins([layer(found[0]), layer(found[1], architecture="x86_64")], connect) == found


def _html(served: Served) -> None:
    served.tag("build", "1", "<html>log in</html>", kind="text/html")


def _of_another_machine(served: Served) -> None:
    served.image("build", "1", files=FILES, architecture="amd64")


def _index_of_another_machine(served: Served) -> None:
    kind = "application/vnd.oci.image.index.v1+json"
    served.tag("build", "1", {"schemaVersion": 2, "manifests": []}, kind=kind)


def _absent(served: Served) -> None:
    served.repositories.add("build")


def _busy(served: Served) -> None:
    served.busy = 10_000


@pytest.mark.parametrize(
    ("arrange", "said"),
    [
        (_html, "type 'text/html'"),
        (_of_another_machine, "it is for linux/amd64"),
        (_index_of_another_machine, "no image for linux/arm64"),
        (_absent, "there is no image"),
        (_busy, "does not answer as it should"),
    ],
)
def test_what_cannot_be_pinned_is_one_error(
    served: Served, arrange: Callable[[Served], None], said: str
) -> None:
    arrange(served)

    with pytest.raises((ImageError, RegistryError), match=said) as caught:
        pins([layer(f"python3.13-arm64={served.host}/build:1")], connect)
    assert served.host in caught.value.where
