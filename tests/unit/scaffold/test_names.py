"""Names that are made of other names are taken by devenv.yaml."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from devenv.scaffold.names import project_named, service_named
from devenv.spec.project import ProjectName
from devenv.spec.services.service import ServiceName


@given(st.text())
def test_a_project_is_named_after_any_folder(text: str) -> None:
    name = project_named(text)

    assert TypeAdapter(ProjectName).validate_python(name) == name
    assert project_named(name) == name


@given(st.text(max_size=60), st.from_regex(r"[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?", fullmatch=True), st.integers(0, 5))
def test_services_of_the_same_folders_get_names_of_their_own(text: str, project: str, others: int) -> None:
    taken: set[str] = set()
    for _ in range(others + 1):
        name = service_named(text, project, taken)
        assert TypeAdapter(ServiceName).validate_python(name) == name
        assert name not in taken
        taken.add(name)
