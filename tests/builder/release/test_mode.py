import pytest

from builder.release.mode import Mode, mode_of


@pytest.mark.parametrize("argument", [True, False])
@pytest.mark.parametrize("configured", [True, False, None])
@pytest.mark.parametrize("environment", [{}, {"CI": "true"}])
def test_the_argument_decides_whatever_else_is_said(
    argument: bool, configured: bool | None, environment: dict[str, str]
) -> None:
    assert mode_of(argument, configured, environment) == Mode(argument, "the argument")


@pytest.mark.parametrize("configured", [True, False])
@pytest.mark.parametrize("environment", [{}, {"CI": "true"}])
def test_the_configuration_decides_when_there_is_no_argument(
    configured: bool, environment: dict[str, str]
) -> None:
    assert mode_of(None, configured, environment) == Mode(configured, "sync_mode in layers.toml")


@pytest.mark.parametrize("value", ["true", "1", "yes", "woodpecker"])
def test_in_ci_releases_are_waited_for(value: str) -> None:
    assert mode_of(None, None, {"CI": value}) == Mode(waits=True, source="CI is set")


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}])
def test_releases_are_waited_for_when_nobody_says_anything(environment: dict[str, str]) -> None:
    assert mode_of(None, None, environment) == Mode(waits=True, source="the default")
