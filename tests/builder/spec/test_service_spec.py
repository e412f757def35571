from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.service_spec import ServiceSpec

RIGHT: dict[str, Any] = {
    "name": "ledger",
    "command": ["ledger", "{port}", "{data}"],
    "image_tag": "1",
    "vpc": "vpc-0123abcd",
    "subnets": ["subnet-0123abcd"],
}
IN_ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/ledger:1.2"


def spec(**changes: Any) -> ServiceSpec:
    return ServiceSpec(**{**RIGHT, **changes})


def test_lists_become_tuples_and_what_is_not_said_has_a_default() -> None:
    service = spec()

    assert service.command == ("ledger", "{port}", "{data}")
    assert service.subnets == ("subnet-0123abcd",)
    assert (service.cpu, service.memory, service.architecture) == (1024, 4096, "arm64")
    assert (service.public_address, service.force_destroy) == (False, False)


def test_names_in_aws_follow_from_the_name() -> None:
    service = spec(name="my-db")

    assert service.full_name("shop") == "shop-my-db"
    assert service.prefix == "my-db/"
    assert service.variable == "HYBRID_SERVICE_MY_DB"


def test_a_name_that_makes_a_bucket_too_long_is_refused() -> None:
    longest = spec(name="n" * 20)

    # 63 characters, with the longest name of a region that there is.
    bucket = f"{longest.full_name('a' * 13)}-123456789012-ap-southeast-1"
    assert len(bucket) <= 63
    with pytest.raises(SpecError, match="has 35 characters"):
        longest.full_name("a" * 14)


@pytest.mark.parametrize(
    "changes",
    [
        {"image": IN_ECR, "image_tag": ""},
        {"image": f"public.ecr.aws/x/y@sha256:{'a' * 64}", "image_tag": ""},
        {"image": f"ghcr.io/chroma-core/chroma:1.5.9@sha256:{'a' * 64}", "image_tag": ""},
        {"image": "localhost:5000/chroma:1", "image_tag": ""},
        {"cpu": 256, "memory": 512},
        {"cpu": 16384, "memory": 122880},
        {"vpc": "${var.vpc}", "subnets": ["${TfToken[TOKEN.3]}"]},
        {"vpc": "", "subnets": []},
        {"health": "/api/v2/heartbeat?x=${y}"},
        {"command": ["serve", "--listen=127.0.0.1:{port}"]},
    ],
    ids=str,
)
def test_what_is_right_is_taken(changes: dict[str, Any]) -> None:
    assert spec(**changes)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"name": "Ledger"}, "'Ledger' cannot name a service"),
        ({"name": "-a"}, "cannot name a service"),
        ({"name": "a_b"}, "cannot name a service"),
        ({"name": "n" * 21}, "cannot name a service"),
        ({"name": "layers"}, "'layers' cannot name a service"),
        ({"name": 7}, "name is 7"),
        ({"command": []}, r"command is \[\]"),
        ({"command": "ledger {port}"}, "command is one string"),
        ({"command": ["ledger", "", "{port}"]}, "command is"),
        ({"command": ["ledger", "{data}"]}, "does not say on which port to listen"),
        ({"image_tag": ""}, "the service has no image"),
        ({"image": IN_ECR}, "the service has two images"),
        ({"layer": "server"}, "the service has two images"),
        ({"layer": "Server", "image_tag": ""}, "layer is 'Server'"),
        ({"image": "chroma", "image_tag": ""}, "image is 'chroma'"),
        ({"image": "repo/${x}:1", "image_tag": ""}, "image is"),
        ({"image_tag": "a b"}, "image_tag is 'a b'"),
        ({"image_tag": "-1"}, "image_tag is '-1'"),
        ({"image_tag": "t" * 129}, "image_tag is"),
        ({"health": "api"}, "health is 'api'"),
        ({"health": "/a b"}, "health is '/a b'"),
        ({"health": "/a\r\nX: y"}, "health is"),
        ({"port": 80}, "port is 80"),
        ({"port": 65536}, "port is 65536"),
        ({"port": "8000"}, "port is '8000'"),
        ({"port": True}, "port is True"),
        ({"cpu": 1000}, "Fargate has no task with 1000 CPU units"),
        ({"cpu": [1024]}, "Fargate has no task with"),
        ({"memory": 1024}, "Fargate has no task with 1024 CPU units and 1024 MiB"),
        ({"memory": 4097}, "Fargate has no task with 1024 CPU units and 4097 MiB"),
        ({"architecture": "amd64"}, "architecture cannot be 'amd64'"),
        ({"ephemeral_storage": 20}, "ephemeral_storage is 20"),
        ({"ephemeral_storage": 201}, "ephemeral_storage is 201"),
        ({"vpc": "net"}, "vpc is 'net'"),
        ({"vpc": ""}, "the service has half a network"),
        ({"subnets": []}, "the service has half a network"),
        ({"subnets": ["subnet-x"]}, "'subnet-x' is no subnet"),
        ({"subnets": "subnet-0123abcd"}, "subnets is one string"),
        ({"subnets": ["subnet-0123abcd", "subnet-0123abcd"]}, "a subnet is named twice"),
        ({"public_address": "yes"}, "public_address is 'yes'"),
        ({"interval": 0}, "interval is 0"),
        ({"interval": 1.5}, "interval is 1.5"),
        ({"idle": 29}, "idle is 29"),
        ({"lifetime": 14 * 86400 + 1}, "lifetime is"),
        ({"start": 3601}, "start is 3601"),
        ({"starts_an_hour": 0}, "starts_an_hour is 0"),
        ({"noncurrent_days": 0}, "noncurrent_days is 0"),
        ({"force_destroy": 1}, "force_destroy is 1"),
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused_with_where_and_how(
    changes: dict[str, Any], what: str
) -> None:
    with pytest.raises(SpecError, match=what) as caught:
        spec(where="layers.toml [services.ledger]", **changes)

    assert "layers.toml [services.ledger], key " in caught.value.where
    assert caught.value.expected
    assert caught.value.fix
