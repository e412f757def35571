"""Which hybrid services of an application have which images of a layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from builder.aws.functions import Use
from builder.aws.tasks import Clusters

RUNNING, NEXT = "a task", "the next task"


def services_with(clusters: Clusters, app: str, known: Mapping[str, str]) -> Iterator[Use]:
    """Yield what tasks run, and what the next ones will, of some images.

    ``known`` has the ARNs of a layer's versions by repository with digest or tag, as an image's
    address ends. Tasks are asked for last: one that starts meanwhile is of what was seen. A service
    starts its tasks in its own cluster alone: without that it has no next one. Raise AwsError where
    they may not be seen.
    """
    prefix = f"{app}-"
    there = set(clusters.names(prefix))
    following = ((name, has) for name, has in clusters.startable(prefix) if name in there)
    for what, found in ((NEXT, following), (RUNNING, clusters.running(prefix))):
        for name, images in found:
            arns = {known[end] for image in images if (end := image.partition("/")[2]) in known}
            for arn in sorted(arns):
                yield Use(f"service {name.removeprefix(prefix)}", what, arn)
