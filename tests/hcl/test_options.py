"""The module has every option of an application, or says why not."""

from __future__ import annotations

from builder.spec.field import Place
from builder.spec.fields import fields_in
from hcl.options import NOT_HERE
from hcl.variables import variables


def test_every_key_of_an_application_is_a_variable_or_has_a_reason() -> None:
    given = {block.labels[0] for block in variables()}
    for key in fields_in(Place.APP):
        assert (key in given) != (key in NOT_HERE), key


def test_no_reason_is_given_for_a_key_that_there_is_not() -> None:
    assert NOT_HERE.keys() <= fields_in(Place.APP).keys()
