from builder.inputs.fingerprint import Inputs
from builder.inputs.source_files import source_files
from builder.layer.token import Token
from builder.protocol.keys import LayerKeys
from tests.builder.conftest import World


def test_a_layer_reads_its_sources_once_and_fingerprints_them(world: World) -> None:
    layer = world.layer()
    before = layer.fingerprint
    world.edit()

    assert layer.files != source_files(layer.spec, world.root)
    assert layer.fingerprint == before
    assert world.layer().fingerprint != before


def test_a_layers_objects_lie_below_its_name(world: World) -> None:
    layer = world.layer()

    assert layer.keys == LayerKeys("web")
    assert layer.records.url == f"s3://{world.name}/web/record.json"


def test_the_approval_is_what_terraform_wrote(world: World) -> None:
    layer = world.layer()
    assert layer.approved() is None

    world.put("web/approved", f"{'a' * 64}#7".encode())
    assert layer.approved() == Token("a" * 64, 7)


def test_the_inputs_of_an_earlier_release_are_read_or_none(world: World) -> None:
    layer = world.layer()
    assert layer.recorded_inputs("abc") is None

    world.put("web/inputs/abc.json", Inputs({"a": "1"}, {}).to_json().encode())
    assert layer.recorded_inputs("abc") == Inputs({"a": "1"}, {})

    world.put("web/inputs/abc.json", b"\xff\xfe")
    assert layer.recorded_inputs("abc") is None
