import sys
from pathlib import Path

import pytest

from builder.errors import LayerError
from embedded import leash
from embedded.processes import base_environment, bind, wait_until_healthy


def test_a_process_that_does_not_come_up_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with bind() as listener:
        port = listener.getsockname()[1]
        child = leash.start([sys.executable, "-c", "raise SystemExit('no luck')"], output=log)
        with child, pytest.raises(LayerError) as caught:
            wait_until_healthy("the thing", child, port, "/", log)
    assert "the thing ended with status 1" in str(caught.value)
    assert "no luck" in str(caught.value)


def test_our_processes_get_no_aws_settings_of_the_users() -> None:
    found = base_environment({"PATH": "/bin", "AWS_PROFILE": "production", "SECRET": "x"})
    assert found == {
        "PATH": "/bin",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
