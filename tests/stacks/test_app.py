from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from builder.spec.layer_spec import LayerSpec
from modules.layer import SourceTree

if TYPE_CHECKING:
    from tests.stacks.conftest import Stack


def test_the_project_is_named_by_its_way_from_the_json(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    document = stack(outdir=tmp_path / "elsewhere" / "out")
    query = document["data"]["external"]["receipts_release"]["query"]
    assert query["root"] == "${path.module}/../../../.."
    assert document["terraform"]["backend"]["local"]["path"] == (
        "../../../../terraform.shop.tfstate"
    )


def bundle(spec: LayerSpec, project: Path) -> SourceTree:
    file = f"{spec.name}/source.py"
    (project / spec.name).mkdir()
    (project / file).write_text(spec.name)
    return SourceTree(project, (file,))


def test_bundled_sources_and_the_state_are_beside_the_json(stack: Stack, tmp_path: Path) -> None:
    document = stack(sources=lambda spec: bundle(spec, tmp_path))
    folder = tmp_path / "cdktf.out" / "stacks" / "shop"
    assert (folder / "assets/science/science/source.py").read_text() == "science"
    query = document["data"]["external"]["science_release"]["query"]
    assert query["root"] == "${path.module}/assets/science"
    assert document["terraform"]["backend"]["local"]["path"] == "./terraform.shop.tfstate"


def test_bundled_sources_go_with_the_next_synthesis_without(stack: Stack, tmp_path: Path) -> None:
    stack(sources=lambda spec: bundle(spec, tmp_path))
    stack()
    assets = tmp_path / "cdktf.out" / "stacks" / "shop" / "assets"
    assert [path.name for path in assets.iterdir()] == ["proof.zip"]


def test_a_function_is_only_there_to_prove_the_example(stack: Stack) -> None:
    assert "aws_lambda_function" in stack()["resource"]
    assert "aws_lambda_function" not in stack(proof=False)["resource"]
