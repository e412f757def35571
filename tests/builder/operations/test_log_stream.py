from builder.operations.log_stream import LogReader
from tests.builder.hybrid.samples import Parts, service_of

GROUP = "/services/shop-chroma"


def reader_of(streams: dict[str, list[str]]) -> LogReader:
    parts = Parts(None, [])
    parts.streams = streams
    return LogReader(service_of(parts).logs)


def test_each_line_comes_once_and_a_stream_has_an_end() -> None:
    streams = {"first": ["one", "two"]}
    reader = reader_of(streams)

    assert reader.read(GROUP, "first") == (["one", "two"], True)
    assert reader.read(GROUP, "first") == ([], False)

    streams["first"].append("three")
    assert reader.read(GROUP, "first") == (["three"], True)


def test_another_stream_is_read_from_its_start_and_one_without_a_name_is_awaited() -> None:
    reader = reader_of({"first": ["one", "two"], "next": ["of the next"]})

    assert reader.read(GROUP, "") == ([], False)
    assert reader.read(GROUP, "first")[0] == ["one", "two"]
    assert reader.read(GROUP, "next") == (["of the next"], True)
