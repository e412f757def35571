"""What the publisher does under its policy, on an embedded AWS that enforces it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from builder.errors import LayerError
from builder.release.release import advance
from tests.builder.conftest import ACCOUNT, REGION, World, environ, order_of, quick
from tests.builder.fleet import function_of, layers_of
from tests.builder.publishing import begin, ended, last, publisher
from tests.builder.topics import read, topic_of
from tests.patience import wait_until
from tests.policies.mutations import Document

Seen = dict[str, Any]
"""What is left of a flow, without what is different in each run."""


def arn(service: str, name: str) -> str:
    """Return an ARN of the tests' account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def policy(name: str) -> Document:
    """Return the publisher's policy for an application with the layer ``web``."""
    from modules.layer import policies  # here: the package starts Node

    bucket, project = f"arn:aws:s3:::{name}", arn("codebuild", f"project/{name}")
    document: Document = policies.publish(
        bucket_arn=bucket,
        project_arn=project,
        layer_arns=[arn("lambda", f"layer:{name}-web")],
        build_log_arn=arn("logs", f"log-group:/aws/codebuild/{name}"),
        own_log_arn=arn("logs", f"log-group:/aws/lambda/{name}-publisher"),
        topic_arn=arn("sns", name),
        more=[
            *policies.move_functions([], [arn("lambda", "function:*")]),
            *policies.start_builds(
                project, bucket, ["web"], [f"arn:aws:iam::{ACCOUNT}:role/{name}"]
            ),
            *policies.prune(bucket, ["web"]),
        ],
    )
    return document


@contextmanager
def acting(world: World, document: Document) -> Iterator[World]:
    """Go on as one who may do what a policy says."""
    user = world.aws.user(document)
    with pytest.MonkeyPatch.context() as patch:
        environ(patch, user)
        mine = World.__new__(World)
        own = ("session", "services")
        vars(mine).update({name: v for name, v in vars(world).items() if name not in own})
        yield mine


def answer(world: World, document: Document, event: Any, topic: str = "") -> str:
    """Let the publisher answer an event; return what it did."""
    with acting(world, document) as mine:
        try:
            return publisher(mine, topic).answer(event).what
        except LayerError as error:
            return type(error).__name__


def releases(world: World, document: Document) -> Seen:
    """Release what was built for two runtimes, move functions, and prune."""
    named = function_of(world, "named")
    tagged = function_of(world, "tagged", Tags={"app": world.name})
    fields: dict[str, Any] = {
        "python": ("3.12", "3.13"),
        "functions": (named, f"tag:app={world.name}"),
        "keep": 1,
    }
    world.release(world.layer(**fields))
    before = layers_of(world, named)
    update = world.aws.client("lambda").update_function_configuration
    update(FunctionName=tagged, Layers=before)
    world.edit()
    layer = world.layer(**fields)
    with world.held():
        assert advance(layer, order_of(layer), clock=quick()) is None
    outcomes = []
    for _ in range(2):  # the parts, then the merge, if it was started
        wait_until(lambda: all(b["buildStatus"] != "IN_PROGRESS" for b in world.builds()))
        outcomes += [answer(world, document, ended(build)) for build in world.builds()[3:]]
    versions = world.aws.client("s3").list_object_versions(Bucket=world.name, Prefix="web/")
    of_artifacts = [v for v in versions["Versions"] if v["Key"].startswith("web/artifacts/")]
    return {
        "outcomes": sorted(set(outcomes)),
        "builds": len(world.builds()),
        "versions": world.versions(),
        "moved": [layers_of(world, name) != before for name in (named, tagged)],
        "artifacts": len({version["Key"].split("/")[2] for version in of_artifacts}),
        "deleted": len(versions.get("DeleteMarkers", [])),
    }


def fails(world: World, document: Document) -> Seen:
    """Record a failed build with its last words, and tell the topic."""
    topic, queue = topic_of(world)
    world.behave("fail")
    begin(world)
    outcome = answer(world, document, last(world), topic)
    said = [message["Message"] for message in read(world, queue)]
    # What the build wrote; the rest stands in its commands, which CodeBuild names in any case.
    return {"outcome": outcome, "causes": ["building web" in text for text in said]}


def refuses(world: World, document: Document) -> Seen:
    """Take a version back whose bytes are not the manifest's."""
    world.behave("lie")
    begin(world)
    return {"outcome": answer(world, document, last(world)), "versions": world.versions()}


def ignores(world: World, document: Document) -> Seen:
    """Find that the layer of a build was retired meanwhile."""
    begin(world)
    event = last(world)
    for key in world.keys("web/"):
        world.delete(key)
    return {"outcome": answer(world, document, event)}


def adopts(world: World, document: Document) -> Seen:
    """Take what a publisher published that was killed before it could say so."""
    begin(world)
    record = world.read("web/record.json")
    answer(world, policy(world.name), last(world))
    world.put("web/record.json", record)
    return {"outcome": answer(world, document, last(world)), "versions": world.versions()}


Flow = Callable[[World, Document], Seen]

ENDS: Mapping[Flow, Seen] = {
    ignores: {"outcome": "ignored"},
    refuses: {"outcome": "failed", "versions": []},
    adopts: {"outcome": "released", "versions": [1]},
    fails: {"outcome": "failed", "causes": [True]},
    releases: {
        "outcomes": ["building", "ignored", "released"],
        "builds": 6,
        "versions": [2],
        "moved": [True, True],
        "artifacts": 1,
        "deleted": 0,
    },
}
"""How each flow ends under the whole policy."""

FLOWS = tuple(ENDS)
