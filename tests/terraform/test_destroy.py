"""Destroy ends well whatever is left to destroy, and takes what this module published."""

from __future__ import annotations

import io
import os
import signal
import zipfile
from collections.abc import Callable

import pytest

from tests.listing import every
from tests.patience import PATIENCE, wait_until
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import layer
from tests.terraform.test_functions import create

FORMS = ("stack", "module")

Damages = tuple[Callable[[Stack], None], ...]


def made(make: Make, *names: str) -> Stack:
    """Return a stack with quick builds, applied."""
    stack = make(*(layer(name) for name in names or ("web",)))
    quick_builds(stack)
    stack.apply()
    return stack


def publish_by_hand(stack: Stack) -> int:
    """Publish a version of the stack's layer as somebody else would; return its number."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/theirs.py", "")
    lambdas = stack.aws.client("lambda")
    answer = lambdas.publish_layer_version(
        LayerName=f"{stack.name}-web", Content={"ZipFile": content.getvalue()}
    )
    return answer["Version"]


def left(stack: Stack) -> list[str]:
    """Return what of a stack is still there, apart from layer versions."""
    s3, iam, aws = stack.aws.client("s3"), stack.aws.client("iam"), stack.aws
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    roles = [role["RoleName"] for role in every(iam, "list_roles")]
    projects = every(aws.client("codebuild"), "list_projects")
    groups = aws.client("logs").describe_log_groups(
        logGroupNamePrefix=f"/aws/codebuild/{stack.name}"
    )["logGroups"]
    found = [*buckets, *roles, *projects, *(group["logGroupName"] for group in groups)]
    return [name for name in found if stack.name in name]


def empty_by_hand(stack: Stack) -> None:
    """Delete everything in the bucket."""
    s3 = stack.aws.client("s3")
    page = s3.list_object_versions(Bucket=stack.bucket)
    for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=stack.bucket, Key=entry["Key"], VersionId=entry["VersionId"])


def delete_bucket(stack: Stack) -> None:
    empty_by_hand(stack)
    stack.aws.client("s3").delete_bucket(Bucket=stack.bucket)


def delete_roles(stack: Stack) -> None:
    iam = stack.aws.client("iam")
    for role in [name for name in left(stack) if name.endswith("eu-central-1-build")]:
        iam.delete_role_policy(RoleName=role, PolicyName="build")
        iam.delete_role(RoleName=role)


def delete_project(stack: Stack) -> None:
    stack.aws.client("codebuild").delete_project(name=f"{stack.name}-layers")


def delete_version(stack: Stack) -> None:
    stack.aws.client("lambda").delete_layer_version(LayerName=f"{stack.name}-web", VersionNumber=1)


def break_the_record(stack: Stack) -> None:
    stack.aws.client("s3").put_object(Bucket=stack.bucket, Key="web/record.json", Body=b"{broken")


def remove_the_source(stack: Stack) -> None:
    (stack.project / "web" / "pyproject.toml").unlink()


def test_destroy_takes_what_was_published_and_leaves_what_others_did(make: Make) -> None:
    stack = made(make)
    theirs = publish_by_hand(stack)
    stack.edit()
    stack.apply()
    assert stack.versions() == [1, theirs, theirs + 1]

    destroyed = stack.destroy()
    assert (destroyed.exit_code, destroyed.builds) == (0, 0)
    assert stack.versions() == [theirs]
    assert left(stack) == []
    assert stack.destroy().exit_code == 0, "once more, with nothing left"


@pytest.mark.parametrize(
    "damages",
    [
        (empty_by_hand, delete_version),
        (delete_bucket, delete_roles, delete_project),
        (break_the_record, remove_the_source),
    ],
    ids=lambda damages: "+".join(damage.__name__ for damage in damages),
)
def test_destroy_takes_what_is_left_when_parts_are_gone(make: Make, damages: Damages) -> None:
    stack = made(make)
    for damage in damages:
        damage(stack)
    destroyed = stack.destroy()
    assert (destroyed.exit_code, destroyed.builds) == (0, 0)
    assert left(stack) == []
    assert stack.versions() == []


def test_destroy_after_a_first_apply_that_failed(make: Make) -> None:
    stack = make()
    with quick_builds(stack).failing():
        assert stack.apply(check=False).exit_code == 1
        destroyed = stack.destroy()
    assert (destroyed.exit_code, destroyed.builds) == (0, 0)
    assert left(stack) == []


def test_a_destroy_that_was_killed_is_finished_by_the_next(make: Make) -> None:
    stack = made(make, "api", "web")
    with stack.terraform.start("destroy", "-auto-approve") as running:
        wait_until(lambda: not (stack.versions("api") and stack.versions()), "one layer's end")
        os.kill(running.child.pid, signal.SIGKILL)
        running.wait(PATIENCE)
    (state,) = (file for file in stack.project.rglob("*.tfstate") if ".terraform" not in file.parts)
    if not state.read_bytes():
        # Terraform empties the file before it writes it; it keeps a copy for that.
        state.write_bytes(state.with_name(f"{state.name}.backup").read_bytes())
    destroyed = stack.destroy()
    assert (destroyed.exit_code, destroyed.builds) == (0, 0)
    assert left(stack) == []
    assert stack.versions("api") == stack.versions() == []


def test_destroy_stops_a_build_that_an_interrupted_apply_left_behind(make: Make) -> None:
    stack = make()
    builds = quick_builds(stack)
    with builds.held():
        with stack.terraform.start("apply", "-auto-approve") as running:
            wait_until(lambda: builds.began == 1, "a build")
            wait_until(lambda: stack.record()["attempt"]["build_id"], "its id")
            running.signal(signal.SIGINT)
            assert running.wait(PATIENCE).exit_code == 1
        destroyed = stack.destroy()
    assert (destroyed.exit_code, destroyed.builds) == (0, 0)
    assert builds.states() == ["STOPPED"]
    assert left(stack) == []


def test_versions_are_retained_if_that_was_applied_before(make: Make) -> None:
    stack = made(make)
    stack.variables["retain_versions"] = "true"
    kept = stack.apply()
    assert (kept.builds, stack.versions()) == (0, [1])
    stack.destroy()
    assert stack.versions() == [1]
    assert left(stack) == []


def test_a_destroy_says_what_becomes_of_versions_and_keeps_them_by_its_environment(
    make: Make,
) -> None:
    stack = made(make)
    stack.terraform.environment["TF_VAR_retain_versions"] = "true"
    destroyed = stack.destroy()
    assert "the published versions that no function has are deleted. To keep" in destroyed.said
    assert "keeping the versions" in destroyed.said
    assert stack.versions() == [1]
    assert left(stack) == []


def take_out(stack: Stack, layer: str) -> None:
    """Take a layer out of what is described, as a synthesis without it does."""
    with stack.edited() as document:
        if isinstance(stack, ModuleRoot):
            del document["module"]["layers"]["layers"][layer], document["output"][layer]
            return
        for section in ("resource", "data"):
            for blocks in document[section].values():
                for name in [name for name in blocks if name.startswith(f"{layer}_")]:
                    del blocks[name]
        del document["locals"]["build_retirements"][layer]
        del document["locals"][f"{layer}_answer"], document["output"][layer]
        (lifecycle,) = document["resource"]["aws_s3_bucket_lifecycle_configuration"].values()
        lifecycle["rule"] = [rule for rule in lifecycle["rule"] if layer not in rule["id"]]


def test_a_layer_taken_out_of_the_stack_takes_its_versions_along(make: Make) -> None:
    stack = made(make, "api", "web")
    take_out(stack, "api")
    planned = stack.plan()
    assert "aws_s3_object.web_approval" not in planned.changes
    assert planned.deferred == []
    removed = stack.apply()
    assert removed.builds == 0
    assert stack.versions("api") == []
    assert stack.keys("api/") == []
    assert stack.versions() == [1]
    assert stack.plan().exit_code == 0


def test_a_bucket_that_someone_deleted_is_made_and_filled_again(make: Make) -> None:
    stack = made(make)
    delete_bucket(stack)
    planned = stack.plan()
    assert (planned.exit_code, planned.writes) == (2, [])
    corrected = stack.apply()
    assert corrected.builds == 1
    assert stack.plan().exit_code == 0


def test_a_renamed_layer_leaves_functions_what_they_have_should_the_new_build_fail(
    make: Make,
) -> None:
    stack = make(layer("api"), layer("web"))
    builds = quick_builds(stack)
    stack.apply()
    before, function = stack.output()["layer_arn"], f"{stack.name}-f"
    create(stack, function, before)
    take_out(stack, "web")
    stack.edit("api")
    with builds.failing("api"):
        failed = stack.apply(check=False)

    assert (failed.exit_code, stack.versions(), stack.versions("api")) == (1, [1], [1])
    assert f"keeping {before}, which is used by {function}" in failed.said
    assert stack.versions() == [1]
    stack.aws.client("lambda").delete_function(FunctionName=function)

    stack.apply()

    assert (stack.versions(), stack.versions("api")) == ([], [1, 2])
