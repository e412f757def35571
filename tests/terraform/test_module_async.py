"""Async mode of the module: a function of the builder's own finishes releases."""

from __future__ import annotations

from tests.patience import wait_until
from tests.terraform.builds import ours, quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.test_async import ASYNC, leftovers, released

FORMS = ("module",)

FUNCTION = "aws_lambda_function.build_publisher_function"


def test_the_first_build_runs_on_after_the_apply_and_is_released(make: Make) -> None:
    root = make(app={**ASYNC, "tracing": True})
    builds = quick_builds(root)
    with root.edited() as document:
        document["output"]["arns"] = {"value": "${module.layers.arns}"}
    with builds.held():
        assert root.apply().builds == 1
        found = root.output()
        assert (found["status"], found["layer_arn"], found["version"]) == ("building", "", None)
        (arn,) = root.terraform.outputs()["arns"].values()
        assert arn.endswith(":no-version-yet")
        planned = root.plan()
        assert (planned.exit_code, ours(planned)) == (0, []), planned.said

    wait_until(lambda: released(root, 1), "the publisher's release")
    planned = root.plan()
    assert (planned.exit_code, planned.changes, ours(planned)) == (2, {}, [])
    assert planned.output()["layer_arn"].endswith(":1")
    root.apply()
    assert root.plan().exit_code == 0

    root.edit()
    with builds.held():
        assert root.apply().builds == 1
        assert root.output()["layer_arn"].endswith(":1")
    wait_until(lambda: released(root, 2), "the second release")
    assert root.versions() == [1, 2]

    root.destroy()
    assert (root.versions(), leftovers(root)) == ([], [])


def test_a_module_becomes_async_and_sync_again_without_a_build(make: Make) -> None:
    root = make()
    quick_builds(root)
    root.apply()
    planned = root.plan("-var=sync_mode=false")
    assert planned.changes[FUNCTION] == ["create"]
    assert not [a for a, actions in planned.changes.items() if actions != ["create"]]
    assert planned.writes == []
    assert root.apply("-var=sync_mode=false").builds == 0
    assert root.plan("-var=sync_mode=false").exit_code == 0
    (code,) = root.keys(".publisher/")
    assert code.endswith(".zip")
    assert root.apply().builds == 0
    assert _functions(root) == []
    assert (root.versions(), root.plan().exit_code) == ([1], 0)


def test_a_bucket_of_another_name_gets_the_code_of_the_function_too(make: Make) -> None:
    root = make(app={"async": True})
    quick_builds(root)
    root.apply()
    before, root.name = root.name, f"{root.name}-b"
    with root.edited() as document:
        document["module"]["layers"]["app"] = root.name
    root.apply()
    assert len(root.keys(".publisher/")) == 1
    assert set(_functions(root)) == {f"{root.name}-layers-publisher"}
    assert root.plan().exit_code == 0

    # The bucket was deleted by hand, with all that was in it.
    s3 = root.aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=root.bucket):
        for each in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            s3.delete_object(Bucket=root.bucket, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=root.bucket)
    root.apply()
    assert len(root.keys(".publisher/")) == 1
    assert root.plan().exit_code == 0
    root.destroy()
    root.name = before
    assert leftovers(root) == []


def _functions(root: Stack) -> list[str]:
    return [name for name in leftovers(root) if name.endswith("-layers-publisher")]
