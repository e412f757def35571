import sys
from pathlib import Path

import pytest

from builder.errors import LayerError
from embedded import leash
from embedded.processes import base_environment, bind, rebind, wait_until_healthy

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The ports that Linux gives to those who name none (ip(7))."""


def test_a_process_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with bind() as listener:
        port = listener.getsockname()[1]
        child = leash.start([sys.executable, "-c", "raise SystemExit('no luck')"], output=log)
        with child, pytest.raises(LayerError) as caught:
            wait_until_healthy("the thing", child, port, "/", log)
    assert "the thing ended with status 1" in str(caught.value)
    assert "no luck" in str(caught.value)


@pytest.mark.skipif(not RANGE.exists(), reason="looks into /proc")
def test_a_port_is_none_that_another_gets_who_asks_for_any() -> None:
    """A port that was free for a moment was taken by a connection before it was bound again."""
    with bind() as listener:
        port = listener.getsockname()[1]
    lowest, highest = map(int, RANGE.read_text().split())
    assert not lowest <= port <= highest
    with rebind(port) as again:
        assert again.getsockname()[1] == port


def test_a_port_that_somebody_has_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with bind() as taken, bind() as other:
        free = other.getsockname()[1]
        other.close()
        tried = [taken.getsockname()[1], free]
        monkeypatch.setattr("embedded.processes.random.sample", lambda _ports, _count: tried)
        with bind() as listener:
            assert listener.getsockname()[1] == free


def test_where_all_are_had_the_system_gives_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with bind() as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr("embedded.processes.random.sample", lambda _ports, _count: [port])
        with bind() as listener:
            assert listener.getsockname()[1] not in {0, port}


def test_our_processes_get_no_aws_settings_of_the_users() -> None:
    found = base_environment({"PATH": "/bin", "AWS_PROFILE": "production", "SECRET": "x"})
    assert found == {
        "PATH": "/bin",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
