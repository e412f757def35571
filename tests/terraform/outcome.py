"""How a terraform command ended, what AWS was asked meanwhile, and what a plan says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from embedded.calls import Call
from embedded.terraform import Terraform


@dataclass(frozen=True)
class Outcome:
    """How a terraform command ended, and what AWS was asked meanwhile."""

    exit_code: int
    stdout: str
    stderr: str
    calls: Sequence[Call]

    @property
    def writes(self) -> list[str]:
        """Every call that could have changed something."""
        return [f"{c.service}:{c.operation} {c.target}" for c in self.calls if c.is_write]

    @property
    def builds(self) -> int:
        """How many builds were started."""
        return sum(call.operation == "StartBuild" for call in self.calls)

    @property
    def said(self) -> str:
        """All that terraform said, on one line and without the frames of its messages."""
        return " ".join((self.stdout + self.stderr).translate(FRAMES).split())


FRAMES = dict.fromkeys(map(ord, "│╷╵"), " ")


@dataclass(frozen=True)
class Planned(Outcome):
    """What a plan says; ``document`` is the plan as `terraform show -json` has it."""

    terraform: Terraform
    file: str
    address: Callable[[str], str]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The plan as JSON."""
        return self.terraform.plan_json(self.file)

    @property
    def changes(self) -> dict[str, list[str]]:
        """The actions of each resource that changes; reading data is none."""
        return {
            self.address(found["address"]): found["change"]["actions"]
            for found in self.document.get("resource_changes", [])
            if found["change"]["actions"] not in (["no-op"], ["read"])
        }

    @property
    def deferred(self) -> list[str]:
        """The data sources that are read during apply."""
        return [
            self.address(found["address"])
            for found in self.document.get("resource_changes", [])
            if found["change"]["actions"] == ["read"]
        ]

    def output(self, layer: str = "web") -> dict[str, Any]:
        """Return a layer's output as far as the plan knows it."""
        return dict(self.document["output_changes"][layer].get("after") or {})

    def unknown(self, layer: str = "web") -> Any:
        """Return what of a layer's output the plan does not know: a dict, or True for all."""
        return self.document["output_changes"][layer]["after_unknown"]

    def answer(self, layer: str = "web") -> dict[str, str]:
        """Return what the plan hook answered."""
        root = self.document["prior_state"]["values"]["root_module"]
        modules = [root, *root.get("child_modules", [])]
        state = [resource for module in modules for resource in module.get("resources", [])]
        (found,) = (r for r in state if r["address"].endswith("data.external.build_plan"))
        return dict(json.loads(found["values"]["result"][layer]))
