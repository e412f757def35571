"""A few points of the crash harness, races and faults; `make soak` runs all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws
from tests.soak import faults, races
from tests.soak.crashes import WAYS, Crashes, Way
from tests.soak.races import Race
from tests.soak.zygote import Zygote


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("zygote")) as zygote:
        yield zygote


def of(name: str) -> Way:
    return next(way for way in WAYS if way.name == name)


@pytest.mark.parametrize(
    ("way", "fate"),
    [
        ("command", "after 7"),  # an attempt is noted, or its build is started
        ("command", "before 31"),
        ("hook", "after 11"),
        ("publisher", "after 3"),  # a version that the record does not know
        ("two runtimes", "before 40"),
    ],
)
def test_a_killed_process_leaves_one_version_and_no_build_twice(
    aws: EmbeddedAws, zygote: Zygote, tmp_path: Path, way: str, fate: str
) -> None:
    found = Crashes(aws, zygote, tmp_path).meet(of(way), fate)

    assert found.is_well, found


@pytest.mark.parametrize(
    "race", [Race("8 commands", commands=8), Race("mixed", commands=2, hooks=2, publishers=2)],
    ids=lambda race: race.name,
)  # fmt: skip
def test_at_the_same_moment_one_build_and_one_version_are_made(
    aws: EmbeddedAws, zygote: Zygote, tmp_path: Path, race: Race
) -> None:
    found = races.run(aws, zygote, tmp_path, race)

    assert found.is_well, found


@pytest.mark.parametrize("script", [("429", "503"), ("done",)])
def test_a_refused_or_lost_publication_is_made_once(
    aws: EmbeddedAws, zygote: Zygote, tmp_path: Path, script: tuple[str, ...]
) -> None:
    found = faults.publishing(aws, zygote, tmp_path, script)

    assert found.is_well, found


def test_layers_that_share_a_few_calls_a_second_are_all_released(
    aws: EmbeddedAws, zygote: Zygote, tmp_path: Path
) -> None:
    found = faults.throttled(aws, zygote, tmp_path, layers=4, rate=2.0, seconds=300.0)

    assert found.is_well, found
