"""The hooks' answers for layers that are pinned, have functions, or are built in async mode."""

import pytest

from builder.errors import (
    FunctionsNotMoved,
)
from builder.hook import Answer
from builder.layer.releases import known_release
from builder.operations.rollback import roll_back
from tests.builder.conftest import World, quick
from tests.builder.fleet import function_of
from tests.builder.hooks import (
    KEYS,
    apply,
    approve,
    no_long_waits,
    planned,
    query_of,
    released,
    writes,
)
from tests.patience import wait_until

__all__ = ["no_long_waits"]

# Pinned


def pin(world: World) -> None:
    """Pin the layer to its first version."""
    layer = world.layer()
    first = known_release(layer, layer.records.load_or_new(), 1)
    roll_back(
        layer, first, by="alice", reason="v2 is bad", clock=quick(),
        progress=lambda _line: None,
    )  # fmt: skip


def test_a_pinned_layer_answers_its_pinned_version_and_asks_for_no_approval(world: World) -> None:
    first = apply(world)
    world.edit()
    second = apply(world)
    pin(world)
    world.edit("x = 'corrected'\n")

    answer = planned(world)
    assert answer["token"] == planned_token(world)
    assert {key: answer[key] for key in ("layer_arn", "version", "fingerprint")} == {
        key: first[key] for key in ("layer_arn", "version", "fingerprint")
    }
    assert answer["status"] == "pinned"
    assert answer["layer_arn"] != second["layer_arn"]
    assert "pinned to version 1 by alice" in answer["reason"]
    assert "once unpinned: stale: src/web/app.py changed" in answer["reason"]

    calls: list[str] = writes(world, lambda: released(world, answer))
    assert calls == []
    assert released(world, answer) == {key: answer[key] for key in KEYS}


def planned_token(world: World) -> str:
    """Return what the last apply approved."""
    return world.read("web/approved").decode()


def test_a_plan_from_before_the_pin_builds_nothing_and_answers_the_pinned_version(
    world: World,
) -> None:
    first = apply(world)
    world.edit()
    saved = planned(world)
    pin(world)
    approve(world, saved)

    answer = released(world, saved)
    assert (answer["status"], answer["layer_arn"]) == ("pinned", first["layer_arn"])
    assert world.versions() == [1]

    # What was approved then is not built now; the next plan after the pin asks anew.
    assert planned(world)["token"] == saved["token"]


# Functions


def test_functions_that_were_not_moved_fail_the_apply_and_the_next_one_repairs_it(
    world: World,
) -> None:
    later = f"{world.name}-later"
    spec = world.layer(functions=(later,)).spec.to_json()
    with pytest.raises(FunctionsNotMoved):
        apply(world, spec=spec)

    due = planned(world, spec=spec)
    assert (due["status"], due["version"], due["token"][-2:]) == ("unmoved", "1", "#2")
    assert "1 function was not moved: " + later in due["reason"]
    # Looked at without an approval, it is not called current either.
    assert released(world, due, spec=spec)["status"] == "unmoved"

    function_of(world, "later")
    corrected = apply(world, spec=spec)
    assert (corrected["status"], corrected["version"]) == ("current", "1")
    assert planned(world, spec=spec)["token"] == due["token"]
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_functions_left_behind_are_in_both_answers_alike(world: World) -> None:
    mine = function_of(world, "f")
    spec = world.layer(functions=(mine,)).spec.to_json()
    first = apply(world, spec=spec)
    stray = function_of(world, "stray", [first["layer_arn"]])
    world.edit()

    second = apply(world, spec=spec)

    assert first["functions"] == ""
    assert f"not named in functions: {stray} (version 1)" in second["functions"]
    assert planned(world, spec=spec)["functions"] == second["functions"]


# Without waiting


def begun(world: World) -> Answer:
    """Apply in async mode with a build that is held; touch ``go`` to let it end."""
    world.behave("wait", str(world.root / "go"))
    return apply(world, sync_mode="false")


def end_of_build(world: World) -> None:
    (world.root / "go").touch()
    wait_until(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")


def test_in_async_mode_the_release_hook_starts_the_build_and_answers_the_last_good_release(
    world: World,
) -> None:
    first = apply(world)
    world.edit()

    answer = begun(world)

    assert (answer["status"], answer["layer_arn"]) == ("building", first["layer_arn"])
    assert answer["reason"] == "src/behave added, src/web/app.py changed"
    assert [build["buildStatus"] for build in world.builds()] == ["SUCCEEDED", "IN_PROGRESS"]
    end_of_build(world)


def test_the_first_build_in_async_mode_has_no_arn_yet_and_is_no_error(world: World) -> None:
    answer = begun(world)

    assert answer.keys() == KEYS
    assert (answer["status"], answer["layer_arn"], answer["version"]) == ("building", "", "")
    end_of_build(world)


def test_while_the_build_runs_plans_ask_for_nothing_and_write_nothing(world: World) -> None:
    begun(world)
    approved = world.read("web/approved").decode()
    answers: list[Answer] = []

    def look() -> None:
        plan = planned(world, sync_mode="false")
        answers.extend([plan, released(world, plan, sync_mode="false")])

    assert writes(world, look) == []
    assert answers[0]["token"] == approved
    assert [answer["status"] for answer in answers] == ["building", "building"]

    # Nor do they publish what was built: that is the publisher's, or an approved apply's.
    end_of_build(world)
    assert writes(world, look) == []
    assert answers[2]["token"] == approved
    assert world.versions() == []


def test_in_sync_mode_a_build_that_was_left_behind_is_joined_by_the_next_apply(
    world: World,
) -> None:
    begun(world)
    assert planned(world)["token"].endswith("#2")
    (world.root / "go").touch()

    assert apply(world)["status"] == "current"
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_a_query_that_says_nothing_of_sync_mode_waits(world: World) -> None:
    assert query_of(world, sync_mode="").waits
    assert not query_of(world, sync_mode="false").waits
