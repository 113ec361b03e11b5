"""Services and databases as stacks of the project's own: nothing changes by it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.services import DATABASES, EVERYTHING, as_yaml, projects, write_project

from devenv.errors import UsageError
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.observed import StackInput
from devenv.runtime.observe.stack_inputs import stack_inputs
from devenv.spec.load import load_workspace
from devenv.spec.model import PROFILES
from devenv.spec.render import ProjectFacts
from devenv.spec.workspace import Workspace
from devenv.workflows.eject import eject

REPOSITORY = Path(__file__).parents[3]


def load(root: Path) -> Workspace:
    return load_workspace(root, data_root=REPOSITORY)


def rendered(workspace: Workspace) -> Mapping[tuple[str, str], StackInput]:
    """Each stack under each profile, as its steps get it."""
    images = {name: f"registry.test/{name}:1" for stack in workspace.stacks.values() for name in stack.spec.images}
    found: dict[tuple[str, str], StackInput] = {}
    for profile in PROFILES:
        facts = ProjectFacts.of(workspace.project.model_copy(update={"profile": profile}), 8080, 8443)
        made = stack_inputs(workspace, workspace.selected, facts, images, FileDigests(), environ={})
        found |= {(spec.name, profile): stack for spec, stack in made}
    return found


def texts(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def require_same(before: Workspace, after: Workspace) -> None:
    former, now = rendered(before), rendered(after)
    assert set(former) == set(now)
    for key, stack in former.items():
        assert stack.values == now[key].values, key
        assert stack.content == now[key].content, key
        assert stack.database_content == now[key].database_content, key
        assert [place.names for place in stack.config_maps] == [place.names for place in now[key].config_maps], key
    assert before.project.images == after.project.images
    assert before.seeds.to_json() == after.seeds.to_json()


# Those first that others need: what runs before another is a job because that one says so.
ORDER = (
    *("migrate", "feed", "api", "worker", "nightly", "web"),
    *("shop", "order-book", "django", "plain", "node", "events", "open-cache", "bus"),
)


def test_all_of_a_project_one_after_the_other(tmp_path: Path) -> None:
    root = write_project(tmp_path, EVERYTHING)
    before = load(root)

    for name in ORDER:
        done = eject(root, name, REPOSITORY)
        assert done.left == ()
        assert (done.folder / "stack.yaml") in done.files
        require_same(before, load(root))
    after = load(root)
    assert not after.project.services
    assert set(after.project.databases) == {*DATABASES} - {*ORDER}
    assert {stack.spec.name for stack in after.stacks.values() if not stack.builtin} == {*ORDER, *DATABASES}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data(), project=projects())
def test_whatever_is_ejected_changes_nothing_or_is_refused(data: st.DataObject, project: dict[str, object]) -> None:
    root = write_project(Path(tempfile.mkdtemp()), as_yaml(project, data.draw))
    try:
        before = load(root)
        name = data.draw(st.sampled_from([*before.project.services, *before.project.databases]))
        files = texts(root)
        try:
            done = eject(root, name, REPOSITORY)
        except UsageError:
            assert texts(root) == files
            return
        if not done.left:
            require_same(before, load(root))
            return
        assert (root / "devenv.yaml").read_bytes() == files["devenv.yaml"]
    finally:
        shutil.rmtree(root)


def test_the_rest_of_the_file_stays_as_it_is(tmp_path: Path) -> None:
    text = (
        "# the shop\nproject: shop\nservices:\n  # the api\n  api: # builds\n    build: api\n"
        "  # the worker\n  worker: {build: worker} # two\n"
    )
    root = write_project(tmp_path, text)

    eject(root, "api", REPOSITORY)

    assert (root / "devenv.yaml").read_text(encoding="utf-8") == (
        "# the shop\nproject: shop\nservices:\n  # the api\n"
        "  # the worker\n  worker: {build: worker} # two\n"
        "stacks:\n  - {name: api}\nstack_paths:\n  - stacks\n"
    )
    stack = (root / "stacks" / "06-application" / "api" / "stack.yaml").read_text(encoding="utf-8")
    assert stack.startswith(
        "# Taken out of devenv.yaml, where it was written as\n#     api: # builds\n#       build: api\n"
    )


def test_it_goes_where_the_projects_stacks_are(tmp_path: Path) -> None:
    root = write_project(
        tmp_path, "project: shop\nservices: {}\ndatabases:\n  shop: {engine: postgres}\nstack_paths: [own]\n"
    )
    stack = root / "own" / "06-apps" / "web"
    stack.mkdir(parents=True)
    said = "name: web\nlayer: 06-apps\nsummary: Web\nnamespace: web\nversion: '1'\n"
    (stack / "stack.yaml").write_text(f"{said}sources: [{{manifests: {{path: a.yaml}}}}]\n", encoding="utf-8")
    (stack / "a.yaml").write_text("kind: ConfigMap\n", encoding="utf-8")

    done = eject(root, "shop", REPOSITORY)

    assert done.folder == root / "own" / "02-infrastructure" / "shop"
    assert (done.folder / "values" / "staging.yaml").is_file()


def test_what_cannot_be_taken_out_by_lines_is_left_to_its_author(tmp_path: Path) -> None:
    text = "project: shop\nservices: {api: {build: api}, worker: {build: worker}}\n"
    root = write_project(tmp_path, text)

    done = eject(root, "api", REPOSITORY)

    assert done.left == ("take api out of services", "add it to stacks: {name: api}", "add stack_paths: [stacks]")
    assert (root / "devenv.yaml").read_text(encoding="utf-8") == text
    assert (done.folder / "chart" / "Chart.yaml").is_file()


def test_what_others_are_jobs_by_stays(tmp_path: Path) -> None:
    text = "project: shop\nservices:\n  api:\n    build: api\n    before: [migrate]\n  migrate:\n    build: worker\n"
    root = write_project(tmp_path, text)
    before = texts(root)

    with pytest.raises(UsageError, match="nothing was changed: migrate would be another one without it") as raised:
        eject(root, "api", REPOSITORY)

    assert raised.value.hint == "devenv eject migrate, and then api"
    assert texts(root) == before


def test_what_others_repeat_is_left_to_its_author(tmp_path: Path) -> None:
    text = "project: shop\nservices:\n  api:\n    build: &build worker\n  other:\n    build: *build\n"
    root = write_project(tmp_path, text)

    assert eject(root, "api", REPOSITORY).left[0] == "take api out of services"
    assert (root / "devenv.yaml").read_text(encoding="utf-8") == text


def test_its_folder_must_not_be_there(tmp_path: Path) -> None:
    root = write_project(tmp_path, "project: shop\nservices:\n  api: {build: api}\n")
    folder = root / "stacks" / "06-application" / "api"
    folder.mkdir(parents=True)

    with pytest.raises(UsageError, match="is there already"):
        eject(root, "api", REPOSITORY)


def test_what_is_neither_service_nor_database(tmp_path: Path) -> None:
    root = write_project(tmp_path, "project: shop\nservices:\n  api: {build: api}\n")

    with pytest.raises(UsageError, match="there is no service or database apo") as raised:
        eject(root, "apo", REPOSITORY)

    assert raised.value.hint == "did you mean api?"
