"""What a plan says of sizes: the layers of a plan, as the prediction takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from builder.layer.layer import Layer
from builder.protocol.statuses import AT_REST, BUILDING, NO_BUILD
from builder.release.plan import Plan
from builder.sizes.candidate import Candidate


def candidate(layer: Layer, planned: Plan) -> Candidate:
    """Return a layer with the size of its release, unless another is to be built."""
    release, fingerprint = planned.release, planned.token.fingerprint
    is_built = planned.status in {*AT_REST, *NO_BUILD, BUILDING} or (
        release is not None and release.fingerprint == fingerprint
    )
    released = release.unzipped_size if release else None
    # Lambda's limit for layers is none for an image.
    is_due = not is_built and not layer.spec.image
    return Candidate(layer.spec, layer.root, fingerprint, is_due, released)


def foreseen(plans: Iterable[tuple[Layer, Plan]]) -> dict[str, dict[str, str]]:
    """Return the sizes of the layers that are due, by name, with the keys of the plan hook."""
    return sizes_of({layer.name: candidate(layer, planned) for layer, planned in plans})


def sizes_of(candidates: Mapping[str, Candidate]) -> dict[str, dict[str, str]]:
    """Return the sizes of those candidates that are due, by name."""
    if not any(candidate.due for candidate in candidates.values()):
        return {}
    # Only here: a plan that finds nothing to do does not wait for its imports.
    from builder.sizes.plan_sizes import plan_sizes

    return plan_sizes(candidates)
