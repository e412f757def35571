"""Images in async mode: the publisher has them pushed when they are built, and releases them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.patience import wait_until
from tests.registry import Registry
from tests.terraform.builds import ours, quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.module_root import ModuleRoot
from tests.terraform.packages import layer
from tests.terraform.test_async import ASYNC, leftovers, publisher_of, released
from tests.terraform.test_image import builds, images, labels
from tests.terraform.test_module_service import LEDGER, change
from tests.terraform.test_service import ledger
from tests.terraform.test_service_image import OF_LAYER, builds_of, image_of

FORMS = ("stack", "module")


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry on loopback with what images are built on."""
    with Registry().serving() as served:
        served.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield served


def made(make: Make, registry: Registry) -> Stack:
    return make(layer(image=True, base=f"{registry.host}/python:3"), app=ASYNC)


def pushes(stack: Stack) -> list[str]:
    """Return how the pushes of the image are, oldest first."""
    codebuild: Any = stack.aws.client("codebuild")
    listed = codebuild.list_builds(sortOrder="ASCENDING")["ids"]
    ids = [id_ for id_ in listed if id_.startswith(f"{stack.name}-layers_web:")]
    found = codebuild.batch_get_builds(ids=ids)["builds"] if ids else []
    states = {build["id"]: build["buildStatus"] for build in found}
    return [states[id_] for id_ in ids]


def test_apply_returns_and_the_publisher_has_the_image_pushed_and_releases_it(
    make: Make, registry: Registry
) -> None:
    stack = made(make, registry)
    own = quick_builds(stack)
    with own.held():
        assert stack.apply().builds == 1
        found = stack.output()
        assert (found["status"], found["image_uri"], found["version"]) == ("building", "", None)
        planned = stack.plan()
        assert (planned.exit_code, ours(planned)) == (0, []), planned.said

    wait_until(lambda: released(stack, 1), "the publisher's release")
    planned = stack.plan()
    assert (planned.exit_code, planned.changes, ours(planned)) == (2, {}, [])
    stack.apply()
    first = stack.output()
    assert (first["status"], builds(stack)) == ("current", (1, 1))
    assert images(stack) == [f"{first['fingerprint']}-1"]
    assert labels(stack, first["image_uri"])["fast-lambda-layer.token"].endswith("#1")
    assert stack.plan().exit_code == 0

    stack.edit()
    with own.held():
        assert stack.apply().builds == 1
        assert stack.output()["image_uri"] == first["image_uri"]
    wait_until(lambda: released(stack, 2), "the second release")
    stack.apply()
    assert stack.output()["image_uri"] != first["image_uri"]
    assert (builds(stack), len(images(stack))) == ((2, 2), 2)

    stack.destroy()
    assert leftovers(stack) == []
    ecr: Any = stack.aws.client("ecr")
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        images(stack)


def test_a_push_that_fails_is_shown_by_the_next_plan_and_retried_by_the_next_apply(
    make: Make, registry: Registry
) -> None:
    stack = made(make, registry)
    quick_builds(stack)
    base = dict(registry.manifests)
    registry.manifests.clear()
    stack.apply()
    wait_until(lambda: stack.record()["attempt"]["failure"], "the publisher's word")

    planned = stack.plan()
    assert (planned.changes, ours(planned)) == ({"aws_s3_object.web_approval": ["update"]}, [])
    assert planned.answer()["status"] == "failed"
    assert "the push failed: there is no image" in planned.answer()["reason"]
    assert builds(stack) == (1, 1)

    registry.manifests.update(base)
    stack.apply()
    wait_until(lambda: released(stack, 2), "the release of the retry")
    assert builds(stack) == (1, 2)  # what was built is built
    stack.apply()
    assert (stack.output()["status"], stack.plan().exit_code) == ("current", 0)


def test_destroy_while_an_image_is_pushed_leaves_nothing(make: Make, registry: Registry) -> None:
    stack = made(make, registry)
    quick_builds(stack)
    with registry.lock:  # nobody is answered, so the push of the base goes on
        stack.apply()
        wait_until(lambda: pushes(stack) == ["IN_PROGRESS"], "the push")
        wait_until(lambda: stack.record()["attempt"]["push"], "the publisher's note")
        stack.destroy()
        assert leftovers(stack) == []
        assert pushes(stack) == ["STOPPED"]


def test_the_publisher_has_images_pushed_and_may_push_none(make: Make, registry: Registry) -> None:
    stack = made(make, registry)
    quick_builds(stack)
    before = len(stack.aws.calls())
    stack.apply()
    wait_until(lambda: released(stack, 1), "the publisher's release")
    wait_until(lambda: stack.record()["attempt"] is None, "the end of the release")

    own = [c for c in stack.aws.calls()[before:] if publisher_of(stack) in c.principal]
    # ministack refuses BatchGetBuilds on *, before the agent judges it on the project.
    refused = [call for call in own if call.status == 403]
    assert {call.operation for call in refused} <= {"BatchGetBuilds"}
    written = {call.operation for call in own if call.is_write}
    assert written == {"PutObject", "StartBuild"}
    account = stack.aws.identity.account
    place, role = f"eu-central-1:{account}", f"arn:aws:iam::{account}:role/{publisher_of(stack)}"
    project = f"arn:aws:codebuild:{place}:project/{stack.name}"
    repository, bucket = f"arn:aws:ecr:{place}:repository", f"arn:aws:s3:::{stack.bucket}"
    for action, resource in (
        ("codebuild:StartBuild", f"{project}-layers"),
        ("codebuild:StartBuild", f"{project}-layers_other"),
        ("ecr:InitiateLayerUpload", f"{repository}/{stack.name}/web"),
        ("ecr:UploadLayerPart", f"{repository}/{stack.name}/web"),
        ("ecr:PutImage", f"{repository}/{stack.name}/web"),
        ("ecr:BatchDeleteImage", f"{repository}/{stack.name}/other"),
        ("ecr:BatchGetImage", f"{repository}/other/web"),
        ("s3:PutObject", f"{bucket}/web/approved"),
        ("s3:GetObject", f"{bucket}/web/bundles/x.zip"),
        ("lambda:PublishLayerVersion", f"arn:aws:lambda:{place}:layer:{stack.name}-web"),
        ("iam:PassRole", f"arn:aws:iam::{account}:role/{stack.name}-web-eu-central-1-push"),
    ):
        verdict = stack.aws.client("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
        )
        (result,) = verdict["EvaluationResults"]
        assert result["EvalDecision"] != "allowed", (action, resource)


def test_the_image_of_a_service_is_waited_for_and_the_layers_beside_it_are_not(
    make: Make, registry: Registry
) -> None:
    image = layer("server", image=True, base=f"{registry.host}/python:3")
    stack = make(image, layer("web"), services=(ledger(**OF_LAYER),), app=ASYNC)
    if isinstance(stack, ModuleRoot):
        service = {key: value for key, value in LEDGER.items() if key != "image_tag"}
        of_layer = {key: value for key, value in OF_LAYER.items() if key != "image_tag"}
        change(stack, ledger={**service, **of_layer})
    own = builds_of(stack)
    with own.held("web"):
        stack.apply()
        assert stack.output("web")["status"] == "building"
        assert stack.output("server")["status"] == "current"
        first = image_of(stack)
        assert first.startswith(stack.output("server")["image_uri"].partition("@")[0])
        stack.edit("server")
        stack.apply()
        assert stack.output("server")["version"] == 2
        assert image_of(stack) != first
    wait_until(lambda: released(stack, 1, "web"), "the release of the layer")
    stack.apply()
    assert stack.plan().exit_code == 0
    stack.destroy()
