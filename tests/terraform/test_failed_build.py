"""A build fails: what terraform says, what stays, and how it is tried again."""

from __future__ import annotations

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make
from tests.terraform.packages import layer, write

FORMS = ("stack", "module")

BROKEN = """
def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit("unobtainium is sold out")
"""


def test_a_failed_build_has_its_cause_and_is_retried_by_the_next_apply(make: Make) -> None:
    stack = make()
    builds = quick_builds(stack)
    stack.apply()
    before = stack.output()
    stack.edit()

    with builds.failing():
        failed = stack.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 1)
    group = f"/aws/codebuild/{stack.name}-layers"
    for part in (
        "the build of layer 'web' failed: BUILD:",
        "no such package: unobtainium",
        f"log group {group}, stream ",
        "fix: correct what the log says, then plan and apply again",
        "lambda-layer logs web",
    ):
        assert part in failed.said, failed.said
    assert "Traceback" not in failed.said
    assert stack.output()["layer_arn"] == before["layer_arn"]
    assert stack.versions() == [1]

    for _ in range(2):
        planned = stack.plan()
        assert (planned.exit_code, planned.writes) == (2, [])
        assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
        answer = planned.answer()
        assert answer["status"] == "failed"
        assert answer["layer_arn"] == before["layer_arn"]
        assert "web/web/__init__.py changed; build 2 failed" in answer["reason"]

    corrected = stack.apply()
    assert corrected.builds == 1
    assert stack.versions() == [1, 2]
    assert stack.output()["version"] == 2
    assert stack.plan().exit_code == 0


def test_a_first_build_that_fails_is_corrected_by_a_change_of_the_source(make: Make) -> None:
    """With the real worker, so that its own words come through."""
    stack = make()
    backend = stack.project / "web" / "backend.py"
    working = backend.read_text()
    write(backend, BROKEN)
    failed = stack.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 1)
    assert "the package in web cannot be built" in failed.said
    assert "unobtainium is sold out" in failed.said, failed.stderr
    assert stack.terraform.outputs() == {}
    planned = stack.plan()
    assert (planned.exit_code, planned.writes) == (2, [])
    assert planned.answer()["status"] == "failed"

    write(backend, working)
    planned = stack.plan()
    assert planned.answer()["status"] == "missing"
    assert planned.writes == []
    assert stack.apply().builds == 1
    assert stack.versions() == [1]
    assert stack.plan().exit_code == 0


def test_one_failing_layer_of_several_keeps_no_other_back(make: Make, form: str) -> None:
    stack = make(layer("api"), layer("jobs"), layer("web"))
    builds = quick_builds(stack)
    with builds.failing("jobs"):
        failed = stack.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 3)
    assert "the build of layer 'jobs' failed" in failed.said
    assert [stack.versions(name) for name in ("api", "jobs", "web")] == [[1], [], [1]]
    if form == "stack":  # A module gives all or none: tests/terraform/test_module_calls.py.
        state = stack.terraform.outputs()
        assert state["api"]["layer_arn"].endswith(":1")
        assert state["web"]["layer_arn"].endswith(":1")

    stack.edit("api")
    with builds.failing("jobs"):
        again = stack.apply(check=False)
    assert (again.exit_code, again.builds) == (1, 2)
    assert stack.versions("api") == [1, 2]
    if form == "stack":
        assert stack.terraform.outputs()["api"]["layer_arn"].endswith(":2")

    planned = stack.plan()
    assert planned.writes == []
    assert planned.changes == {"aws_s3_object.jobs_approval": ["update"]}
    assert stack.apply().builds == 1
    assert stack.plan().exit_code == 0
    assert stack.output("jobs")["version"] == 1
