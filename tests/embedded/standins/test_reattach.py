import json
from pathlib import Path

import pytest

from embedded.standins.reattach import reattached
from tests.embedded.standins.conftest import Stack


@pytest.mark.slow
def test_both_stand_ins_are_announced_and_end_with_the_block(schemas: Path) -> None:
    with reattached(schemas) as environment:
        where = json.loads(environment["TF_REATTACH_PROVIDERS"])
        processes = [Path(f"/proc/{server['Pid']}") for server in where.values()]
    assert sorted(where) == ["hashicorp/aws", "hashicorp/external"]
    assert not any(process.exists() for process in processes)


def test_two_configurations_of_the_provider_do_not_mix(stack: Stack) -> None:
    stack.write(
        {},
        provider={"aws": [{}, {"alias": "other", "region": "us-west-2"}]},
        data={"aws_region": {"here": {}, "there": {"provider": "aws.other"}}},
        output={
            name: {"value": f"${{data.aws_region.{name}.region}}"} for name in ("here", "there")
        },
    )
    stack.apply()
    assert stack.terraform.outputs() == {"here": "eu-central-1", "there": "us-west-2"}
