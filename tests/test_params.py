"""Parameters: declared once, checked everywhere."""

import math

import pytest

from deblur.blur import BLURS
from deblur.degrade import AFTER_BLUR
from deblur.params import Choice, Param, complete
from deblur.restore import RESTORERS

SIZE = Param("size", 3, 3, 31, 2, "px")
SIGMA = Param("sigma", 0.0, 0.0, 8.0, 0.1, "px")
SCALE = Choice("scale", "0-255", ("0-255", "0-1"))
DECLARED = [param for owner in (*BLURS.values(), *RESTORERS.values()) for param in owner.params] + list(AFTER_BLUR)


@pytest.mark.parametrize("value", [3, 31, 5.0])
def test_takes_what_the_range_holds(value):
    checked = SIZE.check(value)
    assert checked == value
    assert isinstance(checked, int)


@pytest.mark.parametrize("value", [4, 0, 99, -3, 3.5, math.nan, math.inf, 10**400, -(10**400), "3", None, True, [3]])
def test_refuses_the_rest_and_says_what_was_expected(value):
    with pytest.raises(ValueError, match=r"size = .*: expected an odd whole number from 3 to 31\. Try \d+\.") as caught:
        SIZE.check(value)
    assert repr(value) in str(caught.value)
    assert caught.value.reason.code == "bad_value"


@pytest.mark.parametrize(("value", "remedy"), [(6, 7), (8, 9), (10, 11), (99, 31), (0, 3)])
def test_names_the_nearest_remedy(value, remedy):
    with pytest.raises(ValueError, match=rf"Try {remedy}\."):
        SIZE.check(value)


def test_fractions_need_no_step():
    assert SIGMA.check(0.123) == 0.123
    with pytest.raises(ValueError, match="a number from 0 to 8"):
        SIGMA.check(8.01)


def test_parses_a_word():
    assert SIZE.parse("7") == 7
    assert SCALE.parse("0-1") == "0-1"
    with pytest.raises(ValueError, match="size = 'seven'"):
        SIZE.parse("seven")
    assert SIZE.parse("7.0") == 7
    assert SIGMA.parse("7") == 7.0


@pytest.mark.parametrize(("word", "told"), [("4", "size = 4:"), ("4.5", "size = 4.5:"), ("1e2", "size = 100.0:"), ("9" * 400, "size = 999")])
def test_a_refused_word_is_repeated_as_it_was_typed(word, told):
    with pytest.raises(ValueError, match=told):
        SIZE.parse(word)


@pytest.mark.parametrize("value", ["0-2", 1, None])
def test_a_choice_names_its_options(value):
    with pytest.raises(ValueError, match="one of 0-255, 0-1"):
        SCALE.check(value)


def test_complete_fills_in_defaults():
    assert complete("test", (SIZE, SCALE), {"size": 5}) == {"size": 5, "scale": "0-255"}


def test_complete_refuses_an_unknown_name():
    with pytest.raises(ValueError, match="test has no parameter 'sise': expected size, scale"):
        complete("test", (SIZE, SCALE), {"sise": 5})
    with pytest.raises(ValueError, match="no parameter 1"):
        complete("test", (SIZE, SCALE), {1: 5, "sise": 5})


@pytest.mark.parametrize("param", DECLARED, ids=lambda param: param.name)
def test_every_declared_parameter_accepts_its_own_default_and_ends(param):
    assert param.check(param.default) == param.default
    for end in param.options if isinstance(param, Choice) else (param.low, param.high):
        assert param.check(end) == end
