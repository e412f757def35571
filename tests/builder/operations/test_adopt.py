"""Layers that were published by hand, taken over: what is written, what stays, what follows."""

import json
import os
import re
import tomllib
from typing import Any

import pytest
from click.testing import Result

from tests.builder.aws.test_layers import archive
from tests.builder.commands.conftest import Project, project
from tests.builder.conftest import ACCOUNT, REGION

__all__ = ["project"]

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:"


def by_hand(project: Project, name: str, *, description: str = "by hand") -> str:
    """Publish a version as someone without this program; return its ARN."""
    made = project.aws.client("lambda").publish_layer_version(
        LayerName=name, Description=description, Content={"ZipFile": archive()}
    )
    return str(made["LayerVersionArn"])


def versions(project: Project, name: str) -> list[int]:
    found = project.aws.client("lambda").list_layer_versions(LayerName=name)["LayerVersions"]
    return sorted(entry["Version"] for entry in found)


def config(project: Project) -> dict[str, Any]:
    return tomllib.loads((project.root / "layers.toml").read_text())


def refused(project: Project, *words: str) -> str:
    before = (project.root / "layers.toml").read_bytes()
    done = project.run("adopt", *words)
    assert done.exit_code == 1, done.output
    assert (project.root / "layers.toml").read_bytes() == before
    return done.stderr


def worked(done: Result) -> Result:
    assert done.exit_code == 0, done.output
    return done


def test_the_next_release_follows_on_and_what_was_there_stays_to_the_end(project: Project) -> None:
    name = f"{project.app}_My-Deps"
    by_hand(project, name)
    arn = by_hand(project, name)

    said = worked(project.run("adopt", "web", arn)).stdout
    assert config(project)["layers"]["web"]["layer_name"] == name
    assert f"2 versions of {name} stay; the next release is version 3" in said
    assert "says so already" in worked(project.run("adopt", "web", arn)).stdout

    built = json.loads(worked(project.run("build", "web", "--json")).stdout)
    assert built["layer_arn"] == f"{ARN}{name}:3"
    (planned,) = json.loads(project.run("plan", "--json").stdout)
    assert planned["status"] == "current"
    project.edit()
    worked(project.run("build", "web"))
    assert versions(project, name) == [1, 2, 3, 4]

    worked(project.run("prune", "web", "--keep", "1", "--yes"))
    assert versions(project, name) == [1, 2, 4]
    worked(project.run("retire", "web", "--yes"))
    assert versions(project, name) == [1, 2]


def test_what_was_there_before_goes_when_asked_and_its_users_are_named(project: Project) -> None:
    name = f"{project.app}-deps"
    first, _, third = (by_hand(project, name) for _ in range(3))
    client = project.aws.client("lambda")
    client.create_function(
        FunctionName=project.name, Runtime="python3.12", Architectures=["arm64"],
        Role=project.role, Handler="x.y", Code={"ZipFile": archive()}, Layers=[first],
    )  # fmt: skip
    client.add_layer_version_permission(
        LayerName=name, VersionNumber=2, StatementId="theirs", Action="lambda:GetLayerVersion",
        Principal="222222222222",
    )  # fmt: skip
    worked(project.run("adopt", "web", third))
    said = worked(project.run("prune", "web", "--keep", "1", "--adopted", "--yes")).stdout
    assert said.count("no release of ours follows on it yet") == 3
    worked(project.run("build", "web"))

    shown = worked(project.run("prune", "web", "--keep", "1", "--adopted")).stdout
    assert f"used by {project.name}" in shown
    assert re.search(r"shared with \S*222222222222", shown)
    assert "old, and no function has it, published by others" in shown
    assert versions(project, name) == [1, 2, 3, 4]
    worked(project.run("prune", "web", "--keep", "1", "--adopted", "--yes"))
    assert versions(project, name) == [1, 2, 4]


def test_functions_on_it_are_named_and_can_be_moved(project: Project) -> None:
    name = f"{project.app}-deps"
    arn = by_hand(project, name)
    project.aws.client("lambda").create_function(
        FunctionName=project.name, Runtime="python3.12", Architectures=["arm64"],
        Role=project.role, Handler="x.y", Code={"ZipFile": archive()}, Layers=[arn],
    )  # fmt: skip
    assert f"functions on it: {project.name}" in worked(project.run("adopt", "web", arn)).stdout

    path = project.root / "layers.toml"
    path.write_text(path.read_text() + f'functions = ["{project.name}"]\n')
    worked(project.run("build", "web"))
    found = project.aws.client("lambda").get_function_configuration(FunctionName=project.name)
    assert [layer["Arn"] for layer in found["Layers"]] == [f"{ARN}{name}:2"]


