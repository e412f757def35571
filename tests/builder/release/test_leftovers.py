"""What retired layers leave: versions that functions have, and their end."""

import pytest
from click.testing import CliRunner

from builder.aws.session import Credentials
from builder.cli import main
from builder.operations.retire import Retirement, retire
from builder.protocol.keys import leftovers
from builder.protocol.statuses import RELEASED
from builder.release.leftovers import note, noted, sweep
from builder.spec.app_spec import AppSpec
from tests.builder.conftest import World
from tests.builder.fleet import function_of
from tests.builder.publishing import begin, last, publisher


def retired_in_use(world: World) -> str:
    """Release the layer web, give it to a function, retire it; return the function's name."""
    release = world.release()
    name = function_of(world, "f", [release.layer_arn])
    site = world.layer().site
    retirement = Retirement(
        "web", site.layer_name, site.bucket, site.region, site.account, Credentials()
    )
    retire(world.services, retirement, progress=lambda _line: None)
    assert world.versions() == [1]
    assert world.keys("web/") == []
    assert world.keys("_retired") == [leftovers("web")]
    return name


def take_away(world: World, function: str) -> None:
    world.aws.client("lambda").update_function_configuration(FunctionName=function, Layers=[])


def test_a_release_of_another_layer_removes_what_no_function_has_any_more(world: World) -> None:
    function = retired_in_use(world)
    api = world.layer("api")

    said: list[str] = []
    world.release(api, progress=said.append)
    assert world.versions() == [1]
    assert f"which is used by {function}" in str(said)

    take_away(world, function)
    world.edit()
    world.release(world.layer("api"))
    assert (world.versions(), world.versions("api")) == ([], [1, 2])
    assert world.keys("_retired") == []


def test_in_async_mode_the_apply_that_starts_a_build_removes_it(world: World) -> None:
    take_away(world, retired_in_use(world))

    begin(world, world.layer("api"))

    assert (world.versions(), world.versions("api")) == ([], [])
    assert world.keys("_retired") == []


def test_the_publisher_leaves_retired_layers_alone_which_it_may_not_delete(world: World) -> None:
    api = world.layer("api")
    order = begin(world, api)
    event = last(world)
    take_away(world, retired_in_use(world))
    before = len(world.aws.calls())

    assert publisher(world).answer(event).what == RELEASED

    asked = {call.target for call in world.aws.calls()[before:] if world.name in call.target}
    assert not [target for target in asked if "_retired" in target]
    assert (world.versions(), world.versions("api")) == ([1], [order.token.number])


def test_pruning_any_layer_removes_it_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    function = retired_in_use(world)
    world.release(world.layer("api"))
    take_away(world, function)
    config = world.root / "layers.toml"
    config.write_text(
        f'[app]\nname = "{world.name}"\n'
        '[layers.api]\npackage = "src"\npython = ["3.12"]\narchitecture = "arm64"\n'
    )
    # By hand an application's bucket has the name that the stack gives it.
    site = world.layer("api").site
    monkeypatch.setattr("builder.layer.connected.site_of", lambda *_words, **_names: site)
    monkeypatch.setattr(AppSpec, "bucket", lambda *_arguments: world.name)

    command = ["--config", str(config), "prune", "api", "--keep", "1"]
    shown = CliRunner().invoke(main, command, catch_exceptions=False)
    assert (shown.exit_code, world.versions()) == (0, [1]), shown.output
    done = CliRunner().invoke(main, [*command, "--yes"], catch_exceptions=False)

    assert (done.exit_code, world.versions(), world.versions("api")) == (0, [], [1]), done.output


def test_a_layer_that_is_back_keeps_its_versions(world: World) -> None:
    function = retired_in_use(world)
    back = world.release()
    take_away(world, function)

    world.release(world.layer("api"))

    assert back.version == 1
    assert world.versions() == [1]
    assert world.keys("_retired") == []


def test_a_note_names_no_version_of_others(world: World) -> None:
    world.release()
    world.release(world.layer("api"))
    world.put(leftovers("other"), b'{"versions": [1]}')
    world.put("_retired/../web.json", b'{"versions": [1]}')
    world.put(leftovers("broken"), b"no JSON")

    sweep(world.services, AppSpec(world.name), lambda _line: None, world.services.functions.uses)

    assert (world.versions(), world.versions("api")) == ([1], [1])


def test_what_is_noted_is_read_again_and_forgotten_when_nothing_is_left(world: World) -> None:
    store = world.services.store
    note(store, "web", (3, 1), layer_name="a-web")
    assert noted(store, "web") == {1, 3}

    note(store, "web", (), layer_name="a-web")
    assert noted(store, "web") == frozenset()
    assert world.keys() == []


def test_without_a_bucket_there_is_nothing_to_remove(world: World) -> None:
    world.aws.client("s3").delete_bucket(Bucket=world.name)
    said: list[str] = []

    sweep(world.services, AppSpec(world.name), said.append, world.services.functions.uses)

    assert said == []


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"versions": [1e999]}', b'{"versions": ["1"]}', b"{}", b"[1]"]
)
def test_a_note_that_others_have_written_names_nothing(world: World, content: bytes) -> None:
    world.put(leftovers("web"), content)

    assert noted(world.layer().services.store, "web") == frozenset()
