import threading

import pytest

from embedded.aws import EmbeddedAws
from embedded.standins.aws.identity import Region
from embedded.standins.errors import ProviderError
from tests.embedded.standins.conftest import Stack


def test_where_the_provider_works(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(
        {},
        data={
            "aws_caller_identity": {"it": {}},
            "aws_region": {"it": {}},
            "aws_partition": {"it": {}},
        },
        output={
            "account": {"value": "${data.aws_caller_identity.it.account_id}"},
            "region": {"value": "${data.aws_region.it.region}"},
            "partition": {"value": "${data.aws_partition.it.partition}"},
            "suffix": {"value": "${data.aws_partition.it.dns_suffix}"},
        },
    )
    stack.apply()
    assert stack.terraform.outputs() == {
        "account": aws.identity.account,
        "region": aws.identity.region,
        "partition": "aws",
        "suffix": "amazonaws.com",
    }
    assert stack.changes() == {}


def test_a_region_that_does_not_exist_is_refused(aws: EmbeddedAws) -> None:
    config = {"region": "eu-middle-1", "name": None, "endpoint": None, "id": None}
    with pytest.raises(ProviderError, match="no matching EC2 Region"):
        Region().read(None, config, threading.Event())  # type: ignore[arg-type] # not needed
