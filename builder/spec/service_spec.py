"""A hybrid service (docs/hybrid.md), and the names in AWS that follow from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from builder.spec.checks import Check
from builder.spec.field import Place
from builder.spec.fields import check_values, default
from builder.spec.service_fields import MEMORY

NAME = re.compile(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?")
"""Names of services: with the application's they name a bucket (see ``names``)."""

RESERVED = "layers"
"""The application's bucket of layers is called so."""

ARCHITECTURE = "arm64"
"""That of a service that says none, and has no layer that does."""

LONGEST = 34
"""Characters of APP-NAME: a bucket's name (63) also holds account (12) and region (up to 14)."""


@dataclass(frozen=True)
class ServiceSpec:
    """A service: a command with its data that runs as one Fargate task while it is used.

    Times are seconds, sizes MiB (``memory``) and GiB (``ephemeral_storage``). The keys of
    ``[services.NAME]`` say what each is for (service_fields.py). ``architecture`` is "" only until
    a service with a ``layer`` has that one's (service_layers.py). ``vpc`` and ``subnets`` may be
    Terraform expressions; without them the task is in the network of ``[app]``.

    Raises :class:`~builder.errors.SpecError` when a value cannot be right.
    """

    name: str
    command: tuple[str, ...]
    layer: str = default("layer", Place.SERVICE)
    image_tag: str = default("image_tag", Place.SERVICE)
    image: str = default("image", Place.SERVICE)
    health: str = default("health", Place.SERVICE)
    port: int = default("port", Place.SERVICE)
    cpu: int = default("cpu", Place.SERVICE)
    memory: int = default("memory", Place.SERVICE)
    architecture: str = default("architecture", Place.SERVICE)
    ephemeral_storage: int = default("ephemeral_storage", Place.SERVICE)
    vpc: str = default("vpc", Place.SERVICE)
    subnets: tuple[str, ...] = default("subnets", Place.SERVICE)
    public_address: bool = default("public_address", Place.SERVICE)
    interval: int = default("interval", Place.SERVICE)
    idle: int = default("idle", Place.SERVICE)
    lifetime: int = default("lifetime", Place.SERVICE)
    start: int = default("start", Place.SERVICE)
    starts_an_hour: int = default("starts_an_hour", Place.SERVICE)
    noncurrent_days: int = default("noncurrent_days", Place.SERVICE)
    force_destroy: bool = default("force_destroy", Place.SERVICE)
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        check = self._check()
        if not NAME.fullmatch(check.text("name", self.name)) or self.name == RESERVED:
            raise check.error(
                "name",
                f"{self.name!r} cannot name a service",
                f"1 to 20 lower-case letters, digits and hyphens, a letter first; not {RESERVED}",
            )
        check_values(self, Place.SERVICE, check)
        named = [key for key in ("layer", "image_tag", "image") if getattr(self, key)]
        if len(named) != 1:
            raise check.error(
                named[-1] if named else "layer",
                "the service has two images" if named else "the service has no image",
                "one of layer, image_tag and image",
                "name a layer with image = true (layer), or an image that you push to the "
                "repository of the service (image_tag), or one elsewhere (image)",
            )
        if not self.layer:
            object.__setattr__(self, "architecture", self.architecture or ARCHITECTURE)
        if self.memory not in MEMORY[self.cpu]:
            known = ", ".join(map(str, MEMORY[self.cpu]))
            raise check.error(
                "memory",
                f"Fargate has no task with {self.cpu} CPU units and {self.memory} MiB",
                f"with cpu = {self.cpu} one of {known}",
            )
        if bool(self.vpc) != bool(self.subnets):
            raise check.error(
                "subnets", "the service has half a network", "vpc and subnets, or neither"
            )

    def full_name(self, app: str) -> str:
        """Return the name of what the service has in AWS; raise SpecError if it is too long."""
        name = f"{app}-{self.name}"
        if len(name) > LONGEST:
            raise self._check().error(
                "name",
                f"{name!r} has {len(name)} characters",
                f"at most {LONGEST} with the application's name: a bucket is named by both",
                "give the service a shorter name",
            )
        return name

    def bucket(self, app: str, account: str, region: str) -> str:
        """Return the name of the bucket with the service's data, in an application."""
        return f"{self.full_name(app)}-{account}-{region}"

    def log_group(self, app: str) -> str:
        """Return the log group of the service's tasks, in an application."""
        return f"/services/{self.full_name(app)}"

    @property
    def prefix(self) -> str:
        """Where the service's bucket has its objects."""
        return f"{self.name}/"

    @property
    def variable(self) -> str:
        """The variable that says to a function where the service is."""
        return "HYBRID_SERVICE_" + self.name.upper().replace("-", "_")

    def _check(self) -> Check:
        return Check(self.where or f"service {self.name!r}")
