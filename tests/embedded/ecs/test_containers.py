from __future__ import annotations

import ipaddress

from embedded.ecs.containers import network_of


def test_no_two_embedded_aws_of_a_machine_give_tasks_the_same_addresses() -> None:
    networks = [ipaddress.ip_network(f"{network_of(port)}.0/24") for port in range(1024, 1 << 16)]
    assert len(set(networks)) == len(networks)
    assert all(network.is_loopback for network in networks)
    assert ipaddress.ip_network("127.0.0.0/24") not in networks
