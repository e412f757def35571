from embedded.standins.planning import Plan, fill, settle
from embedded.standins.resource import Facts
from embedded.standins.schema import Attribute, Block, NestedBlock
from embedded.standins.values import UNKNOWN, State

OPTIONAL = Attribute("string", optional=True)
COMPUTED = Attribute("string", optional=True, computed=True)
BLOCK = Block(
    {"name": OPTIONAL, "arn": COMPUTED, "days": OPTIONAL, "ids": Attribute(["set", "string"])},
    {
        "one": NestedBlock("list", Block({"kind": OPTIONAL, "group": COMPUTED}), max_items=1),
        "many": NestedBlock("set", Block({"key": OPTIONAL, "size": OPTIONAL})),
        "timeouts": NestedBlock("single", Block({"create": OPTIONAL})),
    },
)


def state(**given: object) -> State:
    return {**BLOCK.empty(), **given}


def plan(facts: Facts, prior: State | None, config: State) -> Plan:
    """Plan as terraform asks for it: computed values are proposed as they were."""
    proposed = dict(config)
    if prior and config["arn"] is None:
        proposed["arn"] = prior["arn"]
    return settle(BLOCK, facts, prior, fill(BLOCK, facts, prior, proposed, config))


def test_a_new_object_has_defaults_and_unknowns() -> None:
    planned = plan(Facts(defaults={"days": "7"}), None, state(name="a")).planned
    assert planned == state(name="a", days="7", arn=UNKNOWN)


def test_a_default_yields_to_the_configuration() -> None:
    assert plan(Facts(defaults={"days": "7"}), None, state(days="1")).planned["days"] == "1"


def test_defaults_and_unknowns_reach_into_blocks() -> None:
    facts = Facts(defaults={"one.kind": "S3"})
    planned = plan(facts, None, state(one=[{"kind": None, "group": None}])).planned
    assert planned["one"] == [{"kind": "S3", "group": UNKNOWN}]


def test_null_and_zero_are_no_difference() -> None:
    prior = state(arn="x", name="", days="", many=[{"key": "a", "size": ""}], one=[])
    config = state(many=[{"key": "a", "size": None}], timeouts=None)
    assert plan(Facts(), prior, config).planned == prior


def test_the_order_of_a_set_is_no_difference() -> None:
    prior = state(arn="x", ids=["a", "b"], many=[{"key": "a", "size": "1"}, {"key": "b"}])
    config = state(ids=["b", "a"], many=[{"key": "b"}, {"key": "a", "size": "1"}])
    assert plan(Facts(), prior, config).planned == prior


def test_the_order_of_a_list_of_blocks_is_a_difference() -> None:
    one, other = {"kind": "a", "group": "g"}, {"kind": "b", "group": "g"}
    prior, config = state(arn="x", one=[one, other]), state(one=[other, one])
    assert plan(Facts(), prior, config).planned["one"] == [other, one]


def test_another_json_text_of_the_same_document_is_no_difference() -> None:
    prior, config = state(arn="x", name='{"a": 1}'), state(name='{"a":1}')
    assert plan(Facts(json=("name",)), prior, config).planned == prior
    assert plan(Facts(), prior, config).planned["name"] == '{"a":1}'


def test_what_forces_a_replacement_is_named() -> None:
    facts = Facts(force_new=("name", "days"))
    assert plan(facts, state(arn="x", name="a"), state(name="b")).replace == ("name",)
    assert plan(facts, state(arn="x", name="a"), state(name=UNKNOWN)).replace == ("name",)
    assert plan(facts, state(arn="x", name=""), state(name=None)).replace == ()


def test_computed_blocks_are_unknown_first_and_kept_then() -> None:
    facts = Facts(computed_blocks=("one",))
    assert plan(facts, None, state()).planned["one"] is UNKNOWN
    kept = [{"kind": "a", "group": "g"}]
    assert plan(facts, state(arn="x", one=kept), state()).planned["one"] == kept


def test_kept_blocks_are_not_removed_by_removing_them() -> None:
    facts, kept = Facts(kept_blocks=("one",)), [{"kind": "a", "group": "g"}]
    assert plan(facts, None, state()).planned["one"] == []
    assert plan(facts, state(arn="x", one=kept), state()).planned["one"] == kept
    changed = [{"kind": "b", "group": "g"}]
    assert plan(facts, state(arn="x", one=kept), state(one=changed)).planned["one"] == changed
