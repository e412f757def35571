"""The hooks as Terraform calls them, for the tests of what they answer."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from builder.clock import Clock
from builder.hook import Answer, plan_hook, release_hook
from builder.layer.record import Release
from builder.query import Query
from builder.release import release as release_machine
from builder.release.release import ensure
from tests.builder.conftest import ACCOUNT, REGION, World, quick

KEYS = {
    "layer_arn", "image_uri", "image_by_tag", "version", "fingerprint", "status", "reason",
    "unzipped_size", "zipped_size", "packages", "functions",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def quickly(*arguments: Any, clock: Clock | None = None, **options: Any) -> Release:
        return ensure(*arguments, clock=clock or quick(), **options)

    monkeypatch.setattr(release_machine, "ensure", quickly)


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


SHARED = {"bucket", "project", "log_group", "region", "account", "profile", "role_arn"}


def asked_of_all(queries: Mapping[str, Query]) -> Query:
    """Return the one question about several layers."""
    (first, *_) = queries.values()
    own = {
        f"{name}.{key}": value
        for name, query in queries.items()
        for key, value in query.fields.items()
        if key not in SHARED
    }
    return Query({**{key: first[key] for key in SHARED}, **own})


def planned(world: World, **fields: str) -> Answer:
    """Return what the plan hook answers about the layer."""
    asked = asked_of_all({"web": query_of(world, **fields)})
    return dict(json.loads(plan_hook(asked)["web"]))


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
