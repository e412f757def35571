"""The story with the real hashicorp/aws 3.39.0 beside that with the stand-ins.

The normal suite tells the short story; ``make conformance`` the whole one (CONFORMANCE=whole).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance import compare, real_provider
from conformance.compare import Difference, Reviewed
from conformance.convert import convert
from conformance.packages import Unavailable
from embedded.terraform import Terraform
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer, write
from tests.terraform.story import Step, short_story, whole_story

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),  # sixty commands of terraform, the real provider's at 2 to 5 s
    pytest.mark.skipif(
        (platform.system(), platform.machine()) != ("Linux", "x86_64"),
        reason="the binary of hashicorp/aws 3.39.0 is for linux_amd64",
    ),
]
WHOLE = os.environ.get("CONFORMANCE") == "whole"


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return real_provider.provider()
    except Unavailable as error:
        if WHOLE:
            raise
        pytest.skip(f"no conformance: {error}")


@pytest.fixture(scope="module")
def schema(
    program: Path, machine: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What 3.39.0 says of itself."""
    folder = tmp_path_factory.mktemp("schema")
    required = {"aws": {"source": "hashicorp/aws", "version": real_provider.VERSION}}
    write(folder / "main.tf.json", json.dumps({"terraform": {"required_providers": required}}))
    terraform = Terraform(folder, machine, folder / "home", providers="stand-ins")
    real_provider.put_into(folder / "home" / "mirror", program)
    terraform.run("init")
    said = json.loads(terraform.run("providers", "schema", "-json").stdout)
    (found,) = said["provider_schemas"].values()
    return dict(found)


def with_the_real_provider(stack: Stack, program: Path, schema: Mapping[str, Any]) -> Stack:
    """Return the stack as one of 3.39.0, which reaches nothing but loopback."""
    with stack.edited() as document:
        converted = convert(document, schema, stack.environment)
        document.clear()
        document.update(converted)
    real_provider.put_into(stack.home / "mirror", program)
    shutil.rmtree(stack.folder / ".terraform")
    (stack.folder / ".terraform.lock.hcl").unlink()
    environment = real_provider.shut_in(stack.environment)
    real = Stack(
        stack.aws, stack.name, stack.project, stack.folder, environment, stack.home, stack.schemas
    )
    real.run("init")
    assert real.terraform.provider_versions["aws"] == real_provider.VERSION
    return real


class Told:
    """A story as it was told with one provider, and what the plan and the state said."""

    def __init__(self, stack: Stack) -> None:
        self.steps: list[Step] = []
        self.unknown: dict[str, dict[str, bool]] = {}
        self.state: dict[str, dict[str, Any]] = {}
        for step in (whole_story if WHOLE else short_story)(stack):
            self.steps.append(step)
            if step.name == "first plan":
                self.unknown = dict(_unknown(stack.terraform.plan_json("plan")))
            if step.name == "apply":
                self.state = dict(_state(stack.terraform.state(), stack.name))


def _unknown(plan: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, bool]]]:
    for found in plan["resource_changes"]:
        if found["mode"] == "managed" and found["type"].startswith("aws_"):
            after, unknown = found["change"]["after"], found["change"]["after_unknown"]
            names = {*after, *unknown}
            yield found["address"], {name: unknown.get(name) is True for name in names}


def _state(state: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for found in state["values"]["root_module"]["resources"]:
        if found["mode"] == "managed" and found["type"].startswith("aws_"):
            text = json.dumps(found["values"]).replace(name, "contract")
            yield found["address"], json.loads(text)


def differences(ours: Told, theirs: Told) -> Iterator[Difference]:
    for one, other in zip(ours.steps, theirs.steps, strict=True):
        yield from compare.writes(one.name, one.writes, other.writes)
        said = (compare.shared(one.changes), compare.shared(other.changes))
        for address in sorted({*said[0], *said[1]}):
            if said[0].get(address) != said[1].get(address):
                actions = (said[0].get(address), said[1].get(address))
                yield Difference("changes", one.name, address, *actions)
        for what in ("exit_code", "deferred"):
            answers = (getattr(one, what), getattr(other, what))
            if answers[0] != answers[1]:
                yield Difference("outcome", one.name, what, *answers)
    for kind, mine, real in (
        ("unknown", ours.unknown, theirs.unknown),
        ("state", ours.state, theirs.state),
    ):
        for address in sorted(mine):
            there = real.get(address.replace("aws_s3_object.", "aws_s3_bucket_object."))
            if there is not None:
                type_ = address.partition(".")[0]
                yield from compare.attributes(kind, type_, mine[address], there)


def test_the_stand_ins_do_what_the_real_provider_does(
    make: Make, program: Path, schema: dict[str, Any]
) -> None:
    layers = (layer(), layer("tools"))
    app = {"async_mode": True} if WHOLE else None
    ours = Told(make(*layers, app=app, proof=True))
    theirs = Told(
        with_the_real_provider(make(*layers, app=app, proof=True, reattach=False), program, schema)
    )
    found = list(differences(ours, theirs))
    if file := os.environ.get("CONFORMANCE_REPORT"):
        Path(file).write_text("".join(f"{one}\n" for one in found))
    reviewed = Reviewed.load()
    assert reviewed.unknown(found) == []
    if WHOLE:
        assert reviewed.unneeded(found) == []
