"""Files of variables, as Compose reads them."""

from __future__ import annotations

import pytest

from devenv.spec.imports.compose.file.env_files import WrongLine, read_raw, read_variables


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("\n# nothing\n  # else\n", {}),
        ("A=1\nB = 2 \nexport C=3\n", {"A": "1", "B": "2", "C": "3"}),
        ("A=\n", {"A": ""}),
        ("A\n", {"A": None}),
        ("A: yaml\n", {"A": "yaml"}),
        ("A=x # comment\nB=x#none\nC=# all\n", {"A": "x", "B": "x#none", "C": ""}),
        ("A='a $B # c'\n", {"A": "a $B # c"}),
        ('A="a # c" # comment\n', {"A": "a # c"}),
        ('A="one\ntwo"\nB=3\n', {"A": "one\ntwo", "B": "3"}),
        (r'A="tab\t \"q\" \\ end"' + "\n", {"A": 'tab\t "q" \\ end'}),
        ("A=1\nB=${A}2\nC=$UP\nD=${NO:-d}\n", {"A": "1", "B": "12", "C": "up", "D": "d"}),
        ("UP=mine\nA=$UP\n", {"UP": "mine", "A": "mine"}),
        ("A=$$5\n", {"A": "$5"}),
        (r'A="\$UP"' + "\n", {"A": "$UP"}),
        ("A=a=b==\n", {"A": "a=b=="}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("my.var-x=1\n", {"my.var-x": "1"}),
    ],
)
def test_variables_are_what_compose_reads(text: str, values: dict[str, str | None]) -> None:
    read = read_variables(text, dict[str, str](UP="up").get)

    assert read.values == values
    assert read.wrong == ()


def test_lines_that_are_wrong_are_told_with_their_numbers_and_the_others_count() -> None:
    read = read_variables("A=1\n= 2\nno variable\nB=${A\nC=${N:?no N}\nD=4\nE='open\n", dict[str, str]().get)

    assert read.values == {"A": "1", "D": "4"}
    assert read.wrong == (
        WrongLine(2, "NAME=value is expected"),
        WrongLine(3, "NAME=value is expected"),
        WrongLine(4, "the brace of ${ is not closed in ${A"),
        WrongLine(5, "the variable N has to be set: no N"),
        WrongLine(7, "a quote is not closed"),
    )


def test_a_raw_file_is_taken_as_it_is() -> None:
    assert read_raw("A=$B 'x' # y\n# c\nD\n").values == {"A": "$B 'x' # y", "D": None}
