"""A service of the module for HCL: planned, applied, kept from a destroy, destroyed."""

from __future__ import annotations

import json
from typing import Any

from hybrid_service.settings import ServiceSettings
from tests.listing import every
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer
from tests.terraform.test_destroy import take_out
from tests.terraform.test_service import bucket_of, left, settings
from tests.terraform.test_service_image import OF_LAYER, by_hand, image_of
from tests.terraform.test_service_image import base as base

FORMS = ("module",)

LEDGER: dict[str, Any] = {
    "command": ["ledger", "{port}", "{data}"],
    "image_tag": "1",
    "cpu": 256,
    "memory": 512,
    "vpc": "vpc-0123abcd",
    "subnets": ["subnet-0123abcd"],
}


def change(root: Stack, **services: Any) -> None:
    """Change what the caller says of services."""
    with root.edited() as document:
        document["module"]["layers"]["services"] = services
        document["output"]["services"] = {"value": "${module.layers.services}"}


def of_service(addresses: Any) -> set[str]:
    """Return the types of the service's resources among some addresses."""
    return {a.partition(".")[0] for a in addresses if "build_service_ledger_" in a}


def test_a_service_is_applied_kept_from_a_destroy_and_destroyed_when_that_is_said(
    make: Make,
) -> None:
    root = make()
    quick_builds(root)
    change(root, ledger=LEDGER)
    planned = root.plan()
    assert planned.writes == []
    assert set(map(tuple, planned.changes.values())) <= {("create",), ("read",)}
    assert of_service(planned.changes) >= {"aws_ecs_task_definition", "aws_s3_bucket"}
    assert root.apply().builds == 1
    planned = root.plan()
    assert (planned.exit_code, planned.changes) == (0, {})

    told = root.terraform.outputs()["services"]["ledger"]
    assert told["environment"] == {"HYBRID_SERVICE_LEDGER": f"s3://{bucket_of(root)}/ledger/"}
    assert told["repository_url"].endswith(f"/{root.name}-ledger")
    assert (told["cluster"], told["log_group"]) == (
        f"{root.name}-ledger",
        f"/services/{root.name}-ledger",
    )
    assert json.loads(told["client_policy"])["Statement"]
    # What clients read is right for them.
    read = ServiceSettings.from_json(json.dumps(settings(root)).encode(), "service.json")
    assert read.cluster == told["cluster"]
    assert read.task_definition.rpartition(":")[0].endswith(f"task-definition/{root.name}-ledger")

    change(root, ledger={**LEDGER, "memory": 1024})
    planned = root.plan()
    assert planned.writes == []
    assert planned.changes == {
        "aws_ecs_task_definition.build_service_ledger_task": ["create", "delete"],
        "aws_s3_object.build_service_ledger_settings": ["update"],
    }
    change(root, ledger=LEDGER)

    before = left(root)
    assert len(before) >= 8
    change(root)
    failed = root.run("apply", "-auto-approve", check=False)
    assert failed.exit_code == 1
    said = " ".join(failed.said.split())
    assert f"The data of {root.name}-ledger is kept: apply force_destroy = true first." in said
    assert left(root) == before

    change(root, ledger={**LEDGER, "force_destroy": True})
    root.apply()
    assert left(root) == before
    root.destroy()
    assert left(root) == []


def test_mistakes_are_refused_by_the_rules_of_layers_toml(make: Make) -> None:
    root = make()
    change(
        root,
        **{
            "Bad": LEDGER,
            "layers": LEDGER,
            "mute": {**LEDGER, "command": ["ledger"]},
            "two": {**LEDGER, "image": "public.ecr.aws/x/y:1"},
            "half": {**LEDGER, "subnets": []},
            "odd": {**LEDGER, "memory": 513},
            "far": {**LEDGER, "port": 80},
            "young": {**LEDGER, "architecture": "sparc", "health": "alive"},
        },
    )
    planned = root.plan(check=False)
    said = " ".join(planned.said.replace("│", " ").split())
    assert planned.exit_code == 1
    for expected in (
        "The name of a service has 1 to 20 lower-case letters",
        "A service cannot be named layers",
        "the command says in an argument, with {port}, on which port to listen; it is not so of "
        "mute",
        "there is one of layer, image_tag and image; it is not so of two",
        "there are vpc and subnets, or neither; it is not so of half",
        "Fargate has tasks with that cpu and memory; it is not so of odd",
        "port is a whole number from 1024 to 65535; it is not so of far",
        "architecture is one of arm64, x86_64; it is not so of young",
        "health is a path that begins with /; it is not so of young",
    ):
        assert expected in said, said
    change(root, ledger={**LEDGER, "memmory": 1})
    said = " ".join(root.plan(check=False).said.replace("│", " ").split())
    assert "services has no ledger.memmory" in said


