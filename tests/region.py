"""Where programs of ours run in tests: in a region that AWS_REGION alone names."""

from collections.abc import Mapping


def by_aws_region_alone(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without AWS_DEFAULT_REGION.

    boto3 reads that one by itself, and where both are set it hides that AWS_REGION has to be read.
    """
    return {name: value for name, value in environment.items() if name != "AWS_DEFAULT_REGION"}
