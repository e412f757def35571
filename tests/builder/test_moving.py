import pytest

from builder.errors import LayerError
from builder.moving import move_functions
from tests.builder.conftest import World
from tests.builder.test_rollback import function_of, layers_of


def test_every_function_is_moved_and_those_that_cannot_be_are_named(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    function_of(world, first)
    layer = world.layer(functions=("missing-one", world.name))
    said: list[str] = []

    with pytest.raises(LayerError, match="1 of 2 functions were not moved") as caught:
        move_functions(layer, second.layer_arn, said.append)

    assert "missing-one" in caught.value.where
    assert layers_of(world) == [second.layer_arn]
    assert said == [f"function {world.name} moved"]


def test_a_function_that_is_there_already_is_told(world: World) -> None:
    first = world.release()
    function_of(world, first)
    said: list[str] = []
    move_functions(world.layer(functions=(world.name,)), first.layer_arn, said.append)

    assert said == [f"function {world.name} is on it already"]
