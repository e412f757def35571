"""A server that stays up for a whole run of tests: it does not grow with every command."""

import gc
import weakref
from dataclasses import dataclass
from typing import Any

from tf.gen import tfplugin_pb2 as pb

from embedded.standins import messages
from embedded.standins.protocol import CONNECTIONS, Served, Servicer
from embedded.standins.schema import Block, ProviderSchema


class Configured:
    """What configuring makes; it is large."""


@dataclass
class Context:
    """The connection of a terraform."""

    name: str

    def peer(self) -> str:
        """Name it."""
        return self.name


def test_configurations_of_connections_that_ended_are_let_go_and_those_in_use_stay() -> None:
    made: list[weakref.ref[Configured]] = []

    def configure(_config: dict[str, Any]) -> Configured:
        found = Configured()
        made.append(weakref.ref(found))
        return found

    schema = ProviderSchema(Block({}), {}, {})
    servicer = Servicer(schema, lambda: Served({}, {}, configure))
    used = Context("in use")
    request = pb.ConfigureProvider.Request(config=messages.value({}))
    servicer.configure_provider(request, used)
    for number in range(3 * CONNECTIONS):
        servicer.configure_provider(request, Context(str(number)))
        servicer._meta(used)
    gc.collect()

    assert made[0]() is not None
    assert len([one for one in made if one() is not None]) == CONNECTIONS


def test_a_terraform_that_asks_for_the_schema_alone_does_not_wait_for_the_provider() -> None:
    loaded: list[str] = []

    def load() -> Served[None]:
        loaded.append("the provider")
        return Served({}, {}, lambda _config: None)

    servicer = Servicer(ProviderSchema(Block({}), {"thing": Block({})}, {}), load)
    answers = [servicer.get_provider_schema(None, Context("any")) for _ in range(2)]

    assert loaded == []
    assert [list(answer.resource_schemas) for answer in answers] == [["thing"], ["thing"]]
    # Otherwise terraform asks again for each of its instances of the provider.
    assert answers[0].server_capabilities.get_provider_schema_optional
    servicer.configure_provider(
        pb.ConfigureProvider.Request(config=messages.value({})), Context("1")
    )
    servicer.configure_provider(
        pb.ConfigureProvider.Request(config=messages.value({})), Context("2")
    )
    assert loaded == ["the provider"]
