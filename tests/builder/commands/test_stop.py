import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.builder.commands.conftest import Project
from tests.builder.conftest import environ
from tests.builder.ledger import Ledger, ledger_of, operator_policy
from tests.hybrid_service.conftest import ask


@pytest.fixture
def ledger(project: Project) -> Iterator[Ledger]:
    with ledger_of(project) as found:
        yield found


def fields(project: Project) -> dict[str, Any]:
    """Return what machines are told of the service."""
    done = project.run("status", "ledger", "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    return dict(found)


def test_who_looks_after_a_service_sees_it_stops_it_and_cleans_up_with_the_documented_rights(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = ledger.project
    endpoint = ledger.start()
    ask(f"{endpoint.host}:{endpoint.port}", "/7", post=True)
    task = ledger.state().task
    old = ledger.define()
    ledger.ecs.deregister_task_definition(taskDefinition=old)
    ledger.s3.put_object(
        Bucket=ledger.bucket, Key="ledger/snapshots/00000000-000009.tar.gz", Body=b"torn"
    )
    environ(monkeypatch, ledger.aws.user(operator_policy(project)))
    before = len(ledger.aws.calls())

    seen = fields(project)
    assert (seen["service"], seen["status"], seen["task"]) == ("ledger", "running", task)
    assert seen["endpoint"] == f"{endpoint.host}:{endpoint.port}"
    assert seen["image"] == {"name": "1", "status": "there"}
    assert seen["since"].endswith("Z")
    assert "running" in project.run("status", "ledger").stdout
    said = project.run("logs", "ledger").stdout
    assert f"serving at {seen['endpoint']}" in said
    assert project.run("logs", "ledger", "--tail", "1").stdout == said.splitlines(True)[-1]

    done = project.run("stop", "ledger", "--yes", "--json")
    assert done.exit_code == 0, done.output
    stopped = json.loads(done.stdout)
    assert stopped["stopped"] == [{"task": task, "exit_code": 0}]
    assert (stopped["phase"], stopped["snapshot"]) == (
        "stopped", "snapshots/00000001-000001.tar.gz",
    )  # fmt: skip
    seen = fields(project)
    assert (seen["status"], seen["reason"]) == ("stopped", "asked to end")
    assert seen["snapshot"]["size"] > 0

    shown = project.run("prune", "ledger")
    assert "snapshots/00000000-000009.tar.gz" in shown.stdout
    assert "1 snapshot, 1 revision would go" in shown.stdout
    done = project.run("prune", "ledger", "--yes", "--json")
    assert done.exit_code == 0, done.output
    gone = json.loads(done.stdout)
    assert gone["revisions"] == [old]
    assert gone["snapshots"] == ["snapshots/00000000-000009.tar.gz"]
    assert gone["kept"] == ["snapshots/00000001-000001.tar.gz"]
    assert "nothing to delete" in project.run("prune", "ledger").stdout

    shown = project.run("prune", "ledger", "--keep", "1")
    assert "0 snapshots, 0 revisions, 1 image of" in shown.stdout
    pruned = project.run("prune", "ledger", "--keep", "1", "--yes", "--json")
    assert pruned.exit_code == 0, pruned.output
    assert {image["tags"][0]: image["stays"] for image in json.loads(pruned.stdout)["images"]} == {
        "1": "that of layers.toml",
        "0": "",
    }
    assert "nothing to delete" in project.run("prune", "ledger", "--keep", "1").stdout

    refused = [call for call in ledger.aws.calls()[before:] if call.status == 403]
    assert refused == []

    # The next task begins with what the former had.
    environ(monkeypatch, ledger.aws.environment())
    endpoint = ledger.start()
    assert endpoint.generation == 2
    assert ask(f"{endpoint.host}:{endpoint.port}") == [7]


def test_a_service_that_is_not_running_has_nothing_to_stop(ledger: Ledger) -> None:
    done = ledger.project.run("stop", "ledger")

    assert (done.exit_code, done.stdout) == (0, "no task of ledger runs\n")


def test_stop_asks_and_does_nothing_without_an_answer(ledger: Ledger) -> None:
    ledger.start()

    done = ledger.project.run("stop", "ledger", input="n\n")

    assert done.exit_code == 1
    assert "Functions that use it now lose it" in done.stderr
    assert ledger.state().phase == "running"


def test_a_service_that_nobody_describes_is_named_with_those_that_are(ledger: Ledger) -> None:
    done = ledger.project.run("stop", "web", "--yes")

    assert done.exit_code == 1
    assert "ERROR: there is no service 'web'" in done.stderr
    assert "one of: ledger" in done.stderr
    assert "web is a layer, and this is for services" in done.stderr


@pytest.mark.parametrize("words", [("logs",), ("prune", "--keep", "2", "--yes")])
def test_a_layer_is_not_taken_where_a_service_is_asked_for(
    ledger: Ledger, words: tuple[str, ...]
) -> None:
    done = ledger.project.run(*words, "web", "--service")

    assert done.exit_code == 1
    assert "ERROR: there is no service 'web'" in done.stderr
    assert "web is a layer, and this is for services" in done.stderr


def test_a_service_is_not_taken_where_a_layer_is_meant(ledger: Ledger) -> None:
    done = ledger.project.run("build", "ledger")

    assert done.exit_code == 1
    assert "ERROR: there is no layer 'ledger'" in done.stderr
    assert "ledger is a service, and this is for layers" in done.stderr
