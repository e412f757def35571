import json

from tests.builder.commands.conftest import Project, function_on, releases


def test_status_shows_functions_on_old_versions(project: Project) -> None:
    releases(project, 2)
    function = function_on(project, 1)

    said = project.run("status").stdout
    assert "published" in said
    assert ["web", function, "1", "old"] in [line.split() for line in said.splitlines()]
    assert "Releases" not in said
    assert "Releases" in project.run("status", "web").stdout

    (found,) = json.loads(project.run("status", "--json").stdout)
    assert [(use["function"], use["old"]) for use in found["functions"]] == [(function, True)]
