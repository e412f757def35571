import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from builder import hook
from builder.clock import Clock
from builder.errors import (
    BuildFailed,
    CredentialsError,
    FunctionsNotMoved,
    LayerError,
    PlanOutdated,
    SpecError,
)
from builder.hook import Answer, Query, plan_hook, release_hook
from builder.layer import Layer
from builder.record import Release
from builder.release import ensure
from builder.rollback import choose, roll_back
from tests.builder.conftest import ACCOUNT, REGION, World, quick, wait_for, write_tree
from tests.builder.fleet import function_of

KEYS = {
    "layer_arn", "version", "fingerprint", "status", "reason",
    "unzipped_size", "zipped_size", "packages", "functions",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def quickly(*arguments: Any, clock: Clock | None = None, **options: Any) -> Release:
        return ensure(*arguments, clock=clock or quick(), **options)

    monkeypatch.setattr(hook, "ensure", quickly)


def query_of(world: World, **fields: str) -> Query:
    """Return what Terraform asks; fields are added or replaced."""
    layer = world.layer()
    site = layer.site
    return Query(
        {
            "spec": layer.spec.to_json(),
            "root": str(world.root),
            "layer_name": site.layer_name,
            "bucket": site.bucket,
            "project": site.project,
            "build_role": site.build_role,
            "log_group": site.log_group,
            "region": REGION,
            "account": ACCOUNT,
            "profile": "",
            "role_arn": "",
            "force_rebuild": "false",
            "debug_mode": "false",
            "sync_mode": "true",
            **fields,
        }
    )


def planned(world: World, **fields: str) -> Answer:
    return plan_hook(query_of(world, **fields))


def released(world: World, plan: Answer, **fields: str) -> Answer:
    query = query_of(world, plan=json.dumps(plan), reason=plan["reason"], **fields)
    return release_hook(query, lambda _line: None)


def approve(world: World, plan: Answer) -> None:
    """Write the approval, as Terraform's apply does."""
    world.put("web/approved", plan["token"].encode())


def apply(world: World, **fields: str) -> Answer:
    """Plan, approve and release, as terraform apply does."""
    plan = planned(world, **fields)
    approve(world, plan)
    return released(world, plan, **fields)


def writes(world: World, action: Callable[[], object]) -> list[str]:
    """Return what was written to this application meanwhile."""
    before = len(world.aws.calls())
    action()
    return [
        f"{call.operation} {call.target}"
        for call in world.aws.calls()[before:]
        if call.is_write and world.name in call.target
    ]


# What Terraform asks


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"x"'])
def test_a_query_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(SpecError, match="query cannot be used"):
        Query.parse(text)


def test_a_query_is_strings_whatever_terraform_sends() -> None:
    query = Query.parse('{"a": "x", "b": null, "c": true}')

    assert (query["a"], query.get("b"), query.get("d")) == ("x", "", "")
    with pytest.raises(SpecError, match="it has no 'b'"):
        query["b"]


def test_a_flag_is_true_only_when_it_says_true() -> None:
    query = Query({"yes": "true", "no": "false", "empty": ""})

    assert [query.flag(key) for key in ("yes", "no", "empty", "absent")] == [True] + [False] * 3


# The answers


def test_an_answer_is_flat_json_of_strings_and_the_plan_has_the_token(world: World) -> None:
    plan = planned(world)
    release = apply(world)

    assert plan.keys() == KEYS | {"token"}
    assert release.keys() == KEYS
    assert all(isinstance(value, str) for value in [*plan.values(), *release.values()])
    assert (plan["status"], plan["layer_arn"]) == ("missing", "")
    assert release["status"] == "current"
    assert release["layer_arn"].endswith("-web:1")
    assert (release["version"], release["unzipped_size"], release["packages"]) == ("1", "100", "1")


def test_a_plan_in_an_empty_account_writes_nothing(world: World) -> None:
    world.aws.client("s3").delete_bucket(Bucket=world.name)

    assert writes(world, lambda: planned(world)) == []
    assert planned(world)["token"] == f"{world.layer().fingerprint}#1"


def test_ten_plans_of_the_same_source_are_the_same_and_write_nothing(world: World) -> None:
    apply(world)
    answers: list[Answer] = []

    assert writes(world, lambda: answers.extend(planned(world) for _ in range(10))) == []
    assert all(answer == answers[0] for answer in answers)


def test_the_answer_of_a_current_layer_is_echoed_without_touching_aws(world: World) -> None:
    expected = apply(world)
    plan = planned(world)
    before = len(world.aws.calls())

    echo = released(world, plan)

    assert len(world.aws.calls()) == before
    assert echo == expected


# Only apply builds


def test_without_an_approval_the_release_hook_reports_what_is_there(world: World) -> None:
    first = apply(world)
    world.edit()
    plan = planned(world)
    answers: list[Answer] = []

    assert writes(world, lambda: answers.append(released(world, plan))) == []
    assert (answers[0]["status"], answers[0]["layer_arn"]) == ("stale", first["layer_arn"])
    assert answers[0]["reason"] == "src/web/app.py changed"


def test_an_approval_of_something_else_builds_nothing(world: World) -> None:
    plan = planned(world)
    world.put("web/approved", f"{'a' * 64}#1".encode())

    assert writes(world, lambda: released(world, plan)) == []


def test_an_approved_number_is_built_once_however_often_the_hook_is_read(world: World) -> None:
    plan = planned(world)
    approve(world, plan)
    first = released(world, plan)

    assert writes(world, lambda: released(world, plan)) == []
    assert released(world, plan) == first


def test_a_failed_build_is_not_repeated_by_the_same_approval(world: World) -> None:
    world.behave("fail")
    plan = planned(world)
    approve(world, plan)
    with pytest.raises(BuildFailed):
        released(world, plan)

    again = released(world, plan)

    assert (again["status"], again["layer_arn"]) == ("failed", "")
    assert "BUILD" in again["reason"]
    assert len(world.builds()) == 1
    assert planned(world)["token"].endswith("#2")


def test_the_failure_of_an_earlier_source_is_not_reported_for_this_one(world: World) -> None:
    world.behave("fail")
    with pytest.raises(BuildFailed):
        apply(world)
    world.behave("well")

    assert released(world, planned(world))["status"] == "missing"


def test_a_plan_whose_source_changed_since_is_refused_and_builds_nothing(world: World) -> None:
    plan = planned(world)
    world.edit()
    approve(world, plan)

    with pytest.raises(PlanOutdated, match="changed after the plan") as caught:
        released(world, plan)

    assert plan["fingerprint"][:12] in caught.value.where
    assert world.layer().fingerprint[:12] in caught.value.where
    assert "run plan again" in caught.value.fix
    assert world.builds() == []
    assert planned(world)["token"].endswith("#2")


def test_a_number_that_another_source_has_begun_is_not_built_again(world: World) -> None:
    go = world.root / "go"
    mine = planned(world)
    write_tree(world.root, {"src/behave": f"wait {go}"})
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(world.release)
        wait_for(lambda: len(world.builds()) == 1)
        (world.root / "src/behave").unlink()
        approve(world, mine)

        assert mine["token"].endswith("#1")
        assert released(world, mine)["status"] == "missing"
        go.touch()
        run.result()
    assert len(world.builds()) == 1


def test_a_release_made_by_hand_meanwhile_satisfies_the_approval(world: World) -> None:
    plan = planned(world)
    approve(world, plan)
    by_hand = world.release()  # takes the next number

    answer = released(world, plan)

    assert by_hand.number == 2
    assert (answer["status"], answer["layer_arn"]) == ("current", by_hand.layer_arn)
    assert len(world.builds()) == 1


def test_force_makes_one_new_version_and_then_nothing_changes(world: World) -> None:
    apply(world)
    forced = apply(world, force_rebuild="true")

    assert forced["version"] == "2"
    assert planned(world)["status"] == "current"
    assert len(world.builds()) == 2


def test_debug_mode_does_not_matter_to_a_plan(world: World) -> None:
    apply(world)

    assert planned(world, debug_mode="true")["status"] == "current"


def test_two_people_who_apply_at_once_both_succeed_with_one_build(world: World) -> None:
    plan = planned(world)
    approve(world, plan)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _n: released(world, plan), range(2)))

    assert answers[0] == answers[1]
    assert answers[0]["status"] == "current"
    assert (len(world.builds()), world.versions()) == (1, [1])


