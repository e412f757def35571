import json
import signal
import subprocess

import pytest

from tests.builder.commands.conftest import Project
from tests.patience import PATIENCE, wait_until


def test_plan_build_status_and_logs_by_hand(project: Project) -> None:
    assert project.run("plan", "--detailed-exitcode").exit_code == 2
    built = project.run("build", "web")
    assert built.exit_code == 0
    assert ":layer:" + project.app + "-web:1" in built.stdout
    assert "web: missing: first build" in built.stderr

    assert project.run("plan", "--detailed-exitcode").exit_code == 0
    assert "current" in project.run("plan", "web").stdout
    assert "published" in project.run("status").stdout
    assert "building web" in project.run("logs", "web").stdout

    project.edit()
    due = project.run("plan", "--json")
    assert due.exit_code == 0
    (found,) = json.loads(due.stdout)
    assert (found["status"], found["reason"]) == ("stale", "src/web/app.py changed")


def test_a_build_of_what_is_current_only_shows_it(project: Project) -> None:
    project.run("build", "web")
    again = project.run("build", "web", "--json")

    assert json.loads(again.stdout)["version"] == 1
    assert again.stderr == ""


def test_a_forced_build_is_a_new_version(project: Project) -> None:
    project.run("build", "web")

    assert json.loads(project.run("build", "web", "--force", "--json").stdout)["version"] == 2


def test_a_failed_build_is_an_error_with_its_log(project: Project) -> None:
    project.behave("fail")
    done = project.run("build", "web")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "ERROR: the build of layer 'web' failed: " in done.stderr
    assert "no such package: unobtainium" in done.stderr
    assert "Traceback" not in done.stderr
    assert "failed" in project.run("status").stdout


@pytest.mark.parametrize(
    ("number", "code", "first"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "ended by SIGTERM"),
        (signal.SIGHUP, 129, "ended by SIGHUP"),
    ],
)
def test_a_signal_says_that_the_build_goes_on_and_it_is_joined(
    project: Project, number: signal.Signals, code: int, first: str
) -> None:
    go = project.root / "go"
    project.behave("wait", str(go))
    process = subprocess.Popen(
        project.command("build", "web"),
        env=project.aws.process_environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    codebuild = project.aws.client("codebuild")

    def builds() -> list[str]:
        return codebuild.list_builds_for_project(projectName=f"{project.app}-layers")["ids"]

    try:
        wait_until(lambda: len(builds()) == 1)
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)
        go.touch()

    assert process.returncode == code
    assert said.splitlines()[-1].startswith(f"{first}; a running build goes on")
    assert "Traceback" not in said
    assert json.loads(project.run("build", "web", "--json").stdout)["version"] == 1
    assert len(builds()) == 1
