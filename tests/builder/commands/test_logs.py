import json

import pytest

from tests.builder.commands.conftest import Project


def test_the_failed_build_can_be_seen_after_it_was_corrected(project: Project) -> None:
    project.behave("fail")
    project.run("build", "web")
    project.behave("well")
    project.run("build", "web")

    cause = "\nno such package: unobtainium\n"
    assert cause not in project.run("logs", "web").stdout
    failed = project.run("logs", "web", "--failed")
    assert cause in failed.stdout
    assert "\x1b" not in failed.stdout


def test_a_build_is_shown_by_its_id(project: Project) -> None:
    project.run("build", "web")
    (found,) = json.loads(project.run("status", "--json").stdout)
    build_id = found["release"]["build_id"]

    assert "building web" in project.run("logs", "web", "--build", build_id).stdout
    assert project.run("logs", "web", "--build", "gone").exit_code == 1
    assert project.run("logs", "web", "--build", build_id, "--failed").exit_code == 2


def test_a_terminal_gets_colours(project: Project) -> None:
    project.run("build", "web")

    said = project.run("logs", "web", color=True).stdout
    assert "\x1b[34m[Container]" in said


def test_machines_get_the_kind_of_each_line(project: Project) -> None:
    project.run("build", "web")

    lines = [json.loads(line) for line in project.run("logs", "web", "--json").stdout.splitlines()]
    assert {"kind": "text", "text": "building web"} in lines
    assert "phase" in {line["kind"] for line in lines}


def test_a_part_of_a_log_is_shown(project: Project) -> None:
    project.run("build", "web")
    whole = project.run("logs", "web").stdout.splitlines()

    assert project.run("logs", "web", "--tail", "2").stdout.splitlines() == whole[-2:]
    found = project.run("logs", "web", "--filter", "BUILDING web").stdout.splitlines()
    assert found == ["building web"]
    assert project.run("logs", "web", "--since", "1d").stdout.splitlines() == whole
    assert project.run("logs", "web", "--since", "2000-01-01").stdout.splitlines() == whole
    assert project.run("logs", "web", "--since", "2999-01-01T00:00:00Z").stdout == ""


@pytest.mark.parametrize("text", ["yesterday", "m", "1e999d", "2026-13-01"])
def test_what_is_no_time_is_wrong_usage(project: Project, text: str) -> None:
    done = project.run("logs", "web", "--since", text)

    assert done.exit_code == 2
    assert f"{text!r} is no time such as 90s" in done.stderr


def test_quiet_leaves_results_and_verbose_adds_decisions(project: Project) -> None:
    quiet = project.run("-q", "build", "web")
    assert (quiet.exit_code, quiet.stderr) == (0, "")
    assert "layer_arn" in quiet.stdout
    assert project.run("-q", "build", "gone").stderr.startswith("ERROR: ")

    verbose = project.run("-v", "build", "web").stderr
    assert "builder.release.plan: web: current" in verbose
    assert "builder.aws" not in verbose
    project.edit()
    assert "web: stale" in project.run("build", "web").stderr
    assert project.run("-q", "-v", "build", "web").exit_code == 2
