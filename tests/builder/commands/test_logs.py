import json

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
