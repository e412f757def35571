"""A layer that was published by hand before, in async mode: releases follow on, and it stays."""

from __future__ import annotations

import io
import zipfile

from tests.patience import wait_until
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make
from tests.terraform.packages import layer
from tests.terraform.test_async import ASYNC, publisher_of, released


def test_the_publisher_follows_on_and_destroy_leaves_what_was_there(make: Make) -> None:
    stack = make(layer("web", layer_name="Old_contract"), app=ASYNC)
    quick_builds(stack)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/x.py", "y = None")
    client, name = stack.aws.client("lambda"), f"Old_{stack.name}"
    client.publish_layer_version(LayerName=name, Content={"ZipFile": content.getvalue()})
    before = len(stack.aws.calls())
    stack.apply()

    wait_until(lambda: released(stack, 1), "the publisher's release")
    assert stack.record()["current"]["layer_arn"].endswith(f":layer:{name}:2")
    made_by_it = [c for c in stack.aws.calls()[before:] if publisher_of(stack) in c.principal]
    assert {c.operation for c in made_by_it if c.status == 403} <= {"BatchGetBuilds"}
    stack.apply()
    assert stack.output()["layer_arn"].endswith(f":layer:{name}:2")
    assert stack.plan().exit_code == 0

    stack.destroy()
    found = client.list_layer_versions(LayerName=name)["LayerVersions"]
    assert [version["Version"] for version in found] == [1]
