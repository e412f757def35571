from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from embedded.ecs import images
from embedded.ecs.containers import Containers, network_of


@pytest.mark.slow
def test_no_two_embedded_aws_of_a_machine_give_tasks_the_same_addresses() -> None:
    networks = [ipaddress.ip_network(f"{network_of(port)}.0/24") for port in range(1024, 1 << 16)]
    assert len(set(networks)) == len(networks)
    assert all(network.is_loopback for network in networks)
    assert ipaddress.ip_network("127.0.0.0/24") not in networks


def test_a_volume_moves_what_the_task_is_told_and_not_what_the_image_has(tmp_path: Path) -> None:
    told = {"PYTHONPATH": f"{tmp_path}/packages"}
    images.make(tmp_path / "images", "shop:1", {"python3": Path(sys.executable)}, told)
    mounted = str(tmp_path)  # as /tmp is, where this machine may have its state
    definition = {"mountPoints": [{"sourceVolume": "scratch", "containerPath": mounted}]}
    containers = Containers(tmp_path, "eu-west-1", "http://127.0.0.1:9", lambda *_: definition)
    code = "import os; print(os.environ['PYTHONPATH'], os.environ['HOME'], flush=True)"
    words: Any = {"environment": {"HOME": mounted}, "command": ["python3", "-c", code]}

    container = containers.run("shop:1", name="c", labels={}, **words)

    (said,) = container.logs()
    path, home = said.decode().split(" ")
    assert path == told["PYTHONPATH"]
    assert home.endswith(f"{os.sep}scratch")
    container.remove()
