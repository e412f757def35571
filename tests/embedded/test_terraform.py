import json
import os
from pathlib import Path

import pytest

from embedded import terraform as module
from embedded.terraform import Terraform, TerraformError, choose, find


def fake(folder: Path, script: str) -> dict[str, str]:
    """Put a program named terraform into a folder, return an environment that finds it alone."""
    folder.mkdir(exist_ok=True)
    program = folder / "terraform"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def made(folder: Path, schemas: Path, **environment: str) -> Terraform:
    return Terraform(
        folder,
        {**os.environ, **environment},
        folder / "home",
        providers="stand-ins",
        schemas=schemas,
    )


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "schemas"


def test_a_missing_terraform_is_named_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="terraform was not found") as caught:
        find({"PATH": str(tmp_path)})
    assert "1.4 or newer" in caught.value.expected
    assert "install" in caught.value.fix


def test_an_old_terraform_is_refused(tmp_path: Path) -> None:
    old = fake(tmp_path / "bin", """echo '{"terraform_version": "1.3.9"}'""")
    with pytest.raises(TerraformError, match=r"Terraform 1\.3\.9 is too old"):
        find(old)
    new = fake(tmp_path / "bin", """echo '{"terraform_version": "1.15.0-beta1"}'""")
    assert find(new) == tmp_path / "bin/terraform"


def test_a_program_that_is_no_terraform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TerraformError, match="does not tell its version"):
        find(fake(tmp_path / "bin", "echo hello"))


def test_providers_come_from_where_the_variable_says() -> None:
    assert choose({"LAYER_PROVIDERS": "registry"}) == "registry"
    assert choose({"LAYER_PROVIDERS": "stand-ins"}) == "stand-ins"
    with pytest.raises(TerraformError, match="'mine' is no source of providers"):
        choose({"LAYER_PROVIDERS": "mine"})


def test_providers_come_from_the_registry_if_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "registry_answers", lambda: True)
    assert choose({}) == "registry"
    monkeypatch.setattr(module, "registry_answers", lambda: False)
    assert choose({}) == "stand-ins"


@pytest.mark.terraform
def test_it_says_which_providers_run(
    tmp_path: Path, schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = "hashicorp/aws 6.25.0 and hashicorp/external 2.3.5"
    asked = made(tmp_path, schemas)
    assert asked.providers_line == f"providers: stand-ins for {names} (as asked)"
    monkeypatch.setattr(module, "registry_answers", lambda: False)
    found = Terraform(tmp_path, dict(os.environ), tmp_path / "home", schemas=schemas)
    assert found.providers_line.endswith("(the Terraform registry cannot be reached)")
    monkeypatch.setattr(module, "registry_answers", lambda: True)
    real = Terraform(tmp_path, dict(os.environ), tmp_path / "home", schemas=schemas)
    assert real.providers_line == f"providers: {names} from the Terraform registry"


@pytest.mark.terraform
def test_the_users_own_settings_of_terraform_do_not_reach_our_commands(
    tmp_path: Path, schemas: Path
) -> None:
    theirs = {
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_CLI_CONFIG_FILE": str(tmp_path / "missing"),
        "TF_DATA_DIR": str(tmp_path / "data"),
        "TF_PLUGIN_CACHE_DIR": str(tmp_path / "cache"),
        "TF_WORKSPACE": "other",
        "TF_VAR_kept": "1",
    }
    environment = made(tmp_path, schemas, **theirs).environment
    assert set(theirs) & set(environment) == {"TF_CLI_CONFIG_FILE", "TF_VAR_kept"}
    assert environment["TF_CLI_CONFIG_FILE"] == str(tmp_path / "home/terraform.rc")
    assert environment["CHECKPOINT_DISABLE"] == "1"
    assert environment["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] == "1"


@pytest.mark.terraform
def test_it_runs_plans_and_reads_what_terraform_knows(tmp_path: Path, schemas: Path) -> None:
    document = {
        "variable": {"size": {"default": "1"}},
        "resource": {"terraform_data": {"it": {"input": "${var.size}"}}},
        "output": {"it": {"value": "${terraform_data.it.output}"}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    terraform = made(tmp_path, schemas)
    assert terraform.outputs() == {}
    terraform.run("init")
    lines: list[str] = []
    planned = terraform.run("plan", "-detailed-exitcode", "-out=plan", stream=lines.append)
    assert planned.exit_code == 2
    assert "\n".join(lines).strip() == planned.stdout.strip()
    assert "\x1b" not in planned.stdout
    (change,) = terraform.plan_json("plan")["resource_changes"]
    assert change["address"] == "terraform_data.it"
    terraform.run("apply", "plan")
    assert terraform.outputs() == {"it": "1"}
    assert terraform.run("plan", "-detailed-exitcode").exit_code == 0


@pytest.mark.terraform
def test_a_failing_command_says_what_terraform_said(tmp_path: Path, schemas: Path) -> None:
    (tmp_path / "main.tf.json").write_text('{"output": {"it": {"value": "${no_such.thing}"}}}')
    terraform = made(tmp_path, schemas)
    terraform.run("init")
    with pytest.raises(TerraformError, match="terraform plan failed with exit status 1") as caught:
        terraform.run("plan")
    assert "undeclared resource" in caught.value.where
    assert terraform.run("plan", check=False).exit_code == 1
