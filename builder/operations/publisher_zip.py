"""The publisher function's zip of the module for HCL: stored where Lambda takes it from."""

from __future__ import annotations

from builder.aws.store import Store
from builder.errors import PlanOutdated
from builder.inputs.publisher_code import key_of, publisher_files, zip_of


def upload(store: Store, key: str) -> None:
    """Store the zip that was planned; raise PlanOutdated where this builder makes another one."""
    content = zip_of(publisher_files())
    if key != key_of(content):
        raise PlanOutdated(
            "another version of lambda-layer made the plan: its publisher function is another one",
            where=f"planned {key}, made here {key_of(content)}",
            expected="the same version at plan and apply",
            fix="run plan again and apply that plan",
        )
    store.write(key, content, "application/zip")
