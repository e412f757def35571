import pytest

from builder.errors import AwsError
from tests.builder.conftest import World


def write(world: World, count: int) -> str:
    """Write numbered lines into a stream, return the group's name."""
    group = f"/{world.name}"
    logs = world.aws.client("logs")
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    if count:
        logs.put_log_events(
            logGroupName=group, logStreamName="s",
            logEvents=[
                {"timestamp": 1_700_000_000_000 + n, "message": f"line {n}\n"} for n in range(count)
            ],
        )  # fmt: skip
    return group


def test_the_tail_is_the_last_lines_in_order_without_line_ends(world: World) -> None:
    group = write(world, 50)

    assert world.services.logs.tail(group, "s", 3) == ["line 47", "line 48", "line 49"]
    assert len(world.services.logs.tail(group, "s", 100)) == 50


def test_a_log_is_followed_from_position_to_position(world: World) -> None:
    group = write(world, 3)
    logs = world.services.logs

    lines, position = logs.follow(group, "s", None)
    assert lines == ["line 0", "line 1", "line 2"]
    nothing, again = logs.follow(group, "s", position)
    assert nothing == []

    world.aws.client("logs").put_log_events(
        logGroupName=group, logStreamName="s",
        logEvents=[{"timestamp": 1_700_000_001_000, "message": "more"}],
    )  # fmt: skip
    more, _ = logs.follow(group, "s", again)
    assert more == ["more"]


def test_a_log_is_read_from_a_time_on(world: World) -> None:
    group = write(world, 3)
    logs = world.services.logs

    lines, position = logs.follow(group, "s", None, since=1_700_000_000.002)
    assert lines == ["line 2"]
    assert logs.follow(group, "s", position, since=1_700_000_000.002)[0] == []


@pytest.mark.parametrize(("group", "stream"), [("/gone", "s"), (None, "gone")])
def test_a_log_that_is_not_there_is_empty(world: World, group: str | None, stream: str) -> None:
    group = group or write(world, 1)

    assert world.services.logs.tail(group, stream, 5) == []
    assert world.services.logs.follow(group, stream, "here") == ([], "here")


def test_who_may_not_read_logs_is_reported(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    group = write(world, 1)
    world.become(monkeypatch, "sts:GetCallerIdentity")

    with pytest.raises(AwsError, match="may not logs:GetLogEvents"):
        world.services.logs.tail(group, "s", 1)
