"""Whether an expression is PromQL, told without a server.

Responsible for the language alone: whether there are such series, only Prometheus can tell. Parsed by promql-parser;
what it has against an expression is passed on as it is. Of the 2203 expressions in Prometheus 3.15's own tests
(promql/promqltest/testdata) it knows all but those with the syntax of _NEWER, which is left to Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import promql_parser

from devenv.errors import Problem
from devenv.spec.yaml.positions import Document, KeyPath

Expression = tuple[KeyPath, str]
"""Where an expression is written, and what it says."""

_OWN = {"__rate_interval": "5m", "__interval": "5m", "__range": "1h"}
"""Of the page and of Grafana: a duration. Their other variables (`__range_s`, `__from` …) are numbers."""
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?:[:.][\w:]+)?\}|(?P<plain>\w+))")
_NUMBER_OF = re.compile(r"\$\{\w+\}(?=[a-z])")
"""What stands before a unit: `${minutes}m`."""
_RANGE = re.compile(r"\[[^\]\"']*\]")
_TEXT = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`")
_NEWER = re.compile(r"</|>/|\b(?:anchored|smoothed)\b|\binfo\s*\(|\boffset\s*[-+\w]*\(|\[[^\]]*[-+*/%^(]")
"""Trimmed histograms, extended ranges, `info` with matchers, durations that are calculated."""
_STANDS_FOR = ("x", "1", "5m", "sum", "rate", 'x="1"')
"""What a variable of a dashboard can be outside of texts and brackets: a name, number, duration, function, matcher."""
_MOST_TRIED = 3


def expression_problem(document: Document, expression: Expression, complaint: str) -> Problem:
    """A problem with what is written in a document."""
    return document.problem(expression[0], f"not PromQL: {complaint}", "try it in Prometheus's page, under Query")


def complaints(expressions: Iterable[Expression], *, variables: bool) -> Iterator[tuple[Expression, str]]:
    """The expressions that Prometheus would refuse, each with the reason; `variables` are those of dashboards."""
    for expression in expressions:
        if complaint := refused(expression[1], variables=variables):
            yield expression, complaint


def refused(text: str, *, variables: bool) -> str:
    """What is wrong with an expression; empty when nothing is."""
    complaint = ""
    for filled in _fillings(text) if variables else (text,):
        try:
            promql_parser.parse(filled)
        except ValueError as error:
            if _NEWER.search(_TEXT.sub('""', filled)):
                return ""
            # The first filling is the likeliest, so that its complaint is told.
            complaint = complaint or str(error)
        else:
            return ""
    return complaint


def _fillings(text: str) -> Iterator[str]:
    """The expression with values for its variables, as often as these can be of several kinds."""
    text = _RANGE.sub(lambda found: _VARIABLE.sub("5m", _NUMBER_OF.sub("5", found[0])), text)
    text = _TEXT.sub(lambda found: _VARIABLE.sub("x", found[0]), text)
    names = sorted({_name(found) for found in _VARIABLE.finditer(text)})
    open_names = [name for name in names if not name.startswith("__")]
    given = {name: _OWN.get(name, "1") for name in names if name.startswith("__")}
    for values in product(_STANDS_FOR, repeat=min(len(open_names), _MOST_TRIED)):
        yield _filled(text, given | dict(zip(open_names, values, strict=False)))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values.get(_name(found), "x"), text)


def _name(found: re.Match[str]) -> str:
    return found["braced"] or found["plain"]
