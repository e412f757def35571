"""What a run of the harness left: versions and builds too many, or lost."""

from __future__ import annotations

from dataclasses import dataclass

from tests.soak.place import Place


@dataclass(frozen=True)
class Found:
    """What is left of a layer; ``silence`` is the longest in which a process said nothing (s)."""

    name: str
    lost: int = 0
    doubled: int = 0
    builds_doubled: int = 0
    trouble: str = ""
    silence: float = 0.0

    @property
    def is_well(self) -> bool:
        """Whether one version of one build is left, and every process ended as it should."""
        return not (self.lost or self.doubled or self.builds_doubled or self.trouble)

    @classmethod
    def of(
        cls, name: str, place: Place, builds: int = 1, *, trouble: str = "", silence: float = 0.0
    ) -> Found:
        """Judge the layers of an application, each of which takes so many builds."""
        lost = doubled = 0
        for layer in place.layers:
            versions = place.versions(layer)
            current = place.record(layer).current if versions else None
            lost += current is None or current.version not in versions
            doubled += max(0, len(versions) - 1)
        made = place.builds()
        # A build that failed is made again, and rightly so; that it failed is a trouble of its own.
        failed = [
            build for build in made if build["buildStatus"] not in ("SUCCEEDED", "IN_PROGRESS")
        ]
        ends = [f"build {build['id']} ended {build['buildStatus']}" for build in failed]
        trouble = "; ".join(filter(None, (trouble, *ends)))
        more = max(0, len(made) - len(failed) - builds * len(place.layers))
        return cls(name, lost, doubled, more, trouble, silence)
