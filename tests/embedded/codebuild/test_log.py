from embedded.codebuild.log import BATCH_EVENTS, EVENT_BYTES, BuildLog, batches, clip


def test_batches_fit_one_request() -> None:
    small = [{"timestamp": 1, "message": "x"}] * (BATCH_EVENTS + 1)
    large = [{"timestamp": 1, "message": "x" * 200_000}] * 6
    assert [len(batch) for batch in batches(small)] == [BATCH_EVENTS, 1]  # type: ignore[arg-type] # plain dicts
    assert [len(batch) for batch in batches(large)] == [5, 1]  # type: ignore[arg-type] # plain dicts
    assert batches([]) == []


def test_a_line_is_cut_to_what_an_event_holds() -> None:
    assert clip("short") == "short"
    assert len(clip("ä" * EVENT_BYTES).encode()) < EVENT_BYTES


def test_a_log_that_is_switched_off_takes_lines_and_ends() -> None:
    log = BuildLog(None, "group", "stream")
    log.open()
    log.line("nobody reads this")
    log.close()
