import json
import signal
import subprocess

from tests.builder.commands.conftest import Project
from tests.patience import PATIENCE, wait_until


def watching(project: Project, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        project.command("watch", "web", *arguments),
        env=project.aws.process_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_pipe_gets_a_line_for_each_thing_that_happens(project: Project) -> None:
    with watching(project) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said.startswith(
                "web: waiting up to 10m 00s for a build to begin (terraform apply"
            )
            assert said.endswith("there is no release yet\n")
            assert project.run("build", "web").exit_code == 0
            said, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()

    assert process.returncode == 0
    lines = said.splitlines()
    assert lines[-1].startswith("web: published arn:aws:lambda:")
    assert "1 package, " in lines[-1]
    assert "\x1b" not in said


def test_a_failed_build_is_exit_code_1(project: Project) -> None:
    project.behave("fail")
    with watching(project, "--json") as process:
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["event"] == "waiting"
            project.run("build", "web")
            said, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()

    assert process.returncode == 1
    events = [json.loads(line) for line in said.splitlines()]
    assert events[-1]["event"] == "failed"
    assert events[-1]["problem"].startswith("BUILD: ")


def test_ctrl_c_ends_the_watching(project: Project) -> None:
    with watching(project) as process:
        assert process.stdout is not None
        try:
            wait_until(lambda: process.stdout is not None and bool(process.stdout.readline()))
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()

    assert process.returncode == 130
    assert "Traceback" not in said


def test_when_nothing_begins_the_error_says_where_to_look(project: Project) -> None:
    done = project.run("watch", "web", "--wait", "0s")

    assert done.exit_code == 1
    assert "ERROR: no build of layer 'web' began within 0 seconds" in done.stderr
    assert "lambda-layer plan web" in done.stderr
