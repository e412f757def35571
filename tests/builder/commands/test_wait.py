import json

from tests.builder.commands.conftest import Project
from tests.builder.conftest import write_tree
from tests.patience import wait_until


def ended(project: Project) -> None:
    codebuild = project.aws.client("codebuild")

    def over() -> bool:
        ids = codebuild.list_builds_for_project(projectName=f"{project.app}-layers")["ids"]
        builds = codebuild.batch_get_builds(ids=ids)["builds"]
        return all(build["buildComplete"] for build in builds)

    wait_until(over)


def test_a_build_that_is_not_waited_for_is_released_later_and_then_waited_for(
    project: Project,
) -> None:
    with project.held():
        begun = project.run("build", "web", "--no-wait", "--json")
    assert begun.exit_code == 0
    document = json.loads(begun.stdout)
    assert (document["status"], document["release"]) == ("building", None)
    assert "there is no publisher" in begun.stderr
    ended(project)

    assert project.run("build", "web").exit_code == 0
    done = project.run("wait", "web", "--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout)["version"] == 1


def test_a_failed_build_ends_wait_with_1_and_the_log(project: Project) -> None:
    project.behave("fail")
    with project.held():
        project.run("build", "web", "--no-wait")

    done = project.run("wait", "web")

    assert done.exit_code == 1
    assert "ERROR: the build of layer 'web' failed" in done.stderr
    assert "no such package: unobtainium" in done.stderr


def test_wait_gives_up_after_its_timeout(project: Project) -> None:
    project.behave("wait", str(project.root / "go"))
    project.run("build", "web", "--no-wait")

    done = project.run("wait", "web", "--timeout", "0.01")

    assert done.exit_code == 1
    assert "not released within 0.01 minutes" in done.stderr
    (project.root / "go").touch()


def test_layers_toml_can_say_that_builds_are_not_waited_for(project: Project) -> None:
    text = (project.root / "layers.toml").read_text()
    write_tree(project.root, {"layers.toml": text.replace("[app]", "[app]\nsync_mode = false")})

    with project.held():
        begun = project.run("build", "web")

    assert begun.exit_code == 0
    assert "building; to wait for the release: lambda-layer wait web" in begun.stdout
    assert "there is no publisher" not in begun.stderr
    again = project.run("build", "web", "--wait")
    assert again.exit_code == 0
    assert ":1" in again.stdout
