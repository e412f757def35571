"""What Terraform's `data "external"` asks the hooks: a JSON object of strings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from builder.aws.services import Services, connect
from builder.aws.session import SAME_CREDENTIALS, Credentials, Session
from builder.documents import Malformed, read_json, typed
from builder.errors import Denied, LayerError, SpecError
from builder.layer.connected import services_at
from builder.layer.layer import Layer
from builder.layer.site import Site
from builder.spec.layer_spec import LayerSpec

MANY_LAYERS = 10
"""Layers from which on a plan lists those of the account: Lambda takes 15 calls a second of all
that an account does (AWS Lambda developer guide, "Lambda quotas", control plane API requests)."""


@dataclass(frozen=True)
class Query:
    """What Terraform asks: where, as who, which layers and how (docs/protocol.md)."""

    fields: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read the JSON object of strings that the external provider writes to stdin."""
        try:
            document = typed(dict[str, str | None], read_json(text))
        except Malformed as error:
            raise _bad_query(str(error)) from error
        return cls({key: value for key, value in document.items() if value is not None})

    def __getitem__(self, key: str) -> str:
        if key not in self.fields:
            raise _bad_query(f"it has no {key!r}")
        return self.fields[key]

    def get(self, key: str) -> str:
        """Return an optional field, "" when it is absent."""
        return self.fields.get(key, "")

    def flag(self, key: str) -> bool:
        """Return a boolean field."""
        return self.get(key) == "true"

    def with_flag(self, key: str) -> Query:
        """Return the query with a flag set."""
        return Query({**self.fields, key: "true"})

    @property
    def debugs(self) -> bool:
        """Whether debug mode is asked for any layer."""
        return any(k.rpartition(".")[2] == "debug_mode" and self.flag(k) for k in self.fields)

    @property
    def waits(self) -> bool:
        """Whether the release hook waits for builds."""
        return self.get("sync_mode") in {"", "true"}

    def each(self) -> dict[str, Query]:
        """Return the question about each layer: what is asked of all, and its own.

        Raise SpecError when there is none.
        """
        shared = {key: value for key, value in self.fields.items() if "." not in key}
        own: dict[str, dict[str, str]] = {}
        for key, value in self.fields.items():
            name, dot, field = key.partition(".")
            if dot:
                own.setdefault(name, {})[field] = value
        if not own:
            raise _bad_query("it names no layer, which may be an older version's: synthesize again")
        return {name: Query({**shared, **fields}) for name, fields in own.items()}

    def connect(self, looks_at: Collection[str] = ()) -> Services:
        """Return the services of the application.

        ``looks_at`` names the layers in Lambda that a plan looks at, at once and once.

        Raise CredentialsError when they are those of another account than Terraform's.
        """
        session = self._session()
        session.require(self["account"])
        layers = None
        if len(looks_at) >= MANY_LAYERS:
            # Only here: who has few layers does not wait for its import.
            from builder.aws.listed_layers import ListedLayers

            layers = ListedLayers(session, looks_at)
        return connect(session, bucket=self["bucket"], project=self["project"], layers=layers)

    def lacking_roles(self, names: Sequence[str], pool: Executor) -> set[str]:
        """Return which of these roles are known not to be there; nothing is asked about none."""
        if not names:
            return set()
        # Only here: who makes the roles with the stack does not wait for its imports.
        from builder.aws.iam import Iam

        lacks = pool.map(Iam(self._session()).lacks_role, names)
        return {name for name, is_lacking in zip(names, lacks, strict=True) if is_lacking}

    @property
    def roles(self) -> list[str]:
        """The names of the roles that have to be there, where the stack does not make them."""
        return self.get("roles").split()

    def _session(self) -> Session:
        return Session(Credentials.parse(self.fields), self["region"])

    def as_who(self, error: Denied) -> Denied:
        """Return the error with who the hook is, which Terraform's provider need not be."""
        try:
            caller = self._session().caller
        except LayerError:
            return error
        return Denied(
            error.what,
            where=error.where,
            expected=error.expected,
            fix=f"{error.fix}. The hook is {caller}; if the aws provider is somebody else, "
            f"{SAME_CREDENTIALS}",
        )

    def layer(self, services: Services) -> Layer:
        """Return the layer that the query is about; raise SpecError when it cannot be one."""
        site = Site(
            layer_name=self["layer_name"],
            bucket=self["bucket"],
            project=self["project"],
            build_role=self["build_role"],
            log_group=self["log_group"],
            account=self["account"],
            region=self["region"],
            signing_key=self.get("signing_key"),
        )
        spec = LayerSpec.from_json(self["spec"])
        services = services_at(spec, site, services)
        return Layer(spec, Path(self["root"]).resolve(), site, services)


def _bad_query(problem: str) -> LayerError:
    return SpecError(
        f"the hook's query cannot be used: {problem}",
        where="standard input",
        expected='the JSON object that Terraform\'s data "external" writes (docs/protocol.md)',
        fix="the hooks are for Terraform; by hand use `lambda-layer plan` and `lambda-layer build`",
    )
