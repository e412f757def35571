import pytest

from builder.aws.parameters import Parameters
from builder.errors import AwsError
from tests.builder.conftest import World


def test_a_parameter_is_written_changed_and_deleted(world: World) -> None:
    parameters, name = Parameters(world.session), f"/layers/{world.name}"
    assert parameters.get(name) is None
    parameters.put(name, "one")
    parameters.put(name, "two")
    assert parameters.get(name) == "two"
    parameters.delete(name)
    parameters.delete(name)
    assert parameters.get(name) is None


def test_who_may_not_write_it_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.become(monkeypatch, "sts:GetCallerIdentity")
    with pytest.raises(AwsError, match="may not ssm:PutParameter"):
        Parameters(world.session).put(f"/layers/{world.name}", "x")
