"""The synthesized folder, taken to a machine that has the builder and nothing else of ours."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from builder.inputs.source_files import source_files
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from tests.terraform.conftest import INSTALLED, Make, Stack
from tests.terraform.packages import layer, write

BARE = """#!/bin/sh
# Neither Node nor the bindings of cdktf can be had here.
PATH='{bin}'; PYTHONPATH='{stubs}'; export PATH PYTHONPATH
if command -v node >/dev/null; then echo 'there is node' >&2; exit 99; fi
exec '{builder}' "$@"
"""

STUB = "raise ImportError('there are no bindings here')\n"


def bundle(stack: Stack, outdir: Path) -> Path:
    """Synthesize a stack's layer with its sources; return the folder that can be taken away."""
    from modules.layer import SourceTree  # here: it starts Node
    from stacks.app import synthesize

    def sources(spec: LayerSpec) -> SourceTree:
        files = source_files(spec, stack.project)
        return SourceTree(stack.project, tuple(file.path for file in files))

    return synthesize(
        AppSpec(stack.name), [layer()], project=stack.project, outdir=outdir, sources=sources
    )


def without_node(folder: Path, builder: str) -> str:
    """Write a program that runs the builder where neither Node nor cdktf is; return its path."""
    (folder / "bin").mkdir(parents=True)
    for package in ("cdktf", "constructs", "jsii"):
        write(folder / "stubs" / f"{package}.py", STUB)
    program = folder / "bare-lambda-layer"
    write(program, BARE.format(bin=folder / "bin", stubs=folder / "stubs", builder=builder))
    program.chmod(0o755)
    return str(program)


def test_the_bundled_folder_alone_can_be_planned_and_applied_without_node_and_bindings(
    make: Make, tmp_path: Path
) -> None:
    stack = make()
    stack.apply()
    before = stack.output()
    made = bundle(stack, tmp_path / "out")
    away = replace(stack, project=tmp_path / "away", folder=tmp_path / "away" / "stack")
    shutil.copytree(made, away.folder)
    shutil.rmtree(tmp_path / "out")
    for state in stack.project.glob("terraform.*.tfstate"):
        shutil.copyfile(state, away.folder / state.name)
    stack.project.rename(stack.project.with_name("no checkout"))
    away.use_program(without_node(tmp_path / "bare", str(INSTALLED)))
    with away.edited() as document:
        for hook in document["data"]["external"].values():
            hook["working_dir"] = str(away.folder)
            # The stand-ins that stay up do not run in this folder.
            for key, value in hook["query"].items():
                if key.rpartition(".")[2] == "root":
                    hook["query"][key] = value.replace("${path.module}", str(away.folder))
    away.run("init")

    planned = away.plan()
    assert (planned.exit_code, planned.writes) == (0, []), planned.said
    assert planned.answer()["fingerprint"] == before["fingerprint"]

    write(away.folder / "assets" / "web" / "web" / "web" / "__init__.py", "ANSWER = 45\n")
    assert away.apply().builds == 1
    assert away.output()["version"] == 2
    assert away.plan().exit_code == 0
    assert away.destroy().exit_code == 0
    assert away.versions() == []
