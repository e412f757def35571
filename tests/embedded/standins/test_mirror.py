import json
import os
import shlex
import sys
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws
from embedded.standins.catalog import AWS, EXTERNAL
from embedded.standins.mirror import INTERPRETER, host, lay_out
from embedded.terraform import Terraform
from tests.embedded.standins.conftest import REQUIRED


def test_the_mirror_is_laid_out_as_terraform_looks_for_it(tmp_path: Path, schemas: Path) -> None:
    configuration = lay_out(tmp_path / "a folder", schemas)
    for registry in ("registry.terraform.io", "registry.opentofu.org"):
        home = tmp_path / "a folder/mirror" / registry / "hashicorp/aws/6.25.0" / host()
        (program,) = home.iterdir()
        assert program.name == "terraform-provider-aws_v6.25.0"
        assert os.access(program, os.X_OK)
    text = configuration.read_text()
    assert f'path    = "{tmp_path}/a folder/mirror"' in text
    addresses = ", ".join(f'"{a}"' for p in (AWS, EXTERNAL) for a in p.addresses)
    assert f"exclude = [{addresses}]" in text


@pytest.mark.usefixtures("terraform")
def test_terraform_installs_and_runs_the_stand_ins(
    tmp_path: Path, schemas: Path, aws: EmbeddedAws
) -> None:
    cache = tmp_path / "plugin cache"
    cache.mkdir()
    folder = tmp_path / "a stack"
    folder.mkdir()
    # A package of that name where terraform runs must not be taken for ours.
    (folder / "builder").mkdir()
    (folder / "builder/__init__.py").write_text("raise SystemExit('the wrong builder')")
    document = {
        "terraform": {"required_providers": REQUIRED},
        "provider": {"aws": {}},
        "data": {"aws_region": {"it": {}}},
        "output": {"region": {"value": "${data.aws_region.it.region}"}},
    }
    (folder / "main.tf.json").write_text(json.dumps(document))
    environment = {**aws.process_environment(), "TF_PLUGIN_CACHE_DIR": str(cache)}
    terraform = Terraform(
        folder, environment, tmp_path / "a home", providers="stand-ins", schemas=schemas
    )
    terraform.run("init")
    terraform.run("apply", "-auto-approve")
    assert terraform.outputs() == {"region": aws.identity.region}
    lock = (folder / ".terraform.lock.hcl").read_text()
    assert 'version     = "6.25.0"' in lock
    assert "h1:" in lock
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("terraform")
def test_another_program_runs_the_stand_ins(tmp_path: Path, schemas: Path) -> None:
    python = tmp_path / "another python"
    asked, ours = shlex.quote(str(tmp_path / "asked")), shlex.quote(sys.executable)
    python.write_text(f'#!/bin/sh\necho "$@" >> {asked}\nexec {ours} "$@"\n')
    python.chmod(0o755)
    (tmp_path / "main.tf.json").write_text(
        json.dumps({"terraform": {"required_providers": {"external": REQUIRED["external"]}}})
    )
    environment = {**os.environ, INTERPRETER: str(python)}
    terraform = Terraform(
        tmp_path, environment, tmp_path / "home", providers="stand-ins", schemas=schemas
    )
    terraform.run("init")
    terraform.run("providers", "schema", "-json")
    assert "-P -m embedded.standins external" in (tmp_path / "asked").read_text()
