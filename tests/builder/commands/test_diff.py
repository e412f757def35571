import json

from tests.builder.commands.conftest import Project, releases


def test_diff_compares_the_last_two_releases(project: Project) -> None:
    releases(project, 2)

    said = project.run("diff", "web").stdout
    assert "version 1 (" in said
    assert "the packages are the same" in said
    found = json.loads(project.run("diff", "web", "2", "1", "--json").stdout)
    assert (found["from"]["version"], found["to"]["version"], found["packages"]) == (2, 1, [])


def test_what_cannot_be_compared_is_one_message(project: Project) -> None:
    releases(project, 1)

    done = project.run("diff", "web")
    assert done.exit_code == 1
    assert done.stderr.startswith("ERROR: layer 'web' has one release, and two are compared")
    assert "version 7 is no release" in project.run("diff", "web", "1", "7").stderr
    assert project.run("diff", "web", "one").exit_code == 2
