from __future__ import annotations

import pytest

from builder.aws.images import TaggedImage
from builder.aws.tasks import TaskState
from builder.errors import AwsError
from builder.operations.service_image import ELSEWHERE, MISSING, THERE, ServiceImage, image_of
from tests.builder.hybrid.samples import ARN, Parts, service_of

OF_LAYER = {"image_tag": "", "layer": "server", "architecture": "arm64"}
OLD, NEW = (TaggedImage(f"sha256:{n * 64}", (f"{n * 64}-{n}",)) for n in ("1", "2"))
PLACE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/server"


def parts_of(*images: TaggedImage, next_is: TaggedImage | None = None) -> Parts:
    parts = Parts(None, [])
    parts.pushed = list(images)
    parts.startable_from = [f"{PLACE}@{next_is.digest}"] if next_is else []
    return parts


def test_the_image_of_a_layer_is_the_version_that_the_next_task_will_have() -> None:
    service = service_of(parts_of(NEW, OLD, next_is=NEW), **OF_LAYER)

    assert service.repository == "shop/server"
    assert image_of(service, []) == ServiceImage(THERE, "server 2")


def test_a_task_that_goes_on_with_an_older_image_is_told_of() -> None:
    service = service_of(parts_of(NEW, OLD, next_is=NEW), **OF_LAYER)
    running = [TaskState(ARN, "RUNNING", images=(f"{PLACE}@{OLD.digest}", OLD.digest))]

    assert image_of(service, running) == ServiceImage(THERE, "server 2", old="server 1")
    running = [TaskState(ARN, "RUNNING", images=(NEW.digest,))]
    assert image_of(service, running) == ServiceImage(THERE, "server 2")


def test_an_image_that_was_deleted_and_a_task_definition_that_is_not_there_are_missing() -> None:
    assert image_of(service_of(parts_of(OLD, next_is=NEW), **OF_LAYER), []).word == MISSING
    assert image_of(service_of(parts_of(OLD), **OF_LAYER), []).word == MISSING


def test_images_of_ones_own_are_known_by_their_tag_and_others_are_not_asked_for() -> None:
    assert image_of(service_of(Parts(None, [])), []) == ServiceImage(THERE, "1")
    image = "public.ecr.aws/x/y:1"
    elsewhere = service_of(Parts(None, [], denied=("has",)), image_tag="", image=image)
    assert image_of(elsewhere, []) == ServiceImage(ELSEWHERE, image)
    with pytest.raises(AwsError):
        image_of(service_of(Parts(None, [], denied=("has",))), [])
