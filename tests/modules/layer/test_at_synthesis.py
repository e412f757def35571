"""What all layers add to is given to Node once: synthesis takes a time that goes with their number.

It is counted by what Python sends to Node, which does not depend on how busy the machine is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsii._kernel.providers import process

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer.stack import LayersStack

from cdktf import App  # isort: skip - the bindings start Node


def synthesized(out: Path, number: int) -> dict[str, Any]:
    specs = [
        LayerSpec(
            f"layer-{n:02}", ("3.13",), "arm64", dependencies=("x",), keep=1, image=bool(n % 2)
        )
        for n in range(number)
    ]
    app = App(outdir=str(out), stack_traces=False)
    LayersStack(app, "shop", app=AppSpec("shop"), layers=specs)
    app.synth()
    found: dict[str, Any] = json.loads((out / "stacks" / "shop" / "cdk.tf.json").read_text())
    return found


def test_three_times_the_layers_send_three_times_as_much_to_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = process._NodeProcess.send
    sent = [0]

    def send(self: Any, request: Any, response_type: Any) -> Any:
        sent[-1] += len(repr(request))
        return theirs(self, request, response_type)

    monkeypatch.setattr(process._NodeProcess, "send", send)
    for number in (4, 12, 20):
        synthesized(tmp_path / str(number), number)
        sent.append(0)
    few, more, many, _ = sent
    # The second eight layers cost what the first did.
    assert many - more < 1.1 * (more - few)


def test_every_layer_is_in_what_all_of_them_share(tmp_path: Path) -> None:
    document = synthesized(tmp_path, 4)

    names = {f"layer-{n:02}" for n in range(4)}
    asked = document["data"]["external"]["build_plan"]["query"]
    assert {key.partition(".")[0] for key in asked if key.endswith(".spec")} == names
    retire = document["resource"]["terraform_data"]["build_retire"]
    # Each instance of a block reads its for_each anew, so that has no layer's settings in it.
    assert retire["for_each"] == "${local.build_layers}"
    each = "${{ for name in keys(local.build_retirements) : name => name }}"
    assert document["locals"]["build_layers"] == each
    assert set(document["locals"]["build_retirements"]) == names
    assert retire["provisioner"][0]["local-exec"]["command"] == "retire"
    after = [of for of in retire["depends_on"] if of.startswith("aws_ecr_repository.")]
    assert after == [
        "aws_ecr_repository.layer-01_repository",
        "aws_ecr_repository.layer-03_repository",
    ]
    lifecycle = document["resource"]["aws_s3_bucket_lifecycle_configuration"]["build_lifecycle"]
    assert {rule["id"] for rule in lifecycle["rule"]} == {
        "forget-old-versions",
        *(f"expire-{name}-bundles" for name in names),
    }


def test_a_stack_that_is_synthesized_twice_is_the_same(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), stack_traces=False)
    spec = LayerSpec("web", ("3.13",), "arm64", dependencies=("x",), image=True)
    LayersStack(app, "shop", app=AppSpec("shop"), layers=[spec])
    file = tmp_path / "stacks" / "shop" / "cdk.tf.json"
    app.synth()
    first = file.read_text()
    app.synth()
    assert file.read_text() == first
