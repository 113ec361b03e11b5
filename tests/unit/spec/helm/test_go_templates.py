"""Go templates as Skaffold takes them."""

from __future__ import annotations

import pytest

from devenv.spec.helm.go_templates import TemplateError, literal, names, quoted, render, rewritten
from devenv.spec.helm.image_variables import named_images, variables_of

VARIABLES = {"TAG": "1.2-abc", "REPO": "localhost/shop/api", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain {text}", "plain {text}"),
        ("{{.REPO}}:{{ .TAG }}", "localhost/shop/api:1.2-abc"),
        ('{{ default "latest" .NOTHING }}', "latest"),
        ('{{ .EMPTY | default "a" | upper }}', "A"),
        ('{{ printf "%s@%s" .REPO (trunc 3 .TAG) }}', "localhost/shop/api@1.2"),
        ("{{ if .EMPTY }}a{{ else if .TAG }}b{{ else }}c{{ end }}", "b"),
        ("a {{- .TAG -}}  b", "a1.2-abcb"),
        ('{{ if and .TAG (eq .REPO "x") }}a{{ end }}', ""),
        ('{{ trimPrefix "localhost/" .REPO | replace "/" "_" }}', "shop_api"),
        ('{{ index (splitList "-" .TAG) 1 }}', "abc"),
        ("{{/* nothing */}}x", "x"),
        ('{{ `raw "text"` }}', 'raw "text"'),
        ("{{ 3 }}", "3"),
    ],
)
def test_a_template_makes_the_text_that_go_makes(text: str, expected: str) -> None:
    assert render(text, VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ .TAG", "not closed"),
        ("{{ uper .TAG }}", "did you mean upper"),
        ("{{ if .TAG }}a", "no end"),
        ("{{ end }}", "without an if"),
        ("{{ range .TAG }}{{ end }}", "range is not known"),
        ('{{ required "TAG is needed" .EMPTY }}', "TAG is needed"),
        ("{{ (.TAG }}", "not closed"),
    ],
)
def test_what_is_no_template_is_told_in_words(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        render(text, VARIABLES)


def test_variables_are_found_wherever_they_are_named() -> None:
    assert names('{{ if .A }}{{ default .B "x" }}{{ else }}{{ .C | upper }}{{ end }}') == ("A", "B", "C")


def test_variables_are_rewritten_within_actions_alone() -> None:
    instead = {"A": ".OTHER", "B": quoted('a "word"')}
    assert (
        rewritten(".A {{ .A }} {{.B | upper}} {{ .C }}", instead.get)
        == '.A {{ .OTHER }} {{"a \\"word\\"" | upper}} {{ .C }}'
    )


def test_a_literal_is_made_as_it_is() -> None:
    assert render(literal("a {{ b }} c"), {}) == "a {{ b }} c"


def test_images_have_the_variables_that_skaffold_gives_them() -> None:
    variables = variables_of({"shop/api-server": "registry.example:5000/shop/api:1"})
    assert variables["IMAGE_REPO_shop_api_server"] == "registry.example:5000/shop/api"
    assert variables["IMAGE_TAG_shop_api_server"] == "1"
    assert variables["IMAGE_DOMAIN_shop_api_server"] == "registry.example:5000"
    assert variables["IMAGE_REPO_NO_DOMAIN_shop_api_server"] == "shop/api"
    assert named_images(["{{.IMAGE_TAG_shop_api_server}}"], ["shop/api-server", "other"]) == {"shop/api-server"}
