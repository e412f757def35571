from __future__ import annotations

import pytest

from builder.images.opt import BELOW, paths_on
from builder.images.push import base_of
from builder.images.reference import parse
from builder.images.registry import Registry
from tests.builder.images.conftest import Start

TASK_ROOT = "LAMBDA_TASK_ROOT=/var/task"


@pytest.mark.parametrize(
    ("variables", "paths"),
    [
        ((), {"PATH": "/opt/bin", "PYTHONPATH": "/opt/python"}),
        (("HOME=/root",), {"PATH": "/opt/bin", "PYTHONPATH": "/opt/python"}),
        # Its bootstrap looks into /opt/python, and with PYTHONPATH not into the function's folder.
        ((TASK_ROOT,), {"PATH": "/opt/bin"}),
        (("HOME=/root", TASK_ROOT), {"PATH": "/opt/bin"}),
    ],
)
def test_pythonpath_is_for_bases_that_are_not_lambdas(
    start: Start, variables: tuple[str, ...], paths: dict[str, str]
) -> None:
    served = start()
    served.image("python", "3", files={}, architecture="arm64", variables=variables)
    reference = parse(f"{served.host}/python:3", "test")

    assert paths_on(base_of(reference, "arm64", Registry(served.host))) == paths


def test_what_one_base_gets_is_not_changed_for_the_next(start: Start) -> None:
    served = start()
    served.image("lambda", "3", files={}, architecture="arm64", variables=(TASK_ROOT,))
    served.image("plain", "3", files={}, architecture="arm64")
    client = Registry(served.host)

    found = [
        paths_on(base_of(parse(f"{served.host}/{name}:3", "test"), "arm64", client))
        for name in ("lambda", "plain")
    ]
    assert ["PYTHONPATH" in paths for paths in found] == [False, True]


def test_packages_lie_where_lambda_unpacks_layers() -> None:
    assert BELOW == "opt"
