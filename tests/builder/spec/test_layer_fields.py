from builder.spec.layer_fields import LAYER_FIELDS

FIRST = {
    *("package", "requirements", "dependencies", "extras", "python", "architecture"),
    *("exclude", "slim"),
}
"""The keys that were there when the first fingerprints were taken."""


def test_a_key_that_came_later_builds_no_layer_that_does_not_use_it() -> None:
    always = {field.name for field in LAYER_FIELDS if field.fingerprint and not field.only_if_set}
    assert always == FIRST
