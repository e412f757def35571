from typing import Any

from builder.aws.services import connect
from builder.aws.session import Credentials, Session
from tests.builder.conftest import World


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
