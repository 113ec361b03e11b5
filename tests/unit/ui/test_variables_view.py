"""Variables as each of their readers takes them: what is read back is what was written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devenv.adapters.process import run
from devenv.ui.variable_forms import Form
from devenv.ui.variables_view import hides, render
from devenv.workflows.variables import Variable, Variables

AWKWARD = 'it\'s "two" words, $HOME `id` \\ %20 # end'
GIVEN = Variables(
    (
        Variable("KUBECONFIG", "/home/a b/kubeconfig"),
        Variable("PLAIN_URL", "http://x.localhost:8080/?a=b%20c"),
        Variable("DATABASE_URL", AWKWARD, secret=True),
    ),
    foreign=("AWS_PROFILE", "AWS_SESSION_TOKEN"),
    sources=(Path("/srv/a b/devenv.yaml"),),
)


def values_in_sh(script: str) -> list[str]:
    """What a shell has after a script, in which the variables of other accounts were set before."""
    names = ("KUBECONFIG", "PLAIN_URL", "DATABASE_URL", "AWS_PROFILE")
    shown = "; ".join(f'printf "%s\\n" "${{{name}-unset}}"' for name in names)
    before = "AWS_PROFILE=real; export AWS_PROFILE; watch_file() { :; }; "
    return run(["sh", "-c", f"{before}\n{script}\n{shown}"]).stdout.splitlines()


@pytest.mark.parametrize("form", [Form.SHELL, Form.DIRENV])
def test_a_shell_reads_back_every_value_and_forgets_other_accounts(form: Form) -> None:
    text = render(GIVEN, form, reveal=True)
    assert values_in_sh(text) == ["/home/a b/kubeconfig", "http://x.localhost:8080/?a=b%20c", AWKWARD, "unset"]
    assert ("watch_file '/srv/a b/devenv.yaml'" in text) is (form is Form.DIRENV)


def test_a_dotenv_file_quotes_only_what_needs_it() -> None:
    assert render(GIVEN, Form.DOTENV, reveal=True).splitlines() == [
        "KUBECONFIG='/home/a b/kubeconfig'",
        "PLAIN_URL='http://x.localhost:8080/?a=b%20c'",
        "DATABASE_URL='it\\'s \"two\" words, $HOME `id` \\\\ %20 # end'",
    ]
    plain = Variables((Variable("REDIS_URL", "redis://default:a%2Fb@127.0.0.1:6379/0"),), (), ())
    assert render(plain, Form.DOTENV, reveal=True) == "REDIS_URL=redis://default:a%2Fb@127.0.0.1:6379/0"


def test_fish_has_words_of_its_own() -> None:
    lines = render(GIVEN, Form.FISH, reveal=True).splitlines()
    assert lines[0] == "set -gx KUBECONFIG '/home/a b/kubeconfig'"
    assert lines[-2:] == ["set -e AWS_PROFILE", "set -e AWS_SESSION_TOKEN"]


def test_a_program_gets_an_object() -> None:
    assert json.loads(render(GIVEN, Form.JSON, reveal=True))["DATABASE_URL"] == AWKWARD


@pytest.mark.parametrize("form", list(Form))
def test_only_what_holds_a_password_is_hidden(form: Form) -> None:
    text = render(GIVEN, form, reveal=False)
    assert "two" not in text
    assert "*****" in text
    assert "/home/a b/kubeconfig" in text
    assert hides(GIVEN)
    assert not hides(Variables(GIVEN.given[:2], (), ()))
