import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.spec.role_spec import POLICY_ROOM
from tests.builder.commands.conftest import PROGRAM, Project
from tests.builder.spec.test_role_spec import ROLE, plan, policy, resource
from tests.patience import PATIENCE

EXISTING = 'region = "eu-central-1"\nroles = "existing"\n'


def existing(project: Project) -> None:
    file = project.root / "layers.toml"
    file.write_text(file.read_text().replace('region = "eu-central-1"\n', EXISTING))


@pytest.mark.slow
def test_the_roles_of_the_account_are_told_and_nothing_is_written(project: Project) -> None:
    existing(project)
    before = len(project.aws.calls())

    done = project.run("roles", "--json")
    assert done.exit_code == 0, done.output
    roles = json.loads(done.stdout)
    assert [role["name"] for role in roles] == [
        f"{project.app}-layers-afa-eu-central-1",
        f"{project.app}-web-afa-eu-central-1-build",
    ]
    assert "123456789012" in roles[0]["trust"]["Statement"][0]["Condition"]["StringEquals"].values()
    assert [c.operation for c in project.aws.calls()[before:]] == ["GetCallerIdentity"]
    assert done.stderr == ""


@pytest.mark.slow
def test_with_an_account_aws_is_not_called_and_roles_of_the_stack_are_said_to_be_its_own(
    project: Project,
) -> None:
    before = len(project.aws.calls())

    done = project.run("roles", "--account", "210987654321", "--format", "aws")
    assert done.exit_code == 0, done.output
    assert done.stdout.count("aws iam create-role") == 2
    assert "210987654321" in done.stdout
    assert 'NOTE: the stack makes these roles itself. With roles = "existing"' in done.stderr
    assert len(project.aws.calls()) == before


@pytest.mark.parametrize("account", ["1", "12345678901x", "1234567890123"])
def test_what_is_no_account_is_refused(project: Project, account: str) -> None:
    done = project.run("roles", "--account", account)

    assert done.exit_code == 2
    assert "has not 12 digits" in done.stderr


@pytest.mark.slow
def test_what_keeps_the_constructs_from_being_made_is_the_error(project: Project) -> None:
    existing(project)
    file = project.root / "layers.toml"
    service = '[services.ledger]\ncommand = ["x", "{port}", "{data}"]\nimage_tag = "1"\n'
    file.write_text(file.read_text() + service)

    done = subprocess.run(
        [PROGRAM, "--config", str(file), "roles"], capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "service 'ledger' has no network" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_policy_that_is_too_long_is_refused_and_nothing_is_told(
    tmp_path: Path,
) -> None:
    told = {"logs": asdict(replace(ROLE, policy=policy(POLICY_ROOM + 1)))}
    file = tmp_path / "plan.json"
    file.write_text(plan(resource("build_roles", told)))

    done = CliRunner().invoke(main, ["roles", "--plan", str(file), "--format", "terraform"])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "the policy of shop-a has 10241 characters" in done.stderr


@pytest.mark.slow
def test_the_doctor_looks_at_existing_roles(project: Project) -> None:
    existing(project)

    findings = json.loads(project.run("doctor", "--json").stdout)
    found = {each["subject"]: each for each in findings}
    role = found[f"role {project.app}-web-afa-eu-central-1-build"]
    assert (role["verdict"], role["seen"]) == ("problem", "there is no such role")
    assert "lambda-layer roles" in role["fix"]


def test_roles_of_a_plan_need_neither_layers_toml_nor_aws(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan(resource("build_roles", {"logs": asdict(ROLE)})))

    done = CliRunner().invoke(main, ["--config", "gone.toml", "roles", "--plan", str(file)])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("shop-a\n")
    piped = CliRunner().invoke(main, ["roles", "--plan", "-", "--json"], input=file.read_bytes())
    assert json.loads(piped.stdout)[0]["name"] == "shop-a"
    wrong = CliRunner().invoke(main, ["roles", "--plan", "-"], input=b"{}")
    assert wrong.exit_code == 1
    assert "standard input" in wrong.stderr
