import pytest

from builder.layer.attempt import Attempt
from builder.layer.token import Token
from tests.builder.remembered import A, B, attempt_of


@pytest.mark.parametrize(
    ("last", "fresh", "build_id", "expected"),
    [
        (None, False, "", (False, 0)),
        (None, True, "", (True, 2)),
        (attempt_of(1, B, build_id="x"), False, "", (False, 0)),
        (attempt_of(1, B, build_id="x", failure="no"), False, "", (False, 0)),
        # A build that goes on is joined,
        (attempt_of(1, build_id="x"), False, "x", (False, 0)),
        # but not by who wants a new one, unless it is what they asked for before.
        (attempt_of(1, build_id="x"), True, "", (True, 2)),
        (attempt_of(1, build_id="x", fresh=True, since=1), True, "x", (True, 1)),
        (attempt_of(1, build_id="x", fresh=True, since=1), False, "x", (True, 1)),
        # A failed build is not joined, and what it left is not trusted.
        (attempt_of(1, build_id="x", failure="no"), False, "", (True, 0)),
        (attempt_of(1, build_id="x", failure="no"), True, "", (True, 2)),
        # A retry is no forced rebuild.
        (attempt_of(1, build_id="x", fresh=True), True, "", (True, 2)),
    ],
)
def test_the_next_attempt_goes_on_with_the_last_one_if_that_is_what_it_wants(
    last: Attempt | None, fresh: bool, build_id: str, expected: tuple[bool, int]
) -> None:
    attempt = Attempt.after(last, Token(A, 2), fresh=fresh, reason="why", started_at="now")

    assert (attempt.token, attempt.reason, attempt.failure) == (Token(A, 2), "why", "")
    assert attempt.build_id == build_id
    assert (attempt.fresh, attempt.since) == expected


RUN = {"python3.12": "x", "python3.13": "y"}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_retry_keeps_the_builds_that_did_not_fail(fresh: bool) -> None:
    last = attempt_of(1, builds=RUN, failure="no", failed=("python3.13",), since=int(fresh))

    attempt = Attempt.after(last, Token(A, 2), fresh=fresh, reason="why", started_at="now")

    assert attempt.builds == {"python3.12": "x"}
    assert (attempt.failed, attempt.build_id) == ((), "")
    assert attempt.since == int(fresh)
    assert [attempt.since_of(name) for name in ("python3.12", "python3.13", "")] == [
        int(fresh), 2, 2,
    ]  # fmt: skip
    assert [attempt.distrusts(name) for name in ("python3.12", "python3.13", "")] == [
        fresh, True, True,
    ]  # fmt: skip


def test_what_failed_twice_is_distrusted_from_the_last_time_on() -> None:
    last = attempt_of(2, builds={"python3.12": "x"}, failure="no", failed=("python3.13",),
                      distrust={"python3.12": 2, "python3.13": 2, "": 2})  # fmt: skip

    attempt = Attempt.after(last, Token(A, 3), fresh=False, reason="why", started_at="now")

    assert attempt.distrust == {"python3.12": 2, "python3.13": 3, "": 3}


def test_who_forces_a_rebuild_after_a_failure_gets_everything_anew() -> None:
    last = attempt_of(1, builds=RUN, failure="no", failed=("python3.13",))

    attempt = Attempt.after(last, Token(A, 2), fresh=True, reason="why", started_at="now")

    assert (attempt.builds, attempt.since) == ({}, 2)


def test_an_attempt_that_goes_on_knows_its_builds() -> None:
    last = attempt_of(1, builds=RUN, build_id="m", distrust={"": 1})

    attempt = Attempt.after(last, Token(A, 2), fresh=False, reason="why", started_at="now")

    assert attempt.all_builds == {**RUN, "": "m"}
    assert attempt.distrust == {"": 1}


def test_an_attempt_is_open_until_it_is_known_to_have_failed() -> None:
    assert attempt_of(1, build_id="x").is_open
    assert not attempt_of(1, build_id="x", failure="no").is_open
