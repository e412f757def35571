import json
import os
from pathlib import Path

import pytest

from embedded import terraform as module
from embedded.aws import EmbeddedAws
from embedded.program import TerraformError, find
from embedded.terraform import Terraform, choose, own_proxy


def made(folder: Path, schemas: Path, **environment: str) -> Terraform:
    return Terraform(
        folder,
        {**os.environ, **environment},
        folder / "home",
        providers="stand-ins",
        schemas=schemas,
    )


def test_providers_come_from_where_the_variable_says() -> None:
    assert choose({"LAYER_PROVIDERS": "registry"}) == "registry"
    assert choose({"LAYER_PROVIDERS": "stand-ins"}) == "stand-ins"
    with pytest.raises(TerraformError, match="'mine' is no source of providers"):
        choose({"LAYER_PROVIDERS": "mine"})


def test_providers_come_from_the_registry_if_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "registry_answers", lambda _registry: True)
    assert choose({}) == "registry"
    monkeypatch.setattr(module, "registry_answers", lambda _registry: False)
    assert choose({}) == "stand-ins"


@pytest.mark.usefixtures("terraform")
def test_it_says_which_terraform_and_which_providers_run(
    tmp_path: Path, schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = "hashicorp/aws 6.25.0 and hashicorp/external 2.3.5"
    program = find()
    asked = made(tmp_path, schemas)
    assert asked.used_line == f"{program}; providers: stand-ins for {names} (as asked)"
    monkeypatch.setattr(module, "registry_answers", lambda _registry: False)
    found = Terraform(tmp_path, dict(os.environ), tmp_path / "home", schemas=schemas)
    assert found.used_line.endswith("(registry.terraform.io cannot be reached)")
    monkeypatch.setattr(module, "registry_answers", lambda _registry: True)
    real = Terraform(tmp_path, dict(os.environ), tmp_path / "home", schemas=schemas)
    assert real.used_line == (
        f"{program}; providers: hashicorp/aws of the range and hashicorp/external of the range "
        "from registry.terraform.io"
    )


@pytest.mark.usefixtures("terraform")
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


@pytest.mark.usefixtures("terraform")
def test_stand_ins_that_stay_up_serve_all_commands_of_a_block_and_end_with_it(
    tmp_path: Path, schemas: Path
) -> None:
    parent = 'printf \'{"id": "%s", "folder": "%s"}\' $PPID "$PWD"'
    document = {
        "data": {"external": {"who": {"program": ["sh", "-c", f"cat > asked; {parent}"]}}},
        "output": {"who": {"value": "${data.external.who.result}"}},
    }
    (tmp_path / "main.tf.json").write_text(json.dumps(document))
    terraform = made(tmp_path, schemas)
    terraform.run("init")
    said = []
    with terraform.standins_stay_up():
        for _ in range(2):
            terraform.run("apply", "-auto-approve")
            said.append(terraform.outputs()["who"])
        kept = int(said[0]["id"])
        os.kill(kept, 0)
    assert said == [{"id": str(kept), "folder": str(tmp_path)}] * 2
    with pytest.raises(ProcessLookupError):
        os.kill(kept, 0)

    terraform.run("apply", "-auto-approve")
    assert terraform.outputs()["who"]["id"] != str(kept)


def test_nothing_is_started_where_the_registrys_providers_run(tmp_path: Path) -> None:
    terraform = Terraform(tmp_path, dict(os.environ), tmp_path / "home", providers="registry")
    before = dict(terraform.environment)
    with terraform.standins_stay_up():
        assert terraform.environment == before


@pytest.mark.usefixtures("terraform")
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


@pytest.mark.usefixtures("terraform")
def test_a_failing_command_says_what_terraform_said(tmp_path: Path, schemas: Path) -> None:
    (tmp_path / "main.tf.json").write_text('{"output": {"it": {"value": "${no_such.thing}"}}}')
    terraform = made(tmp_path, schemas)
    terraform.run("init")
    with pytest.raises(TerraformError, match="terraform plan failed with exit status 1") as caught:
        terraform.run("plan")
    assert "undeclared resource" in caught.value.where
    assert terraform.run("plan", check=False).exit_code == 1


@pytest.mark.usefixtures("terraform")
def test_terraform_finds_s3_control_by_the_account_before_the_host(
    tmp_path: Path, schemas: Path, aws: EmbeddedAws
) -> None:
    """As the SDK of hashicorp/aws does from 6.23.0 on; Go's client decides about the proxy.

    The backend ``http`` of terraform stands for the provider, which cannot be had here: it reads
    its state from a host that no resolver knows.
    """
    port = aws.url.rpartition(":")[2]
    address = f"http://{aws.identity.account}.127.0.0.1:{port}/v20180820/tags/arn"
    backend = {"terraform": {"backend": {"http": {"address": address, "retry_max": 0}}}}
    (tmp_path / "main.tf.json").write_text(json.dumps(backend))
    environment = aws.process_environment()
    lost = Terraform(tmp_path, environment, tmp_path / "home", providers="stand-ins")
    assert "no such host" in lost.run("init", check=False).stderr
    before = len(aws.calls())
    found = Terraform(tmp_path, environment, tmp_path / "home", providers="registry")
    said = found.run("init", check=False).stderr
    assert "no such host" not in said
    (call,) = aws.calls()[before:]
    assert call.target == "/v20180820/tags/arn"


def test_only_an_aws_on_loopback_is_a_proxy() -> None:
    url = "http://127.0.0.1:4566"
    assert own_proxy({"AWS_ENDPOINT_URL": url}) == {"HTTP_PROXY": url, "http_proxy": url}
    for other in ("", "https://127.0.0.1:1", "http://example.com", "http://127.0.0.1.example.com"):
        assert own_proxy({"AWS_ENDPOINT_URL": other}) == {}
