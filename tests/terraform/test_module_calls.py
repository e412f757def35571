"""How others call the module: several times, after other things, elsewhere, with mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Planned, Stack
from tests.terraform.module_root import VARIABLES, ModuleRoot
from tests.terraform.packages import layer, write
from tests.terraform.test_credentials import EVERYTHING
from tests.terraform.test_roles import role

FORMS = ("module",)

OTHER = "terraform_data.other"


def change(root: Stack, **call: Any) -> None:
    """Change the call of the module."""
    with root.edited() as document:
        document["module"]["layers"].update(call)


def destroyed(planned: Planned) -> list[str]:
    """Return what a plan would destroy or replace."""
    return [address for address, actions in planned.changes.items() if "delete" in actions]


@pytest.fixture(scope="module")
def empty(make: Make) -> Stack:
    """A root that was never applied; whoever changes it leaves it as it was."""
    return make()


@pytest.fixture
def root(empty: Stack) -> Any:
    """The root; what the test changes in it is undone."""
    before = empty.configuration.read_text()
    yield empty
    empty.configuration.write_text(before)


def test_what_the_module_depends_on_changes_and_no_version_is_deleted(make: Make) -> None:
    root = make()
    quick_builds(root)
    with root.edited() as document:
        document["module"]["layers"]["depends_on"] = [OTHER]
        document["variable"]["other"] = {"default": "1"}
        document["resource"] = {"terraform_data": {"other": {"input": "${var.other}"}}}
    assert root.apply().builds == 1
    arn = root.output()["layer_arn"]
    assert root.plan().exit_code == 0
    root.variables["other"] = "2"
    planned = root.plan()
    assert OTHER in planned.changes
    assert destroyed(planned) == []
    applied = root.apply()
    assert (applied.builds, root.versions()) == (0, [1])
    assert root.output()["layer_arn"] == arn
    assert root.plan().exit_code == 0
    root.destroy()
    assert root.versions() == []


def test_a_layer_that_is_removed_is_retired_and_no_layer_is_fine(make: Make) -> None:
    root = make(layer(), layer("tools"))
    quick_builds(root)
    root.apply()
    with root.edited() as document:
        del document["module"]["layers"]["layers"]["tools"]
        del document["output"]["tools"]
    planned = root.plan()
    assert 'terraform_data.build_retire["tools"]' in destroyed(planned)
    assert not [address for address in planned.changes if "web" in address]
    assert root.apply().builds == 0
    assert (root.versions(), root.versions("tools")) == ([1], [])

    with root.edited() as document:
        document["module"]["layers"]["layers"] = {}
        document["output"] = {"arns": {"value": "${module.layers.arns}"}}
    assert root.apply().builds == 0
    assert root.versions() == []
    assert root.plan().exit_code == 0
    root.destroy()


def test_one_failing_layer_keeps_back_what_the_others_give_until_the_next_apply(
    make: Make,
) -> None:
    root = make(layer("jobs"), layer("web"))
    builds = quick_builds(root)
    with builds.failing("jobs"):
        failed = root.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 2)
    assert "the build of layer 'jobs' failed" in failed.said
    assert (root.versions("jobs"), root.versions("web")) == ([], [1])
    planned = root.plan()
    assert planned.writes == []
    assert planned.changes == {"aws_s3_object.jobs_approval": ["update"]}
    assert planned.output("web")["layer_arn"].endswith(":1")
    assert root.apply().builds == 1
    assert root.plan().exit_code == 0


def test_the_command_that_is_named_runs_the_hooks_and_the_end_of_a_layer(
    make: Make, tmp_path: Path
) -> None:
    root = make()
    quick_builds(root)
    log, program = tmp_path / "log", tmp_path / "a program"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{log}"\nshift\nexec lambda-layer "$@"\n')
    program.chmod(0o755)
    change(root, command=[str(program), "first"])
    root.apply()
    root.destroy()
    words = log.read_text().splitlines()
    assert {"first hook plan", "first hook release", "first retire"} <= set(words)
    assert root.versions() == []


def test_the_command_assumes_the_role_that_the_provider_assumes(make: Make) -> None:
    root = make()
    quick_builds(root)
    trust = {
        "Principal": {"AWS": root.aws.identity.account},
        "Condition": {"StringEquals": {"sts:ExternalId": "x1"}},
    }
    deploy = {"role_arn": role(root, "deploy", trust, EVERYTHING), "external_id": "x1"}
    with root.edited() as document:
        document["provider"]["aws"]["assume_role"] = deploy
        document["module"]["layers"]["assume_role"] = [deploy]
    applied = root.apply()
    (published,) = (c for c in applied.calls if c.operation == "PublishLayerVersion")
    assert f"assumed-role/{root.name}-deploy/" in published.principal
    assert root.plan().exit_code == 0
    ended = root.destroy()
    (deleted,) = (c for c in ended.calls if c.operation == "DeleteLayerVersion")
    assert f"assumed-role/{root.name}-deploy/" in deleted.principal


def test_a_module_can_be_called_for_each_application(root: Stack) -> None:
    names = {"a": f"{root.name}-a", "b": f"{root.name}-b"}
    change(root, for_each=names, app="${each.value}")
    with root.edited() as document:
        value = '${{ for name, called in module.layers : name => called.arns["web"] }}'
        document["output"] = {"web": {"value": value}}
    planned = root.plan()
    assert (planned.exit_code, planned.writes) == (2, [])
    buckets = [address for address in planned.changes if "aws_s3_bucket.build_bucket" in address]
    assert buckets == [f'module.layers["{n}"].aws_s3_bucket.build_bucket' for n in "ab"]


def test_a_module_can_be_called_not_at_all(root: Stack) -> None:
    change(root, count=0)
    with root.edited() as document:
        document["output"] = {"web": {"value": "${module.layers[*].arns}"}}
    assert list(root.plan().changes) == []


def test_the_provider_that_is_passed_says_where_the_layers_are(root: Stack) -> None:
    with root.edited() as document:
        here = document["provider"]["aws"]
        document["provider"]["aws"] = [here, {**here, "alias": "other", "region": "eu-west-2"}]
        document["module"]["layers"]["providers"] = {"aws": "aws.other"}
    planned = root.plan()
    (bucket,) = (
        change["change"]["after"]["bucket"]
        for change in planned.document["resource_changes"]
        if change["type"] == "aws_s3_bucket"
    )
    assert bucket.endswith("-eu-west-2")
    assert planned.answer()["status"] == "missing"


ROOT_REGION = "${data.aws_region.functions.region}"


def test_a_layer_in_another_region_than_the_functions_is_refused_at_plan(root: Stack) -> None:
    with root.edited() as document:
        here = document["provider"]["aws"]
        document["provider"]["aws"] = [here, {**here, "alias": "other", "region": "eu-west-2"}]
        document["data"] = {"aws_region": {"functions": {}}}
        document["module"]["layers"]["providers"] = {"aws": "aws.other"}
        document["module"]["layers"]["region"] = ROOT_REGION
    refused = root.fails("plan")
    region = root.aws.identity.region
    said = f"The aws provider works in region eu-west-2, and the layers are to be in {region}"
    assert said in refused.said, refused.said
    assert refused.writes == []


def test_a_place_that_is_given_is_known_at_plan_whatever_the_module_depends_on(root: Stack) -> None:
    account = root.aws.identity.account
    change(root, account=account, region=ROOT_REGION, partition="aws", depends_on=[OTHER])
    with root.edited() as document:
        document["data"] = {"aws_region": {"functions": {}}}
        document["resource"] = {"terraform_data": {"other": {"input": "1"}}}
    planned = root.plan()
    assert any("aws_region.build_region" in address for address in planned.deferred)
    (bucket,) = (
        change["change"]["after"]["bucket"]
        for change in planned.document["resource_changes"]
        if change["type"] == "aws_s3_bucket"
    )
    assert bucket == root.bucket


GOOD: dict[str, Any] = {"dependencies": ["a"], "python": ["3.13"], "architecture": "arm64"}
TARGET = "python3.13-arm64"
MISTAKES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"app": "Upper"}, "app has 2 to 28 lower-case letters"),
    ({"region": "Frankfurt"}, "region is a region such as eu-west-1"),
    ({"account": "1234"}, "account is 12 digits"),
    ({"account": "999999999999"}, "the layers are to be in 999999999999 (variable account)"),
    ({"layers": {"web": {**GOOD, "requirments": ["x"]}}}, "layers has no web.requirments. The"),
    ({"defaults": {"pyhton": ["3.13"]}}, "defaults has no pyhton. The keys are python"),
    ({"layers": {"web": {**GOOD, "licences": {"alow": ["MIT"]}}}}, "no web.licences.alow"),
    ({"indexes": {"x": {"url": "https://a.example", "user": "me"}}}, "indexes has no x.user"),
    ({"layers": {"web": {**GOOD, "python": 3}}}, '"python": list of string required'),
    ({"layers": {"Web": GOOD}}, "The name of a layer has 1 to 64 lower-case letters"),
    ({"layers": {"web": {**GOOD, "python": ["3.7"]}}}, "python has only 3.9, 3.10"),
    ({"layers": {"web": {**GOOD, "architecture": "arm"}}}, "is one of arm64, x86_64"),
    ({"layers": {"web": {**GOOD, "dependencies": []}}}, "at least one of package, requirements"),
    ({"layers": {"web": {**GOOD, "keep": 0}}}, "keep is a whole number, 1 or more"),
    ({"defaults": {"include": ["share"]}}, "In defaults include has only bin, lib"),
    ({"layers": {"web": {**GOOD, "indexes": ["x"]}}}, "there is no index x in var.indexes"),
    (
        {"layers": {"web": {"dependencies": ["a"], "architecture": "arm64"}}},
        "python is neither in the layer nor in defaults",
    ),
    (
        {"layers": {"web": {"dependencies": ["a"], "python": ["3.13"]}}},
        "architecture is neither in the layer nor in defaults",
    ),
    (
        {"layers": {"web": {**GOOD, "architecture": None, "architectures": ["arm64", "x86_64"]}}},
        "one layer cannot be for several architectures",
    ),
    (
        {
            "layers": {
                "web": {**GOOD, "split": "target", "functions": ["f"]},
                "web-python313-arm64": GOOD,
            }
        },
        "two layers are named web-python313-arm64",
    ),
    (
        {"layers": {"web": {**GOOD, "image": True}}, "defaults": {"functions": ["f"]}},
        "functions is of no use for an image",
    ),
    (
        {"layers": {"web": {**GOOD, "images": ["python3.12-arm64=house/python:1"]}}},
        "images has one for python3.12-arm64, and the layer is not: take the entry out",
    ),
    (
        {"layers": {"web": {**GOOD, "images": [f"{TARGET}=house/python:1"], "compute": "lambda"}}},
        "builds run on Lambda compute, which has its own: take images out, or compute",
    ),
    ({"layers": {"web": {**GOOD, "base": "python:3"}}}, "base is of a layer that is an image"),
    ({"layers": {"web": {**GOOD, "package": "no/where"}}}, "no/where"),
    ({"layers": {"web": {**GOOD, "dependencies": ["a b c"]}}}, "'a b c' is not a requirement"),
)


@pytest.mark.parametrize(("mistake", "said"), MISTAKES, ids=[said[:30] for _, said in MISTAKES])
def test_a_mistake_is_refused_at_plan_with_its_name(
    root: Stack, mistake: dict[str, Any], said: str
) -> None:
    change(root, **mistake)
    with root.edited() as document:
        del document["output"]
    refused = root.fails("plan")
    assert said in refused.said, refused.said
    assert refused.writes == []


def test_paths_of_a_module_that_calls_it_are_its_own(make: Make) -> None:
    root = make()
    assert isinstance(root, ModuleRoot)
    between = root.folder / "between"
    (root.folder / "web").rename(root.folder / "moved")
    with root.edited() as document:
        call = document["module"]["layers"]
        inner = {**call, "source": "../module", "root": "${path.module}"}
        for name in VARIABLES:
            del inner[name]
        outputs = {"web": {"value": '${module.layers.layers["web"]}'}}
        write(
            between / "main.tf.json", json.dumps({"module": {"layers": inner}, "output": outputs})
        )
        (root.folder / "moved").rename(between / "web")
        document["module"] = {"between": {"source": "./between"}}
        document["output"] = {"web": {"value": "${module.between.web}"}}
    root.run("init")
    planned = root.plan()
    assert planned.exit_code == 2
    state = planned.document["prior_state"]["values"]["root_module"]["child_modules"]
    found = json.dumps(state)
    assert "first build" in found
