import json
from pathlib import Path

from tests.builder.commands.conftest import Project


def test_a_layer_without_an_sbom_and_a_database_that_is_not_there_are_errors(
    project: Project, tmp_path: Path
) -> None:
    assert project.run("build", "web").exit_code == 0
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv/x.json").write_text(json.dumps({"id": "X-1"}))

    found = project.run("audit", "web", "--database", str(tmp_path / "osv"))
    missing = project.run("audit", "web", "--database", str(tmp_path / "none"))

    # The quick worker of these tests writes no SBOM.
    assert (found.exit_code, missing.exit_code) == (1, 2)
    assert "has no SBOM" in found.stderr
