import json

from tests.builder.commands.conftest import Project


def test_what_is_proven_is_shown_and_what_is_wrong_ends_with_an_error(project: Project) -> None:
    assert project.run("verify", "web").exit_code == 1
    assert project.run("build", "web").exit_code == 0

    shown = project.run("verify", "web", "1", "--json")
    text = project.run("verify", "web")

    # The quick worker of these tests says sizes and packages that its archive has not.
    found = {each["subject"]: each["verdict"] for each in json.loads(shown.stdout)["findings"]}
    assert (found["record"], found["manifest"], found["origin"]) == ("proven",) * 3
    assert (found["sizes"], found["signature"]) == ("wrong", "not proven")
    assert (shown.exit_code, text.exit_code) == (1, 1)
    assert "web is not what its documents say" in text.stderr
    assert "CodeBuild's build" in text.stdout
