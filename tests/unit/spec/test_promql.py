"""What is told of expressions before Prometheus sees them."""

from __future__ import annotations

import pytest

from devenv.spec.promql import refused


@pytest.mark.parametrize(
    "text",
    [
        'topk($n, sum by ($label) ($function(x{a=~"$v"}[$__rate_interval])))',
        "x{$matcher}",
        "rate($metric[5m])",
        "${metric:value}_total",
        "x[$__range:$__interval]",
        "rate(x[${minutes}m])",
        "x offset $shift",
        "$a + $b + $c + $d + $e",
        'label_replace(x, "a", "$1", "b", "(.*)$")',
        "x * $__interval_ms",
        '{"a name.of.utf8", b="c"}',
        "histogram_quantile($q, sum by (le) (rate(x_bucket[$__rate_interval])))",
    ],
)
def test_variables_may_be_whatever_makes_it_promql(text: str) -> None:
    assert refused(text, variables=True) == ""


@pytest.mark.parametrize(
    "text",
    [
        "increase(x[1m] anchored)",
        "rate(x[5m] smoothed)",
        "h >/ 1",
        'info(x, {data=~".*"})',
        "changes(x[26m+4m])",
        "x offset (100 + 2)",
        "x offset -step()*2",
        "count_over_time(x[step()])",
    ],
)
def test_what_the_parser_does_not_know_yet_is_left_to_prometheus(text: str) -> None:
    assert refused(text, variables=False) == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("rte(x[5m])", "unknown function with name 'rte'"),
        ("rate(x)", "expected type matrix in call to function 'rate', got vector"),
        ("sum(rate(x[$__rate_interval])", "unclosed left parenthesis"),
        ('x{a=~"("}', "illegal regex for ("),
        ("{}", "vector selector must contain at least one non-empty matcher"),
        ("sum(rte($metric)) by ($label", "unclosed left parenthesis"),
        ("", "no expression found in input"),
    ],
)
def test_what_is_wrong_is_told_in_the_parsers_words(text: str, complaint: str) -> None:
    assert refused(text, variables=True) == complaint


def test_a_rule_has_no_variables() -> None:
    assert refused("rate(x[$__rate_interval])", variables=False)
    assert refused("$x", variables=False)
