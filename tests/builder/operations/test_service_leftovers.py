import pytest

from builder.aws.images import TaggedImage
from builder.aws.tasks import TaskState
from builder.operations.service_leftovers import delete, leftovers_of
from hybrid_service.state import CLAIMED, RUNNING, STOPPED, State
from tests.builder.hybrid.samples import ARN, SNAPSHOT, Parts, service_of

NAMED = SNAPSHOT.key  # of generation 3
LATER = "snapshots/00000003-000002.tar.gz"
FORMER = "snapshots/00000002-000001.tar.gz"
STRANGE = "snapshots/mine-1.tar.gz"


@pytest.mark.parametrize(
    ("state", "going"),
    [
        (State(3, STOPPED, snapshots=(SNAPSHOT,)), (FORMER, LATER)),
        # The task has perhaps uploaded it and is about to name it.
        (State(3, RUNNING, snapshots=(SNAPSHOT,)), (FORMER,)),
        (State(4, CLAIMED, snapshots=(SNAPSHOT,)), (FORMER, LATER)),
        # Without a state the snapshots are all that there is of the data.
        (None, ()),
    ],
)
def test_what_no_state_names_and_no_task_can_name_any_more_goes(
    state: State | None, going: tuple[str, ...]
) -> None:
    parts = Parts(state, [])
    parts.objects = [f"chroma/{key}" for key in (FORMER, NAMED, LATER, STRANGE)]

    found = leftovers_of(service_of(parts))

    assert found.snapshots == going
    assert set(found.kept) == {FORMER, NAMED, LATER, STRANGE} - set(going)


def image(number: int, *tags: str) -> TaggedImage:
    """Return an image that was pushed after those of lower numbers."""
    return TaggedImage(
        f"sha256:{number:064x}", tags or (str(number),), 10, f"2026-11-26T10:00:{number:02}Z"
    )


def with_images(*images: TaggedImage) -> Parts:
    parts = Parts(State(3, STOPPED), [])
    parts.pushed = sorted(images, key=lambda found: found.pushed, reverse=True)
    return parts


def fates(parts: Parts, keep: int, tag: str) -> dict[str, str]:
    found = leftovers_of(service_of(parts, image_tag=tag), keep)
    return {verdict.image.tags[0]: verdict.stays for verdict in found.images}


def test_images_before_that_of_layers_toml_go_but_for_those_that_are_kept() -> None:
    parts = with_images(image(1), image(2), image(3, "3", "latest"), image(4))

    assert fates(parts, 2, "latest") == {
        "4": "pushed after that of layers.toml",
        "3": "that of layers.toml",
        "2": "one of the newest 2",
        "1": "",
    }
    delete(leftovers_of(service_of(parts, image_tag="latest"), 1), lambda _line: None)
    assert [found.tags[0] for found in parts.pushed] == ["4", "3"]


def test_an_image_that_was_pushed_in_the_same_second_stays() -> None:
    parts = with_images(image(3, "a"), image(3, "b"))
    parts.pushed[1] = TaggedImage("sha256:b", ("b",), 10, parts.pushed[0].pushed)

    assert fates(parts, 1, "a")["b"] == "pushed after that of layers.toml"


@pytest.mark.parametrize("name", ["1.dkr.ecr.eu-west-1.amazonaws.com/shop-chroma:1", "r@{digest}"])
def test_an_image_that_a_task_can_have_stays(name: str) -> None:
    parts = with_images(image(1), image(2))
    named = name.format(digest=image(1).digest)

    parts.startable_from = [named]
    assert fates(parts, 1, "2")["1"] == "tasks can be started from it"
    parts.tasks = [TaskState(ARN, "RUNNING", images=(named,))]
    assert fates(parts, 1, "2")["1"] == "a task runs it"
    parts.tasks, parts.startable_from = [TaskState(ARN, "STOPPED", images=(named,))], ["r:11"]
    assert fates(parts, 1, "2")["1"] == ""


def test_without_the_image_of_layers_toml_no_image_goes() -> None:
    assert fates(with_images(image(1)), 1, "9") == {"1": "none has the tag 9 of layers.toml"}


def test_images_stay_when_nobody_says_how_many_or_they_are_elsewhere() -> None:
    parts = with_images(image(1), image(2))

    assert leftovers_of(service_of(parts, image_tag="2")).images == ()
    assert leftovers_of(service_of(parts, image_tag="", image="r:1"), 1).images == ()
