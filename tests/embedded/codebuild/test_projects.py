from pathlib import Path

from embedded.codebuild.projects import ProjectMemory


def test_what_was_asked_for_is_put_back_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "projects.json"
    memory = ProjectMemory(file)
    memory.remember({"name": "p", "queuedTimeoutInMinutes": 5, "cache": {"type": "S3"}})
    memory.remember({"name": "p", "cache": {"type": "NO_CACHE"}, "description": "not ours"})

    found = ProjectMemory(file).complete({"name": "p", "description": "ministack's"})
    assert found == {
        "name": "p",
        "description": "ministack's",
        "queuedTimeoutInMinutes": 5,
        "cache": {"type": "NO_CACHE"},
        "projectVisibility": "PRIVATE",
    }


def test_a_forgotten_project_has_the_defaults(tmp_path: Path) -> None:
    memory = ProjectMemory(tmp_path / "projects.json")
    memory.remember({"name": "p", "queuedTimeoutInMinutes": 5})
    memory.forget("p")
    assert memory.complete({"name": "p"})["queuedTimeoutInMinutes"] == 480


def test_a_network_that_is_taken_away_is_gone(tmp_path: Path) -> None:
    memory = ProjectMemory(tmp_path / "projects.json")
    memory.remember({"name": "p", "vpcConfig": {"vpcId": "vpc-1"}})
    memory.remember({"name": "p", "vpcConfig": {}})
    assert "vpcConfig" not in memory.complete({"name": "p"})
