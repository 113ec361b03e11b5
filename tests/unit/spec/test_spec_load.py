"""What a correct project loads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from devenv.errors import ProjectNotFoundError, SpecError
from devenv.spec.checks.migration_files import require_sound_migrations
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace

REPOSITORY = Path(__file__).parents[3]
DATA = Path(__file__).parent / "specs" / "data"
CHART = "apiVersion: v2\nname: chart\nversion: 0.1.0\n"


def load(start: Path, profile: str | None = None) -> Workspace:
    return load_workspace(start, data_root=DATA, profile=profile, versions_file=DATA / "versions.yaml")


def write_stack(root: Path, layer: str, name: str, extra: str = "", namespace: str = "apps") -> Path:
    folder = root / layer / name
    (folder / "chart").mkdir(parents=True)
    (folder / "chart" / "Chart.yaml").write_text(CHART, encoding="utf-8")
    (folder / "stack.yaml").write_text(
        f"name: {name}\nlayer: {layer}\nsummary: A stack\nnamespace: {namespace}\nversion: '1'\n{extra}"
        "sources: [{chart: {path: chart}}]\n",
        encoding="utf-8",
    )
    return folder


def write_project(root: Path, text: str) -> Path:
    (root / "devenv.yaml").write_text(text, encoding="utf-8")
    return root


def test_needs_are_selected_and_come_first(tmp_path: Path) -> None:
    write_stack(tmp_path / "stacks", "04-apps", "web", "needs: [store, api]\n")
    write_stack(tmp_path / "stacks", "04-apps", "api", "needs: [store]\n")
    write_stack(tmp_path / "stacks", "05-more", "unused")
    write_project(tmp_path, "project: shop\nstacks: [{name: web}]\nstack_paths: [stacks]\n")

    workspace = load(tmp_path)

    assert workspace.selected == ("namespaces", "store", "api", "web")
    assert set(workspace.stacks) == {"namespaces", "store", "api", "web", "unused"}
    assert workspace.stacks["store"].builtin
    assert not workspace.stacks["web"].builtin
    assert workspace.stacks["web"].root == tmp_path / "stacks" / "04-apps" / "web"


def test_a_stack_of_the_project_replaces_a_builtin_one(tmp_path: Path) -> None:
    write_stack(tmp_path / "own", "02-infrastructure", "store")
    write_project(tmp_path, "project: shop\nstacks: [{name: store}]\nstack_paths: [own]\n")

    workspace = load(tmp_path)

    assert workspace.selected == ("store",)
    assert workspace.stacks["store"].root == tmp_path / "own" / "02-infrastructure" / "store"


def test_what_is_in_migrations_and_seeds_stops_those_alone_who_apply_them(tmp_path: Path) -> None:
    database = "engine: postgres, workload: statefulset/x, name: x, user: x, secret: x, node_port: 30001"
    folders = "migrations: migrations, seeds: seeds"
    stack = write_stack(tmp_path / "stacks", "02-data", "own", f"database: {{{database}, {folders}}}\n")
    for name, content in (("migrations/1_role.sql", b"CREATE ROLE reader;"), ("seeds/1.sql", b"SELECT 'Jos\xe9';")):
        (stack / name).parent.mkdir()
        (stack / name).write_bytes(content)
    workspace = load(write_project(tmp_path, "project: shop\nstacks: [{name: own}]\nstack_paths: [stacks]"))

    with pytest.raises(SpecError) as raised:
        require_sound_migrations(workspace.stacks.values())
    reported = [problem.message.split(":")[0] for problem in raised.value.problems]
    assert reported == ["CREATE ROLE reader", "1.sql is not UTF-8 text"]


def test_the_project_is_found_from_a_folder_below(tmp_path: Path) -> None:
    write_project(tmp_path, "project: shop\nstacks: [{name: store}]\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert load(below).root == tmp_path


def test_the_profile_of_a_run_goes_over_that_of_the_project(tmp_path: Path) -> None:
    overlay = write_stack(tmp_path / "stacks", "04-apps", "web") / "overlays" / "prod"
    overlay.mkdir(parents=True)
    (overlay / "kustomization.yaml").write_text("resources: []\n", encoding="utf-8")
    write_project(tmp_path, "project: shop\nprofile: staging\nstacks: [{name: store}]\nstack_paths: [stacks]\n")

    assert load(tmp_path).project.profile == "staging"
    assert load(tmp_path, "prod").project.profile == "prod"


def test_values_per_profile_and_of_the_project(tmp_path: Path) -> None:
    text = "project: shop\nstacks:\n  - {name: store, values: {replicas: 3, on: yes, day: 2026-01-31}}\n"
    write_project(tmp_path, text)

    workspace = load(tmp_path)

    assert workspace.stacks["store"].profile_values == {"dev": {"replicas": 1}}
    assert workspace.chosen_values("store") == {"replicas": 3, "on": True, "day": "2026-01-31"}
    assert workspace.chosen_values("namespaces") == {}


def test_anchors_and_merges(tmp_path: Path) -> None:
    text = (
        "project: shop\nstacks:\n"
        "  - {name: namespaces, values: &small {cpu: 1, memory: 2}}\n"
        "  - name: store\n    values:\n      <<: *small\n      cpu: 4\n      same: *small\n"
    )
    write_project(tmp_path, text)

    assert load(tmp_path).chosen_values("store") == {"cpu": 4, "memory": 2, "same": {"cpu": 1, "memory": 2}}


def test_seeds_are_merged_by_name(tmp_path: Path) -> None:
    write_project(tmp_path, "project: shop\nstacks: [{name: store}]\nseeds: [seeds.yaml]\n")
    text = "queues:\n  - {name: jobs, attributes: {VisibilityTimeout: 30}}\n  - {name: more}\n"
    (tmp_path / "seeds.yaml").write_text(text, encoding="utf-8")

    seeds = load(tmp_path).seeds

    assert [queue.name for queue in seeds.queues] == ["jobs", "more"]
    assert seeds.queues[0].attributes == {"VisibilityTimeout": "30"}
    assert [secret.name for secret in seeds.secrets] == ["store/admin"]


def test_no_project(tmp_path: Path) -> None:
    (tmp_path / "devenv.yml").write_text("project: shop\n", encoding="utf-8")

    with pytest.raises(ProjectNotFoundError, match=r"there is no devenv\.yaml in ") as caught:
        load(tmp_path)

    assert caught.value.hint == "mv devenv.yml devenv.yaml"


def test_a_workspace_cannot_be_changed(tmp_path: Path) -> None:
    workspace = load(write_project(tmp_path, "project: shop\nstacks: [{name: store}]\n"))

    with pytest.raises(TypeError):
        workspace.stacks["other"] = workspace.stacks["store"]  # type: ignore[index]


def test_every_file_that_was_read_is_named(tmp_path: Path) -> None:
    inputs = load(write_project(tmp_path, "project: shop\nstacks: [{name: store}]\n")).inputs

    assert tmp_path / "devenv.yaml" in inputs
    assert DATA / "stacks" / "02-infrastructure" / "store" / "values" / "dev.yaml" in inputs
    assert all(path.is_file() for path in inputs)


@pytest.mark.parametrize("project", sorted((REPOSITORY / "examples").glob("*/devenv.yaml")), ids=str)
@pytest.mark.parametrize("profile", ["dev", "staging", "prod"])
def test_the_examples_and_all_builtin_stacks_are_correct(project: Path, profile: str) -> None:
    workspace = load_workspace(project.parent, data_root=REPOSITORY, profile=profile)

    assert workspace.selected


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [("project: alt", "alt"), ("project: shop", "shop"), ("project: two\nnamespace_prefix: alt", "alt")],
)
def test_the_namespaces_of_built_in_stacks_are_the_projects(tmp_path: Path, lines: str, prefix: str) -> None:
    chosen = "auth-postgres, clickhouse, kratos-postgres, meilisearch, mysql, nats, postgres, redis"
    stacks = ", ".join(f"{{name: {name}}}" for name in chosen.split(", "))
    write_project(tmp_path, f"{lines}\nstacks: [{stacks}]\n")
    workspace = load_workspace(tmp_path, data_root=REPOSITORY)

    assert {name: workspace.stacks[name].spec.namespace for name in chosen.split(", ")} == {
        "auth-postgres": f"{prefix}-auth",
        "clickhouse": f"{prefix}-analytics",
        "kratos-postgres": f"{prefix}-auth",
        "meilisearch": f"{prefix}-search",
        "mysql": f"{prefix}-database",
        "nats": "nats-system",
        "postgres": f"{prefix}-database",
        "redis": f"{prefix}-database",
    }
    # What LocalStack holds for them is named alike.
    stacks_with_secrets = {f"{workspace.stacks[name].spec.namespace}/{name}" for name in chosen.split(", ")}
    of_readers = {f"{prefix}-analytics/clickhouse-reader"}
    assert stacks_with_secrets | of_readers == {secret.name for secret in workspace.seeds.secrets}
