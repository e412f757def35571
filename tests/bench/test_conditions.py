"""The line that says under which conditions was measured."""

from bench.conditions import Conditions, shares


def test_the_share_that_the_host_took_is_told() -> None:
    before, after = (10, 0, 10, 10, 0, 0, 0, 10), (20, 0, 20, 40, 0, 0, 0, 60)

    assert shares(before, after) == "50.0% of the processors stolen, 30% idle"


def test_a_system_that_does_not_tell_is_not_guessed_about() -> None:
    assert shares((), ()) == "steal unknown"


def test_the_loop_is_told_from_its_fastest_to_its_slowest_run() -> None:
    conditions = Conditions()
    conditions.look()
    conditions.loops += [0.0, 99.0]

    assert "took 0.000 to 99.000 processor s" in conditions.said()