def test_a_name_too_long_for_a_bucket_and_no_network_are_refused(
    make: Make,
) -> None:
    root = make()
    nowhere = {**LEDGER, "vpc": "", "subnets": []}
    change(root, **{"a-service-of-20-more": LEDGER, "ledger": nowhere})
    with root.edited() as document:
        document["module"]["layers"]["app"] = "a-rather-long-name"

    said = " ".join(root.plan(check=False).said.replace("│", " ").split())
    assert "would be named a-rather-long-name-a-service-of-20-more" in said
    assert "The service ledger has no network" in said


def test_a_layer_is_the_image_of_a_service_and_goes_after_it(make: Make, base: str) -> None:
    root = make(layer("server", image=True, base=base))
    quick_builds(root)
    of_layer = {**LEDGER, "image_tag": "", "layer": "server"}
    change(root, ledger={**of_layer, "layer": "serve"})
    said = " ".join(root.plan(check=False).said.replace("│", " ").split())
    assert "The service ledger has no image. There is no layer serve: name one with" in said
    change(root, ledger={**of_layer, "architecture": "arm64"})
    said = " ".join(root.plan(check=False).said.replace("│", " ").split())
    assert "It runs on arm64, and its layer server is for x86_64: take architecture out" in said

    change(root, ledger={**of_layer, "force_destroy": True})
    planned = root.plan()
    assert planned.writes == []
    assert [a for a in planned.changes if "aws_ecr_repository." in a] == [
        "aws_ecr_repository.server_repository"
    ]
    assert root.apply().builds == 2  # and its push
    assert image_of(root) == root.output("server")["image_uri"]
    assert root.plan().changes == {}

    root.edit("server")
    assert root.plan().changes == {
        "aws_s3_object.server_approval": ["update"],
        "aws_ecs_task_definition.build_service_ledger_task": ["create", "delete"],
        "aws_s3_object.build_service_ledger_settings": ["update"],
    }
    assert root.apply().builds == 2
    assert image_of(root) == root.output("server")["image_uri"]

    root.destroy()
    assert left(root) == []


def repositories(stack: Stack) -> list[str]:
    """Return the repositories of the application's layers."""
    found = every(stack.aws.client("ecr"), "describe_repositories")
    names = [repository["repositoryName"] for repository in found]
    return [name for name in names if name.startswith(f"{stack.name}/")]


def with_two_images(make: Make, base: str) -> Stack:
    """Return what was applied: the layers server and other, and a service that has the first."""
    root = make(*(layer(name, image=True, base=base) for name in ("server", "other")))
    quick_builds(root)
    change(root, ledger={**LEDGER, **OF_LAYER})
    root.apply()
    return root


def test_a_service_that_gets_another_layer_lets_the_former_one_go_in_the_next_apply(
    make: Make, base: str
) -> None:
    root = with_two_images(make, base)
    change(root, ledger={**LEDGER, **OF_LAYER, "layer": "other"})
    root.apply()
    assert image_of(root) == root.output("other")["image_uri"]

    take_out(root, "server")
    assert root.apply().builds == 0
    assert repositories(root) == [f"{root.name}/other"]
    assert root.plan().exit_code == 0


def test_a_layer_that_goes_while_its_service_gets_another_one_goes_in_the_end(
    make: Make, base: str
) -> None:
    root = with_two_images(make, base)
    change(root, ledger={**LEDGER, **OF_LAYER, "layer": "other"})
    take_out(root, "server")

    failed = root.apply(check=False)

    assert failed.exit_code == 1
    assert "used by the next task of service ledger" in failed.said
    assert image_of(root) == root.output("other")["image_uri"]
    by_hand(root, base, "retire", "server", "--yes")
    root.apply()
    assert repositories(root) == [f"{root.name}/other"]
    assert root.plan().exit_code == 0
