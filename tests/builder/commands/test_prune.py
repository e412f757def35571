import json
import re

from tests.builder.commands.conftest import Project, function_on, releases


def versions(project: Project) -> list[int]:
    lambda_ = project.aws.client("lambda")
    found = lambda_.list_layer_versions(LayerName=f"{project.app}-web")["LayerVersions"]
    return sorted(entry["Version"] for entry in found)


def test_without_yes_it_only_shows_what_would_go(project: Project) -> None:
    releases(project, 3)
    function_on(project, 2)

    done = project.run("prune", "web", "--keep", "1")
    table, _, _ = done.stdout.partition("\n\n")
    rows = {line.split()[0]: line for line in table.splitlines()}
    assert done.exit_code == 0
    assert rows["3"].rstrip().endswith("stays  current")
    assert f"used by {project.name}" in rows["2"]
    assert "goes" in rows["1"]
    assert re.search(r"1 version and 0\.[1-9] MB in the bucket would go", done.stdout)
    assert versions(project) == [1, 2, 3]


def test_with_yes_it_goes(project: Project) -> None:
    releases(project, 2)

    done = project.run("prune", "web", "--keep", "1", "--yes", "--json")
    assert versions(project) == [2]
    found = json.loads(done.stdout)
    assert (found["done"], [v["version"] for v in found["versions"] if v["goes"]]) == (True, [1])
    assert "nothing to delete" in project.run("prune", "web", "--keep", "1").stdout


def test_how_many_are_kept_must_be_said(project: Project) -> None:
    done = project.run("prune", "web")

    assert done.exit_code == 2
    assert "--keep N, or keep = N in [layers.web]" in done.stderr
    assert project.run("prune", "web", "--keep", "0").exit_code == 2


def test_layers_toml_says_how_many_are_kept(project: Project) -> None:
    releases(project, 2)
    path = project.root / "layers.toml"
    path.write_text(path.read_text() + "keep = 1\n")

    assert "goes" in project.run("prune", "web").stdout
