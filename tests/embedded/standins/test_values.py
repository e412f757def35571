import pytest

from embedded.standins.values import (
    UNKNOWN,
    Value,
    at,
    blank,
    decode,
    encode,
    known,
    same_json,
)


class Sent:
    def __init__(self, msgpack: bytes = b"", json: bytes = b"") -> None:
        self.msgpack, self.json = msgpack, json


def test_what_is_encoded_is_read_back() -> None:
    value: Value = {"a": [1, 2.5, None, True, "é"], "b": UNKNOWN, "c": {"d": []}}
    assert decode(Sent(encode(value))) == value


def test_refined_unknowns_are_unknown() -> None:
    refined = b"\x81\xa3arn" + b"\xc7\x03\x0c" + b"\x81\x01\xc2"  # extension 12: not null
    assert decode(Sent(refined)) == {"arn": UNKNOWN}


def test_json_is_read_and_nothing_is_null() -> None:
    assert decode(Sent(json=b'{"a": 1}')) == {"a": 1}
    assert decode(Sent()) is None


def test_only_terraform_values_are_encoded() -> None:
    with pytest.raises(TypeError, match="set is no Terraform value"):
        encode({"a": {1}})


def test_known_makes_unknowns_null_everywhere() -> None:
    assert known({"a": UNKNOWN, "b": [UNKNOWN, {"c": UNKNOWN}], "d": 1}) == {
        "a": None,
        "b": [None, {"c": None}],
        "d": 1,
    }


def test_zero_values_are_blank_and_unknowns_are_not() -> None:
    zero: list[Value] = [None, "", 0, False, [], {}]
    given: list[Value] = [UNKNOWN, "a", 1, True, [0], {"a": 0}]
    assert all(blank(value) for value in zero)
    assert not any(blank(value) for value in given)


def test_json_is_the_same_whatever_its_spaces_and_order() -> None:
    assert same_json('{"a": 1, "b": 2}', '{"b":2,"a":1}')
    assert not same_json('{"a": 1}', '{"a": 2}')
    assert not same_json(None, "{}")
    assert not same_json("no json", "no json")


def test_values_are_found_through_blocks() -> None:
    config: Value = {"rule": [{"days": 1}, {"days": None}, {"days": 3}], "cache": {"type": "S3"}}
    assert list(at(config, "rule.days")) == [(("rule", 0, "days"), 1), (("rule", 2, "days"), 3)]
    assert list(at(config, "cache.type")) == [(("cache", "type"), "S3")]
    assert list(at({"rule": UNKNOWN}, "rule.days")) == []
