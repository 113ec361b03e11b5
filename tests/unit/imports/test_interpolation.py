"""Variables in the texts of Compose files, as Compose has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.spec.imports.compose.file.interpolation import InterpolationError, interpolate

VALUES = {"SET": "value", "EMPTY": "", "OTHER": "other", "NESTED": "$SET"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$SET", "value"),
        ("${SET}", "value"),
        ("a${SET}b$OTHER-c", "avalueb" + "other-c"),
        ("$SET_", ""),
        ("${UNSET}", ""),
        ("$$SET", "$SET"),
        ("$$$SET", "$value"),
        ("$${SET}", "${SET}"),
        ("${SET:-d}", "value"),
        ("${EMPTY:-d}", "d"),
        ("${UNSET:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${UNSET-d}", "d"),
        ("${UNSET:-}", ""),
        ("${SET:+r}", "r"),
        ("${EMPTY:+r}", ""),
        ("${EMPTY+r}", "r"),
        ("${UNSET+r}", ""),
        ("${SET:?e}", "value"),
        ("${EMPTY?e}", ""),
        ("${UNSET:-${OTHER}}", "other"),
        ("${UNSET:-${EMPTY:-${SET}}}x", "valuex"),
        ("${UNSET:-a:b-c?d}", "a:b-c?d"),
        ("${UNSET:-http://host:80/$OTHER}", "http://host:80/other"),
        ("${UNSET:-$$5}", "$5"),
        ("${SET:-${UNSET:?never asked}}", "value"),
        ("$NESTED", "$SET"),
    ],
)
def test_a_variable_stands_for_what_compose_says(text: str, expected: str) -> None:
    assert interpolate(text, VALUES.get) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${UNSET:?say it}", "the variable UNSET has to be set: say it"),
        ("${EMPTY:?}", "the variable EMPTY has to be set"),
        ("${UNSET?for $OTHER}", "the variable UNSET has to be set: for other"),
        ("${SET", "the brace of ${ is not closed in ${SET"),
        ("${}", "nothing is no variable's name"),
        ("${1}", "1 is no variable's name"),
        ("${A B}", "A B is no variable's name"),
        ("costs 5$", "no variable's name follows $ in costs 5$"),
        ("$ 5", "no variable's name follows $ in $ 5"),
    ],
)
def test_what_compose_refuses_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(InterpolationError) as caught:
        interpolate(text, VALUES.get)

    assert str(caught.value) == message


def test_variables_without_a_value_are_told_where_nothing_stands_for_them() -> None:
    unset: list[str] = []

    interpolate("$ONE ${TWO} ${THREE:-x} ${FOUR+$FIVE} ${SIX:-$SEVEN} $SET", VALUES.get, unset.append)

    assert unset == ["ONE", "TWO", "SEVEN"]


@given(st.text())
def test_any_text_comes_through_once_its_dollar_signs_are_doubled(text: str) -> None:
    assert interpolate(text.replace("$", "$$"), VALUES.get) == text


@given(st.text(alphabet="${}:-?+AB x"))
def test_no_text_makes_it_do_anything_but_answer_or_refuse(text: str) -> None:
    try:
        made = interpolate(text, {"A": "a", "B": ""}.get)
    except InterpolationError:
        return
    assert "$" not in text or made is not None
    assert "$" in text or made == text


@given(
    name=st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
    value=st.none() | st.text(alphabet="ab$ {}", max_size=5),
    word=st.text(alphabet="cd:/-?+", max_size=8),
)
def test_a_default_counts_exactly_where_there_is_no_value(name: str, value: str | None, word: str) -> None:
    values = {} if value is None else {name: value}

    assert interpolate(f"${{{name}:-{word}}}", values.get) == (value or word)
    assert interpolate(f"${{{name}-{word}}}", values.get) == (word if value is None else value)
    assert interpolate(f"${{{name}:+{word}}}", values.get) == (word if value else "")
    assert interpolate(f"${{{name}+{word}}}", values.get) == ("" if value is None else word)
