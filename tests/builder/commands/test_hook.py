import json

from tests.builder.commands.conftest import Project, ran


def test_the_hook_answers_on_stdout_and_nothing_else(project: Project) -> None:
    layer = project.layer()
    query = {
        "web.spec": layer.spec.to_json(), "web.root": str(project.root), "region": "eu-central-1",
        "account": "123456789012", "web.layer_name": "x-web", "bucket": project.bucket,
        "project": f"{project.app}-layers", "web.build_role": project.role, "log_group": "/g",
    }  # fmt: skip
    done = ran(project.command("hook", "plan"), project.aws, input=json.dumps(query))

    assert (done.returncode, done.stderr) == (0, "")
    answers = json.loads(done.stdout)
    assert list(answers) == ["web"]
    assert json.loads(answers["web"])["status"] == "missing"


def test_a_hook_that_is_asked_nonsense_fails_on_stderr(project: Project) -> None:
    done = ran(project.command("hook", "release"), project.aws, input="nonsense")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ERROR: the hook's query cannot be used")
