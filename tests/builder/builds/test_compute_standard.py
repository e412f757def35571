"""Which builds get CodeBuild's own image, and when that of the runtime takes over."""

from dataclasses import replace
from typing import Any

import pytest

from builder.builds.compute import Compute, another_may_do, suits_standard
from builder.builds.last_words import LastWords
from builder.builds.start import WHOLE
from builder.clock import Clock
from builder.errors import BuildFailed
from builder.layer.attempt import Attempt, Lesson
from builder.release.plan import plan
from builder.spec.compute import STANDARD, STANDARD_IMAGES
from tests.builder.building import started
from tests.builder.conftest import World, spec_of

OWN = STANDARD_IMAGES["arm64"]
SAM = "public.ecr.aws/sam/build-python3.12:latest-arm64"
PLACE = f"python3.12@{STANDARD}"


def images(world: World) -> list[str]:
    """Return the images of the builds so far, oldest first."""
    return [build["environment"]["image"] for build in world.builds()]


def released(world: World, **fields: Any) -> list[str]:
    """Release a layer; return the lines of its progress."""
    lines: list[str] = []
    world.release(world.layer(**fields), progress=lines.append)
    return lines


def lessons(world: World) -> dict[str, str]:
    found = world.layer().records.load()
    assert found is not None
    return {key: lesson.why for key, lesson in found.lessons.items()}


@pytest.fixture
def of_wheels(world: World) -> World:
    """A layer whose first release was of wheels alone, and whose sources have changed."""
    world.behave("wheels")
    released(world)
    world.edit()
    return world


def test_a_layer_of_wheels_is_built_in_an_image_that_codebuild_keeps(of_wheels: World) -> None:
    lines = released(of_wheels)

    assert images(of_wheels) == [SAM, OWN]
    environment = of_wheels.builds()[-1]["environment"]
    assert environment["type"] == "ARM_CONTAINER"
    assert environment["imagePullCredentialsType"] == "CODEBUILD"
    assert any(line.endswith("in CodeBuild's own image") for line in lines)
    assert of_wheels.versions() == [1, 2]


def test_what_was_built_from_source_or_is_not_known_has_the_image_of_the_runtime(
    world: World,
) -> None:
    released(world)
    world.edit()

    released(world)

    assert images(world) == [SAM, SAM]


def test_auto_takes_it_where_there_is_no_lambda_compute(of_wheels: World) -> None:
    layer = of_wheels.layer(compute="auto")
    far = replace(layer, site=replace(layer.site, region="eu-north-1"))
    compute = Compute(far, {}, Clock(), wheels=True)

    environment = compute.placement(Attempt(1, "f", "", ""), WHOLE).environment

    assert (environment.image, environment.kind) == (OWN, STANDARD)
    released(of_wheels, compute="auto")
    assert "lambda" in images(of_wheels)[-1]


def test_a_failure_there_is_tried_again_in_the_image_of_the_runtime(of_wheels: World) -> None:
    of_wheels.behave("needs", "on:standard")

    lines = released(of_wheels)

    assert images(of_wheels) == [SAM, OWN, SAM]
    why = "it needs a compiler (numpy 2.0 cannot be built)"
    assert f"building in the image of the runtime: {why}" in lines
    assert lessons(of_wheels) == {PLACE: why}
    assert of_wheels.versions() == [1, 2]


def test_what_was_learnt_is_used_by_the_next_build_and_no_word_against_lambda_compute(
    of_wheels: World,
) -> None:
    of_wheels.behave("needs", "on:standard")
    released(of_wheels)
    of_wheels.behave("wheels")
    of_wheels.edit()
    released(of_wheels)
    assert images(of_wheels) == [SAM, OWN, SAM, SAM]

    of_wheels.edit()
    released(of_wheels, compute="auto")

    assert "lambda" in images(of_wheels)[-1]


def test_what_fails_everywhere_is_not_tried_again(of_wheels: World) -> None:
    of_wheels.behave("refuse")

    with pytest.raises(BuildFailed, match="there is no package unobtainium"):
        released(of_wheels)

    assert images(of_wheels) == [SAM, OWN]


@pytest.mark.parametrize("word", ["fail", "nothing"])
def test_an_end_without_a_word_or_without_work_is_tried_again(of_wheels: World, word: str) -> None:
    of_wheels.behave(word, "on:standard")

    released(of_wheels)

    assert images(of_wheels) == [SAM, OWN, SAM]
    said = "without a word of the worker" if word == "fail" else "in CodeBuild's own image cannot"
    assert said in lessons(of_wheels)[PLACE]


def test_the_parts_of_several_runtimes_and_their_merge_have_it_too(world: World) -> None:
    both = ("3.12", "3.13")
    world.behave("wheels")
    released(world, python=both)
    world.edit()

    released(world, python=both)

    assert images(world)[:2] == [SAM, SAM.replace("3.12", "3.13")]
    assert images(world)[3:] == [OWN] * 3
    assert world.versions() == [1, 2]


@pytest.mark.parametrize(
    ("fields", "suits"),
    [
        ({}, True),
        ({"python": ("3.14",)}, True),
        ({"python": ("3.11",)}, False),
        ({"images": (f"python3.12-arm64={SAM}",)}, False),
        ({"system_packages": ("libpq-devel",)}, False),
        ({"pre_install": "setup.sh"}, False),
    ],
)
def test_what_it_suits(fields: dict[str, Any], suits: bool) -> None:
    spec = spec_of(**fields)

    assert suits_standard(spec, spec.targets[0]) is suits


def test_what_has_failed_on_lambda_compute_gets_the_image_of_the_runtime(world: World) -> None:
    layer, clock = world.layer(compute="auto"), Clock()
    lesson = Lesson("it needs compilers", clock.timestamp())
    attempt = Attempt(1, "f", "", "")

    def image(learnt: dict[str, Lesson]) -> str:
        compute = Compute(layer, learnt, clock, wheels=True)
        return compute.placement(attempt, WHOLE).environment.image

    assert image({"python3.12": lesson}) == SAM
    assert "lambda" in image({PLACE: lesson})


def test_verdicts(world: World) -> None:
    layer = world.layer()
    known = layer.services.codebuild.state(started(layer))
    assert known is not None
    state = replace(known, status="FAILED", image=OWN, failure="BUILD: x")

    assert another_may_do(state, LastWords("it broke", needs="more")) == "it needs more (it broke)"
    assert another_may_do(state, LastWords("no such package")) == ""
    assert another_may_do(replace(state, status="TIMED_OUT"), None) == ""
    said = another_may_do(state, None)
    assert said == "it ended in CodeBuild's own image without a word of the worker (BUILD: x)"


def test_where_it_is_built_does_not_change_the_fingerprint(of_wheels: World) -> None:
    released(of_wheels)

    assert plan(of_wheels.layer()).status == "current"
