import json
from pathlib import Path

from tests.builder.commands.conftest import Project, releases


def test_a_release_is_shown_and_written_as_a_page(project: Project, tmp_path: Path) -> None:
    releases(project, 2)
    page = tmp_path / "web.html"
    shown = project.run("report", "web", "--html", str(page))
    assert shown.exit_code == 0, shown.stderr
    assert "web, version 2" in shown.stdout
    assert "since version 1" in shown.stdout
    assert "s3://" in page.read_text()
    document = json.loads(project.run("report", "web", "--release", "1", "--json").stdout)
    assert document["release"]["version"] == 1


def test_a_layer_without_a_release_is_one_message(project: Project) -> None:
    refused = project.run("report", "web")
    assert refused.exit_code == 1
    assert "has no release yet" in refused.stderr
