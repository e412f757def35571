"""Layers that are images in the module for HCL: what it gives of them, and one that goes."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.patience import PATIENCE
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import INSTALLED, Make
from tests.terraform.packages import PYTHON, layer, write
from tests.terraform.test_image import base, images

FORMS = ("module",)

LAYERS = """
[app]
name = "{app}"
region = "eu-central-1"

[layers.web]
package = "web"
python = ["{python}"]
architecture = "x86_64"
image = true
base = "{base}"
"""

__all__ = ["base"]  # a fixture


def test_an_image_is_in_a_map_of_its_own_and_goes_without_the_layer_beside_it(
    make: Make, base: str
) -> None:
    root = make(layer("plain"), layer(image=True, base=base))
    quick_builds(root)
    with root.edited() as document:
        for name in ("arns", "image_uris", "versions"):
            document["output"][name] = {"value": f"${{module.layers.{name}}}"}
    assert root.apply().builds == 3  # two layers, and the push of one
    uri = root.output()["image_uri"]
    assert root.output("arns") == {"plain": root.output("plain")["layer_arn"]}
    assert root.output("image_uris") == {"web": uri}
    assert root.output("versions") == {"plain": 1, "web": 1}
    assert "image_uri" not in root.output("plain")

    with root.edited() as document:
        document["output"]["wrong"] = {"value": '${module.layers.arns["web"]}'}
    assert "does not identify an element" in root.fails("plan").said

    with root.edited() as document:
        del document["module"]["layers"]["layers"]["web"]
        del document["output"]["web"], document["output"]["wrong"]
    gone = root.plan()
    assert gone.changes["aws_ecr_repository.web_repository"] == ["delete"]
    assert not [address for address in gone.changes if "plain" in address]
    assert root.apply().builds == 0
    ecr: Any = root.aws.client("ecr")
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        images(root)
    assert root.versions("plain") == [1]
    assert root.output("image_uris") == {}
    assert root.plan().exit_code == 0
    root.destroy()


def test_each_call_of_the_module_has_repositories_of_its_own(make: Make, base: str) -> None:
    root = make(layer(image=True, base=base))
    names = {"a": f"{root.name}-a", "b": f"{root.name}-b"}
    with root.edited() as document:
        document["module"]["layers"].update({"for_each": names, "app": "${each.value}"})
        value = '${{ for name, called in module.layers : name => called.image_uris["web"] }}'
        document["output"] = {"web": {"value": value}}
    planned = root.plan()
    assert (planned.exit_code, planned.writes) == (2, [])
    made = {
        change["address"]: change["change"]["after"]["name"]
        for change in planned.document["resource_changes"]
        if change["type"] == "aws_ecr_repository"
    }
    assert made == {
        f'module.layers["{key}"].aws_ecr_repository.layer_repository["web"]': f"{name}/web"
        for key, name in names.items()
    }


def test_a_layer_becomes_an_image_once_it_was_retired(make: Make, base: str) -> None:
    root = make()
    quick_builds(root)
    root.apply()
    root.respec(image=True, base=base)
    refused = root.fails("plan")
    assert "is to be an image, and what was published of it are versions" in refused.said
    assert "lambda-layer retire web" in refused.said

    described = LAYERS.format(app=root.name, base=base, python=PYTHON)
    write(root.folder / "layers.toml", described)
    retired = subprocess.run(
        [str(INSTALLED), "retire", "web", "--yes"],
        cwd=root.folder, env=root.terraform.environment, capture_output=True, text=True,
        check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert retired.returncode == 0, retired.stderr
    assert root.versions() == []
    assert root.plan().changes["aws_ecr_repository.web_repository"] == ["create"]
    root.apply()
    assert len(images(root)) == 1
    assert root.plan().exit_code == 0
    root.destroy()
