"""Data sources that say where the provider works.

Source of the facts: documentation of hashicorp/aws 6.25, data sources aws_caller_identity,
aws_partition and aws_region.
"""

from __future__ import annotations

import threading

from embedded.standins.aws.connection import Connection, loader, partition
from embedded.standins.errors import ProviderError
from embedded.standins.resource import DataSource
from embedded.standins.values import State

_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


class CallerIdentity(DataSource[Connection]):
    """``aws_caller_identity``."""

    def read(self, meta: Connection, config: State, interrupted: threading.Event) -> State:
        """Ask STS who we are."""
        found = meta.client("sts").get_caller_identity()
        account = found["Account"]
        return {
            "account_id": account,
            "arn": found["Arn"],
            "user_id": found["UserId"],
            "id": account,
        }


class Partition(DataSource[Connection]):
    """``aws_partition``."""

    def read(self, meta: Connection, config: State, interrupted: threading.Event) -> State:
        """Return the partition of the provider's region."""
        suffix = _SUFFIXES.get(meta.partition, "amazonaws.com")
        return {
            "dns_suffix": suffix,
            "id": meta.partition,
            "partition": meta.partition,
            "reverse_dns_prefix": ".".join(reversed(suffix.split("."))),
        }


class Region(DataSource[Connection]):
    """``aws_region``."""

    def read(self, meta: Connection, config: State, interrupted: threading.Event) -> State:
        """Return the configured region, or the provider's."""
        region = config["region"] or config["name"] or _of_endpoint(config) or meta.region
        suffix = _SUFFIXES.get(partition(region), "amazonaws.com")
        regions = loader().load_data("endpoints")["partitions"]
        names = {name: found for part in regions for name, found in part["regions"].items()}
        if region not in names:
            raise ProviderError(f"no matching EC2 Region found: {region}", path=("region",))
        return {
            "description": names[region]["description"],
            "endpoint": f"ec2.{region}.{suffix}",
            "id": region,
            "name": region,
            "region": region,
        }


def _of_endpoint(config: State) -> str | None:
    return config["endpoint"].split(".")[1] if config["endpoint"] else None
