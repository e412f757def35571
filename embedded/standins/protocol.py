"""Terraform's plugin protocol, version 6: requests in, answers out."""

from __future__ import annotations

import copy
import json
import threading
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeAlias

from tf.gen import tfplugin_pb2 as pb

from embedded.standins import messages
from embedded.standins.checks import Check, unconfigurable
from embedded.standins.errors import ProviderError
from embedded.standins.planning import fill, settle
from embedded.standins.resource import DataSource, M, Resource
from embedded.standins.schema import Block, ProviderSchema
from embedded.standins.values import State, decode, known

Message: TypeAlias = Any
"""A request or an answer: the generated classes carry no types."""

Context: TypeAlias = Any
"""gRPC's ServicerContext, which is not typed."""

CONNECTIONS = 64
"""Connections whose configuration is kept, those used last: nothing says that one has ended."""


@dataclass(frozen=True)
class Served(Generic[M]):
    """A provider: what it does for each type, and how it is configured."""

    resources: Mapping[str, Resource[M]]
    data_sources: Mapping[str, DataSource[M]]
    configure: Callable[[State], M]


class Servicer(Generic[M]):
    """Answers terraform.

    ``load`` gives the provider when it is needed: of three processes that terraform starts one is
    asked for the schema and nothing else.

    What configuring made is kept by connection: a server that stays up (reattached) serves several
    terraform processes, and several configurations of the provider, at once.
    """

    def __init__(self, schema: ProviderSchema, load: Callable[[], Served[M]]) -> None:
        self._schema = schema
        self._load = load
        self._configured: OrderedDict[str, M] = OrderedDict()
        self._running: dict[threading.Event, str] = {}
        self._lock = threading.Lock()

    @cached_property
    def _served(self) -> Served[M]:
        return self._load()

    def prepare(self) -> None:
        """Load the provider now, and not with the first question about it."""
        self._served  # noqa: B018 - it is kept

    def interrupt(self, peer: str | None = None) -> None:
        """Interrupt what runs for one connection, or for all of them."""
        with self._lock:
            for event, owner in self._running.items():
                if peer in (None, owner):
                    event.set()

    @contextmanager
    def _interruptible(self, context: Context) -> Iterator[threading.Event]:
        """Give an event that is set by an interrupt, and by terraform's death."""
        event = threading.Event()
        with self._lock:
            self._running[event] = context.peer()
        if not context.add_callback(event.set):
            event.set()  # the call has ended already
        try:
            yield event
        finally:
            with self._lock:
                del self._running[event]

    def _meta(self, context: Context) -> M:
        with self._lock:
            self._configured.move_to_end(context.peer())
            return self._configured[context.peer()]

    def get_metadata(self, request: Message, context: Context) -> Message:
        """Name the types that are served."""
        return pb.GetMetadata.Response(
            resources=[{"type_name": name} for name in self._schema.resources],
            data_sources=[{"type_name": name} for name in self._schema.data_sources],
        )

    def get_provider_schema(self, request: Message, context: Context) -> Message:
        """Return the schema of every type."""
        return self._schema_answer

    @cached_property
    def _schema_answer(self) -> Message:
        schema = self._schema
        return pb.GetProviderSchema.Response(
            # Like the real ones: a terraform asks once, and not for each of its instances.
            server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True),
            provider=messages.schema(schema.provider),
            resource_schemas={n: messages.schema(b) for n, b in schema.resources.items()},
            data_source_schemas={n: messages.schema(b) for n, b in schema.data_sources.items()},
        )

    def validate_provider_config(self, request: Message, context: Context) -> Message:
        """Accept the provider's configuration; configuring judges it."""
        return pb.ValidateProviderConfig.Response()

    def validate_resource_config(self, request: Message, context: Context) -> Message:
        """Refuse what the type's checks refuse."""
        name = request.type_name
        block, checks = self._block(name), self._served.resources[name].facts.checks
        return pb.ValidateResourceConfig.Response(diagnostics=_refused(block, checks, request))

    def validate_data_resource_config(self, request: Message, context: Context) -> Message:
        """Refuse what the type's checks refuse."""
        name = request.type_name
        block = self._schema.data_sources[name]
        checks = self._served.data_sources[name].checks
        return pb.ValidateDataResourceConfig.Response(diagnostics=_refused(block, checks, request))

    def configure_provider(self, request: Message, context: Context) -> Message:
        """Keep the configuration for this connection."""
        answer = pb.ConfigureProvider.Response()
        with _diagnosing(answer, "configuring the provider"):
            configured = self._served.configure(known(decode(request.config)))
            with self._lock:
                self._configured[context.peer()] = configured
                self._configured.move_to_end(context.peer())
                if len(self._configured) > CONNECTIONS:
                    self._configured.popitem(last=False)
        return answer

    def upgrade_resource_state(self, request: Message, context: Context) -> Message:
        """Bring a stored state into the shape of the schema."""
        block = self._block(request.type_name)
        stored = json.loads(request.raw_state.json)
        state = {name: stored.get(name, empty) for name, empty in block.empty().items()}
        return pb.UpgradeResourceState.Response(upgraded_state=messages.value(state))

    def read_resource(self, request: Message, context: Context) -> Message:
        """Return the state as it is now; null when the object is gone."""
        answer = pb.ReadResource.Response(new_state=request.current_state, private=request.private)
        state = decode(request.current_state)
        with _diagnosing(answer, f"reading {request.type_name} ({state.get('id')})"):
            resource = self._served.resources[request.type_name]
            found = resource.read(self._meta(context), copy.deepcopy(state))
            answer.new_state.CopyFrom(messages.value(known(found)))
        return answer

    def plan_resource_change(self, request: Message, context: Context) -> Message:
        """Plan a creation, a change or a removal."""
        answer = pb.PlanResourceChange.Response(
            planned_state=request.proposed_new_state,
            planned_private=request.prior_private,
            legacy_type_system=True,
        )
        prior, config = decode(request.prior_state), decode(request.config)
        proposed = decode(request.proposed_new_state)
        if proposed is None:
            return answer
        block = self._block(request.type_name)
        with _diagnosing(answer, f"planning {request.type_name}"):
            resource = self._served.resources[request.type_name]
            planned = fill(block, resource.facts, prior, proposed, config)
            resource.plan(self._meta(context), prior, planned, config)
            plan = settle(block, resource.facts, prior, planned)
            answer.planned_state.CopyFrom(messages.value(plan.planned))
            answer.requires_replace.extend(messages.attribute_path((n,)) for n in plan.replace)
        return answer

    def apply_resource_change(self, request: Message, context: Context) -> Message:
        """Do what was planned."""
        answer = pb.ApplyResourceChange.Response(
            new_state=request.prior_state, private=request.planned_private, legacy_type_system=True
        )
        resource, meta = self._served.resources[request.type_name], self._meta(context)
        prior, planned = decode(request.prior_state), decode(request.planned_state)
        doing = f"{_verb(prior, planned)} {request.type_name} ({_called(prior or planned)})"
        with _diagnosing(answer, doing):
            if planned is None:
                resource.delete(meta, prior)
                new = None
            else:
                resource.prepare(meta, planned)
                if prior is None:
                    new = resource.create(meta, planned)
                else:
                    new = resource.update(meta, prior, planned)
            answer.new_state.CopyFrom(messages.value(known(new)))
        return answer

    def import_resource_state(self, request: Message, context: Context) -> Message:
        """Return a state with nothing but the id; terraform reads it next."""
        state = {**self._block(request.type_name).empty(), "id": request.id}
        imported = pb.ImportResourceState.ImportedResource(
            type_name=request.type_name, state=messages.value(state)
        )
        return pb.ImportResourceState.Response(imported_resources=[imported])

    def read_data_source(self, request: Message, context: Context) -> Message:
        """Read a data source."""
        answer = pb.ReadDataSource.Response()
        data_source = self._served.data_sources[request.type_name]
        with (
            self._interruptible(context) as interrupted,
            _diagnosing(answer, f"reading data.{request.type_name}"),
        ):
            data = data_source.read(self._meta(context), decode(request.config), interrupted)
            answer.state.CopyFrom(messages.value(known(data)))
        return answer

    def stop_provider(self, request: Message, context: Context) -> Message:
        """Interrupt what runs for this connection."""
        self.interrupt(context.peer())
        return pb.StopProvider.Response()

    def _block(self, type_name: str) -> Block:
        return self._schema.resources[type_name]


def _verb(prior: State | None, planned: State | None) -> str:
    if planned is None:
        return "deleting"
    return "creating" if prior is None else "updating"


def _called(state: State) -> str:
    names = (state.get(n) for n in ("id", "name", "function_name", "bucket", "role", "rule"))
    return next((name for name in names if isinstance(name, str) and name), "")


def _refused(block: Block, checks: tuple[Check, ...], request: Message) -> list[Message]:
    config = decode(request.config)
    return [
        messages.diagnostic(error)
        for check in (unconfigurable(block), *checks)
        for error in check(config)
    ]


@contextmanager
def _diagnosing(answer: Message, doing: str) -> Iterator[None]:
    """Turn what goes wrong into a diagnostic of the answer."""
    try:
        yield
    except ProviderError as error:
        answer.diagnostics.append(messages.diagnostic(error))
        if error.state is not None:
            answer.new_state.CopyFrom(messages.value(known(error.state)))
    except Exception as error:
        detail = "" if _from_aws(error) else traceback.format_exc()
        failed = ProviderError(f"{doing}: {error}", detail)
        answer.diagnostics.append(messages.diagnostic(failed))


def _from_aws(error: Exception) -> bool:
    return type(error).__module__.startswith(("botocore", "boto3"))
