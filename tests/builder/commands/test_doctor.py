import json

from click.testing import CliRunner

from builder.cli import main
from tests.builder.commands.conftest import Project
from tests.builder.ledger import Ledger


def test_what_is_wrong_is_named_with_its_fix_and_is_exit_code_1(project: Project) -> None:
    project.aws.client("codebuild").delete_project(name=f"{project.app}-layers")

    done = project.run("doctor")
    assert done.exit_code == 1
    line = next(line for line in done.stdout.splitlines() if " project " in line)
    assert line.split()[:2] == ["problem", "project"]
    assert "fix: apply the stack" in done.stdout
    assert "1 problem" in done.stdout or "2 problems" in done.stdout


def test_machines_get_all_findings(project: Project) -> None:
    found = json.loads(project.run("doctor", "--json").stdout)

    subjects = {finding["subject"]: finding["verdict"] for finding in found}
    assert subjects["layers.toml"] == "ok"
    assert subjects["credentials"] == "ok"
    assert subjects["project"] == "ok"
    assert {"lambda-layer", "terraform", "node", "region", "bucket", "image"} <= set(subjects)


def test_a_broken_description_is_a_finding_beside_the_programs(project: Project) -> None:
    (project.root / "layers.toml").write_text("[app")

    done = project.run("doctor", "--json")
    assert done.exit_code == 1
    subjects = {finding["subject"]: finding["verdict"] for finding in json.loads(done.stdout)}
    assert subjects["layers.toml"] == "problem"
    assert "terraform" in subjects
    assert "credentials" not in subjects


def test_a_role_is_judged_by_its_arn(project: Project) -> None:
    role = f"arn:aws:iam::123456789012:role/{project.app}-web-eu-central-1-build"
    done = project.run("doctor", "--principal", role)

    assert done.exit_code == 1
    assert f"{role} may not codebuild:StartBuild on " in done.stdout


def test_without_a_file_there_is_one_problem_and_no_traceback() -> None:
    done = CliRunner().invoke(main, ["--config", "gone.toml", "doctor"])

    assert done.exit_code == 1
    assert "there is no layers.toml" in done.stdout


def test_a_service_is_judged_with_who_looks_after_it(project: Project) -> None:
    ledger = Ledger(project)

    def found() -> dict[str, dict[str, str]]:
        told = json.loads(project.run("doctor", "--json").stdout)
        return {finding["subject"]: finding for finding in told}

    missing = found()["service ledger"]
    assert missing["verdict"] == "problem"
    assert f"there is no bucket {ledger.bucket}" in missing["seen"]

    ledger.apply()
    unpushed = found()["service ledger"]
    assert unpushed["verdict"] == "problem"
    assert f"there is no image {ledger.name}:1 in ECR" in unpushed["seen"]

    ledger.push()
    assert found()["service ledger"]["verdict"] == "ok"
    assert found()["permissions: operator of services"]["verdict"] == "ok"
