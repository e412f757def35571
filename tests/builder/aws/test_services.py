from typing import Any

import boto3
import botocore

from builder.aws.services import connect
from builder.aws.session import Credentials, Session
from tests.builder.conftest import REGION, World


def test_all_services_work_in_one_account_and_region(world: World) -> None:
    services = connect(Session(Credentials(), "eu-west-1"), bucket="b", project="p")

    assert (services.store.bucket, services.codebuild.project) == ("b", "p")
    assert services.codebuild.bucket == "b"
    layers: Any = services.layers
    clients = [
        services.store._s3,
        services.codebuild._codebuild,
        layers._lambda,
        layers._publisher,
        services.functions._lambda,
        services.logs._logs,
    ]
    assert {client.meta.region_name for client in clients} == {"eu-west-1"}


def test_every_call_says_which_program_makes_it(world: World) -> None:
    store: Any = connect(Session(Credentials(), REGION), bucket=world.name, project="p").store
    said: list[str] = []

    def listen(request: Any, **_event: Any) -> None:
        said.append(request.headers["User-Agent"].decode())

    store._s3.meta.events.register("before-send.s3", listen)
    store.head("none")

    assert said == [f"Boto3/{boto3.__version__} Botocore/{botocore.__version__} fast-lambda-layer"]