def test_nothing_but_one_line_is_changed(project: Project) -> None:
    path = project.root / "layers.toml"
    before = path.read_text().replace("[layers.web]", "  [ layers.'web' ]  # the web\r\n# more")
    path.write_bytes(before.encode())
    arn = by_hand(project, f"{project.app}-x")
    dry = json.loads(worked(project.run("adopt", "web", arn, "--dry-run", "--json")).stdout)
    assert (dry["written"], dry["next_version"]) == (False, 2)
    assert path.read_bytes() == before.encode()

    worked(project.run("adopt", "web", arn))
    line = f'layer_name = "{project.app}-x"\n'
    assert path.read_bytes().decode().replace(line, "") == before
    assert config(project)["layers"]["web"]["layer_name"] == f"{project.app}-x"


def test_a_file_that_is_written_in_another_way_is_left_to_its_author(project: Project) -> None:
    path = project.root / "layers.toml"
    head, _, keys = path.read_text().partition("[layers.web]\n")
    inline = ", ".join(keys.strip().splitlines())
    path.write_text(f"layers = {{ web = {{ {inline} }} }}\n{head}")
    before = path.read_bytes()
    said = worked(project.run("adopt", "web", by_hand(project, f"{project.app}-x"))).stdout
    assert f'[layers.web]: layer_name = "{project.app}-x"' in said
    assert path.read_bytes() == before


def test_what_cannot_be_adopted_is_refused_with_what_helps(project: Project) -> None:
    name = f"{project.app}-x"
    assert "is not the ARN of a layer" in refused(project, "web", name)
    assert "there is no layer" in refused(project, "web", f"{ARN}{name}:1")
    elsewhere = ARN.replace(REGION, "us-east-1")
    assert "region us-east-1" in refused(project, "web", f"{elsewhere}{name}:1")
    assert "did you mean 'web'" in refused(project, "wep", f"{ARN}{name}")
    mark = f"[{'a' * 64}#1 of other]"
    arn = by_hand(project, f"{project.app}-y", description=mark)
    assert "was published for application 'other'" in refused(project, "web", arn)


def test_a_layer_that_has_releases_keeps_its_name(project: Project) -> None:
    worked(project.run("build", "web"))
    arn = by_hand(project, f"{project.app}-x")
    assert "has releases of its own" in refused(project, "web", arn)

    path = project.root / "layers.toml"
    path.write_text(path.read_text() + path.read_text().partition("[layers.web]")[2].join(
        ["[layers.more]", ""]
    ))  # fmt: skip
    worked(project.run("adopt", "more", arn))
    said = refused(project, "more", f"{ARN}{project.app}-web")
    assert "lambda-layer adopt web" in said


@pytest.mark.parametrize("with_version", [False, True])
def test_an_arn_may_lack_the_version(project: Project, with_version: bool) -> None:
    arn = by_hand(project, f"{project.app}-x")
    worked(project.run("adopt", "web", arn if with_version else arn.rpartition(":")[0]))
    assert config(project)["layers"]["web"]["layer_name"] == f"{project.app}-x"


def test_the_file_is_replaced_as_a_whole_and_stays_what_it_was_otherwise(project: Project) -> None:
    name = f"{project.app}_whole"
    arn = by_hand(project, name)
    file = project.root / "layers.toml"
    elsewhere = project.root / "settings.toml"
    file.rename(elsewhere)
    file.symlink_to(elsewhere.name)
    elsewhere.chmod(0o640)
    before = elsewhere.read_bytes()
    os.link(elsewhere, project.root / "as it was")

    worked(project.run("adopt", "web", arn))

    assert config(project)["layers"]["web"]["layer_name"] == name
    assert (project.root / "as it was").read_bytes() == before, "it was written in place"
    assert file.is_symlink()
    assert elsewhere.stat().st_mode & 0o777 == 0o640
    assert not list(project.root.glob(".*toml*")), "something was left beside it"


def test_a_layer_whose_first_release_is_under_way_keeps_its_name_until_it_is_given_up(
    project: Project,
) -> None:
    arn = by_hand(project, f"{project.app}-x")
    project.hold.touch()
    worked(project.run("build", "web", "--no-wait"))

    said = refused(project, "web", arn)

    assert "is being released for the first time" in said
    assert "lambda-layer retire web" in said
    worked(project.run("retire", "web", "--yes"))
    project.hold.unlink()
    worked(project.run("adopt", "web", arn))
    built = json.loads(worked(project.run("build", "web", "--json")).stdout)
    assert built["layer_arn"] == f"{ARN}{project.app}-x:2"
