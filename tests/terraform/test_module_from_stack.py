"""A stack whose state a root with the module takes over."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make
from tests.terraform.module_root import module_root
from tests.terraform.packages import layer

OF_LAYER = re.compile(r"(\w+)\.web_(\w+)")


def test_a_stack_becomes_a_module_without_a_build(make: Make) -> None:
    stack = make()
    quick_builds(stack)
    stack.apply()
    (state,) = stack.project.rglob("terraform.*.tfstate")
    found = stack.run("state", "list").stdout.split()
    root = module_root(replace(stack, folder=stack.project, variables={}), [layer()])
    root.stay()
    quick = json.loads(stack.configuration.read_text())["resource"]["aws_codebuild_project"]
    root.use_buildspec(quick["build_project"]["source"]["buildspec"])
    with root.edited() as document:
        document["moved"] = [
            {"from": address, "to": f"module.layers.{moved(address)}"}
            for address in sorted({address.partition("[")[0] for address in found})
            if not address.startswith("data.")
        ]
    shutil.copy(state, root.folder / "terraform.tfstate")
    root.run("init")
    planned = root.plan()
    assert planned.changes == {'terraform_data.build_retire["web"]': ["update"]}, planned.said
    assert root.apply().builds == 0
    assert root.output()["layer_arn"].endswith(":1")
    assert root.plan().exit_code == 0
    root.destroy()
    assert root.versions() == []


def moved(address: str) -> str:
    """Return a stack's address as the module has it."""
    found = OF_LAYER.sub(r'\1.layer_\2["web"]', address)
    is_made_or_not = found.startswith("aws_iam_role") and ".build_" in found
    return f"{found}[0]" if is_made_or_not else found