# Pinned


def pin(world: World) -> None:
    """Pin the layer to its first version."""
    layer = world.layer()
    roll_back(
        layer, choose(layer, 1), by="alice", reason="v2 is bad", clock=quick(),
        progress=lambda _line: None,
    )  # fmt: skip


def test_a_pinned_layer_answers_its_pinned_version_and_asks_for_no_approval(world: World) -> None:
    first = apply(world)
    world.edit()
    second = apply(world)
    pin(world)
    world.edit("x = 'mended'\n")

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


# What cannot be used


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ("{}", "layer spec cannot be read"),
        ('{"schema": 2}', "layer spec has schema 2"),
        ('{"schema": 1, "name": "web", "python": [], "architecture": "arm64"}', "no Python"),
    ],
)
def test_an_invalid_spec_is_an_answer_so_that_destroy_works(
    world: World, spec: str, what: str
) -> None:
    answer = planned(world, spec=spec)

    assert (answer["status"], answer["token"]) == ("invalid", "invalid")
    assert what in answer["reason"]
    assert released(world, answer)["status"] == "invalid"


def test_a_source_that_cannot_be_used_keeps_the_last_release(world: World) -> None:
    first = apply(world)
    (world.root / "src/web/link.py").symlink_to("/etc/passwd")

    answer = planned(world)

    assert (answer["status"], answer["layer_arn"]) == ("invalid", first["layer_arn"])
    assert "leads out of the project" in answer["reason"]
    assert "fix:" in answer["reason"]


def test_a_project_that_is_not_there_is_an_answer_so_that_destroy_works(world: World) -> None:
    answer = planned(world, root=str(world.root / "gone"))

    assert answer["status"] == "invalid"
    assert "there is no 'src'" in answer["reason"]


def test_another_account_than_terraforms_is_refused_with_both_named(world: World) -> None:
    with pytest.raises(CredentialsError) as caught:
        planned(world, account="999999999999")

    assert f"in account {ACCOUNT}, Terraform in 999999999999" in caught.value.what


def test_a_plan_that_is_no_json_is_refused(world: World) -> None:
    with pytest.raises(LayerError, match="query cannot be used"):
        release_hook(query_of(world, plan="{", reason=""), print)


def test_a_layer_is_where_the_query_says(world: World) -> None:
    layer: Layer = query_of(world).layer()

    assert layer.site == world.layer().site
    assert (layer.root, layer.spec) == (world.root, world.layer().spec)


# Functions


def test_functions_that_were_not_moved_fail_the_apply_and_the_next_one_mends_it(
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
    mended = apply(world, spec=spec)
    assert (mended["status"], mended["version"]) == ("current", "1")
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
    wait_for(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")


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
