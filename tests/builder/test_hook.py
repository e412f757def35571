import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from builder import hook
from builder.errors import (
    BuildFailed,
    CredentialsError,
    LayerError,
    PlanOutdated,
)
from builder.hook import Answer, plan_hook, release_hook
from builder.query import Query
from builder.release.plan import plan
from tests.builder.conftest import ACCOUNT, World, write_tree
from tests.builder.hooks import (
    KEYS,
    apply,
    approve,
    asked_of_all,
    no_long_waits,
    planned,
    query_of,
    released,
    writes,
)
from tests.patience import PATIENCE, wait_until

__all__ = ["no_long_waits"]

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


LOADED = """
import sys
from builder.cli import main
main(["hook", "plan"], standalone_mode=False)
print(*sorted(n for n in sys.modules if n.startswith(("builder.", "packaging."))), file=sys.stderr)
"""


def loaded_by_plan(world: World) -> list[str]:
    """Return which modules, ours and packaging's, `lambda-layer hook plan` loads."""
    asked = json.dumps(dict(asked_of_all({"web": query_of(world)}).fields))
    environment = {**os.environ, **world.aws.environment()}
    done = subprocess.run(
        [sys.executable, "-c", LOADED], input=asked, env=environment,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr.split()


def test_a_plan_that_finds_nothing_to_do_loads_only_what_it_uses(world: World) -> None:
    def of(*rooms: str) -> list[str]:
        return [name for name in loaded if name.split(".")[1] in rooms and name.count(".") > 1]

    loaded = loaded_by_plan(world)
    assert "builder.sizes.plan_sizes" in loaded
    apply(world)
    loaded = loaded_by_plan(world)
    assert of("sizes") == ["builder.sizes.candidate"]
    assert of("builds") == ["builder.builds.attempt_state"]
    assert of("release") == ["builder.release.foreseen", "builder.release.plan"]
    assert of("operations", "functions", "images", "hybrid", "publisher") == []
    # It takes as long to import as thirty of ours, and these layers have nothing for it to read.
    assert not {"packaging.requirements", "packaging.specifiers"} & {*loaded}
    # Each takes half a millisecond of every plan: what is loaded besides must be worth it.
    assert len([name for name in loaded if name.startswith("builder.")]) <= 111, loaded


def test_a_plan_that_finds_nothing_to_do_asks_aws_five_times(world: World) -> None:
    apply(world)
    before = len(world.aws.calls())

    assert planned(world)["status"] == "current"
    assert Counter(call.operation for call in world.aws.calls()[before:]) == {
        "GetCallerIdentity": 1,  # once, however many layers there are
        "GetObject": 3,  # the record; whether manifest and archive are there
        "GetLayerVersion": 1,
    }


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
        wait_until(lambda: len(world.builds()) == 1)
        (world.root / "src/behave").unlink()
        approve(world, mine)

        assert mine["token"].endswith("#1")
        assert released(world, mine)["status"] == "missing"
        go.touch()
        run.result(PATIENCE)
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


def test_who_applied_first_joins_what_another_has_approved_since_of_the_same(world: World) -> None:
    apply(world)
    world.edit()
    first = planned(world)
    approve(world, first)
    second = planned(world)  # before the first one's hook begins its build
    approve(world, second)
    assert (first["token"][-2:], second["token"][-2:]) == ("#2", "#3")

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda plan: released(world, plan), (first, second)))

    assert answers[0] == answers[1]
    assert answers[0]["status"] == "current"
    assert (len(world.builds()), world.versions()) == (2, [1, 2])
    assert released(world, first) == answers[0]


def test_a_forced_rebuild_is_not_content_with_what_another_has_approved(world: World) -> None:
    apply(world)
    forced = planned(world, force_rebuild="true")
    approve(world, forced)
    world.put("web/approved", f"{forced['fingerprint']}#9".encode())

    assert released(world, forced, force_rebuild="true")["status"] == "forced"
    assert world.versions() == [1]


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


# All layers of an application at once


def test_one_hook_answers_for_all_layers_and_a_broken_one_disturbs_none(world: World) -> None:
    apply(world)
    layers = {f"web{n}": query_of(world, spec=named_spec(world, f"web{n}")) for n in range(20)}
    layers["broken"] = query_of(world, spec="{}")
    layers["gone"] = query_of(world, root=str(world.root / "gone"))
    layers["web"] = query_of(world)
    alone = planned(world)

    answers = {n: json.loads(a) for n, a in plan_hook(asked_of_all(layers)).items()}

    assert list(answers) == list(layers)
    assert [answers[f"web{n}"]["status"] for n in range(20)] == ["missing"] * 20
    assert (answers["broken"]["status"], answers["gone"]["status"]) == ("invalid", "invalid")
    assert "there is no 'src'" in answers["gone"]["reason"]
    assert answers["web"] == alone


def test_who_calls_is_asked_once_for_all_layers(world: World) -> None:
    layers = {f"web{n}": query_of(world, spec=named_spec(world, f"web{n}")) for n in range(5)}
    before = len(world.aws.calls())

    plan_hook(asked_of_all(layers))

    calls = [call.operation for call in world.aws.calls()[before:]]
    assert calls.count("GetCallerIdentity") == 1


def test_a_plan_of_many_layers_sees_that_a_version_was_deleted(world: World) -> None:
    apply(world)
    layers = {
        name: query_of(world, spec=named_spec(world, name), layer_name=f"{world.name}-{name}")
        for name in ("web", *(f"web{n}" for n in range(9)))
    }
    world.services.layers.delete(f"{world.name}-web", 1)
    before = len(world.aws.calls())
    assert json.loads(plan_hook(asked_of_all(layers))["web"]) == planned(world)
    assert "ListLayers" in {call.operation for call in world.aws.calls()[before:]}


def named_spec(world: World, name: str) -> str:
    return replace(world.layer().spec, name=name).to_json()


def test_the_publishers_zip_is_made_while_aws_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Barrier(2)
    described = {".publisher_key": ".publisher/0.zip"}

    def meanwhile() -> dict[str, str]:
        both.wait(PATIENCE)
        return described

    def look(*arguments: Any, **options: Any) -> Any:
        both.wait(PATIENCE)
        return plan(*arguments, **options)

    monkeypatch.setattr(hook, "described_publisher", meanwhile)
    monkeypatch.setattr(hook, "plan", look)
    query = asked_of_all({"web": query_of(world)})
    answer = plan_hook(Query({**query.fields, "publisher": "true"}))
    assert answer.keys() == {"web", *described}
