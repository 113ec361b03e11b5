"""`stack_sources`: stacks out of real Git repositories and a real registry, locked, verified and kept."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from base64 import b64encode
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from support.http_server import Server
from support.programs import require_program, require_tool
from support.registries import StoredRegistry, stored_registry
from support.shared_stacks import (
    MANIFEST,
    Repository,
    archive,
    digest_of,
    link,
    manifest_of,
    push,
    stack_files,
    write,
)

from devenv.adapters.docker import Engine
from devenv.adapters.files.paths import cache_dir, data_root, sources_dir
from devenv.adapters.sources.archive import unpack
from devenv.adapters.sources.artefact import fetch_artefact
from devenv.adapters.sources.repository import fetch_commit
from devenv.errors import ChecksumError, DownloadError, SpecError
from devenv.spec.load import load_workspace
from devenv.spec.workspace import Workspace
from devenv.workflows.access.project import load_project
from devenv.workflows.access.session import silent_session
from devenv.workflows.compare import CompareRequest, compare_profiles
from devenv.workflows.run.origins import origins
from devenv.workflows.sources import SourceRow, fetch_sources, list_sources, update_sources
from devenv.workflows.validate_all import ValidateRequest, validate_all


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def renderers() -> list[str]:
    """The folders of Helm and kubectl, which are looked for before the cache is another one."""
    return [str(require_tool(name).parent) for name in ("helm", "kubectl")]


@pytest.fixture
def shared(tmp_path: Path) -> Repository:
    require_program("git")
    return Repository(tmp_path / "platform")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


def write_project(folder: Path, *sources: dict[str, str]) -> None:
    spec = {"project": "shop", "stack_sources": list(sources), "stacks": [{"name": "search"}]}
    (folder / "devenv.yaml").write_text(yaml.safe_dump(spec))


def load(folder: Path) -> Workspace:
    return load_workspace(folder, data_root=data_root(), sources=sources_dir(create=False))


def problems(folder: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(folder)
    return [f"{problem.message} -> {problem.hint}" for problem in caught.value.problems]


def version(workspace: Workspace) -> str:
    return workspace.stacks["search"].spec.version


def test_stacks_of_a_repository_are_used_as_the_lock_names_them(shared: Repository, project: Path) -> None:
    first = shared.commit(stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"})
    missing = f"devenv.lock does not say which state of {shared.url} is meant -> devenv sources update"
    assert problems(project) == [missing]

    assert update_sources(project, silent_session()) == [SourceRow(shared.url, first, "recorded")]
    workspace = load(project)
    assert version(workspace) == "1"
    assert workspace.stacks["search"].source == shared.url
    assert origins(workspace) == [f"search: of {shared.url} at {first[:12]}"]

    second = shared.commit(stack_files(version="2"))
    assert version(load_project(project, silent_session())) == "1"
    assert update_sources(project, silent_session()) == [SourceRow(shared.url, second, f"was {first[:12]}")]
    assert version(load(project)) == "2"


def test_what_was_fetched_is_there_for_commands_that_go_through_profiles(
    shared: Repository, project: Path, renderers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([*renderers, os.environ["PATH"]]))
    shared.commit(stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"})
    update_sources(project, silent_session())

    report = validate_all(ValidateRequest(project))

    assert (report.sources, report.objects, report.faults) == (3, 3, ())
    assert compare_profiles(CompareRequest(project, ("dev", "prod"), ("search",)), print) == []


def test_what_was_fetched_once_needs_no_repository(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"})
    update_sources(project, silent_session())

    shutil.rmtree(shared.folder)

    assert version(load_project(project, silent_session())) == "1"


def test_another_machine_fetches_what_the_lock_names_though_the_branch_went_on(
    shared: Repository, project: Path
) -> None:
    shared.commit(stack_files())
    write_project(project, {"git": shared.url, "ref": "main", "path": "stacks"})
    (row,) = update_sources(project, silent_session())
    shared.commit(stack_files(version="2"))

    shutil.rmtree(cache_dir())
    assert list_sources(project) == [SourceRow(row.source, row.pin, "has not been fetched on this machine")]
    assert problems(project) == [f"{row.source} has not been fetched on this machine -> devenv sources fetch"]

    assert version(load_project(project, silent_session())) == "1"
    assert list_sources(project) == [SourceRow(row.source, row.pin, "fetched")]


def test_a_commit_that_is_gone_is_told_with_the_way_on(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    shared.git("checkout", "--quiet", "--orphan", "other")
    shared.commit(stack_files(version="2"))
    write_project(project, {"git": shared.url, "ref": "main", "path": "stacks"})
    update_sources(project, silent_session())
    shared.git("branch", "--force", "main", "other")
    shared.git("reflog", "expire", "--expire=now", "--all")
    shared.git("gc", "--quiet", "--prune=now")
    shutil.rmtree(cache_dir())

    with pytest.raises(DownloadError, match="has no commit") as caught:
        fetch_sources(project, silent_session())
    assert caught.value.hint.startswith("devenv sources update")


def test_a_tag_that_moved_counts_only_after_an_update(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    shared.git("tag", "v1")
    write_project(project, {"git": shared.url, "ref": "v1", "path": "stacks"})
    update_sources(project, silent_session())
    shared.commit(stack_files(version="2"))
    shared.git("tag", "--force", "v1")

    assert version(load_project(project, silent_session())) == "1"


def test_another_ref_than_the_locked_one_takes_an_update(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    shared.git("tag", "v1")
    write_project(project, {"git": shared.url, "path": "stacks"})
    update_sources(project, silent_session())

    write_project(project, {"git": shared.url, "ref": "v1", "path": "stacks"})

    assert [problem.partition(" -> ")[2] for problem in problems(project)] == ["devenv sources update"]


def test_a_file_that_was_changed_in_the_cache_is_seen_and_put_right(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"})
    update_sources(project, silent_session())
    (file,) = sources_dir().glob("*/stacks/*/search/stack.yaml")
    file.write_text(file.read_text().replace('"1"', '"3"'))

    (problem,) = problems(project)
    assert "was changed after it was fetched" in problem
    assert version(load_project(project, silent_session())) == "1"


def test_a_lock_whose_content_is_another_is_refused(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"})
    update_sources(project, silent_session())
    lock = project / "devenv.lock"
    lock.write_text(lock.read_text().replace("content: sha256:", "content: sha256:" + "0" * 8)[:-9] + "\n")

    with pytest.raises(ChecksumError, match="holds something else than"):
        load_project(project, silent_session())


def test_attributes_and_filters_of_a_repository_change_nothing(shared: Repository, tmp_path: Path) -> None:
    text = "one\n$Format:%H$\n$Id$\n"
    attributes = "* text eol=crlf export-subst ident\nhidden export-ignore\n"
    commit = shared.commit({".gitattributes": attributes, "kept": text, "hidden": text})
    folder = tmp_path / "out"
    folder.mkdir()

    assert fetch_commit(shared.url, None, folder) == commit

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        ".gitattributes": attributes.encode(),
        "kept": text.encode(),
        "hidden": text.encode(),
    }


def test_a_link_out_of_a_repository_is_refused(shared: Repository, tmp_path: Path) -> None:
    shared.folder.joinpath("secrets").symlink_to("/etc")
    shared.commit({})
    folder = tmp_path / "out"
    folder.mkdir()

    with pytest.raises(DownloadError, match="a link that leads out of it: secrets to /etc"):
        fetch_commit(shared.url, None, folder)
    assert not list(folder.iterdir())


def test_a_repository_that_cannot_be_reached_leaves_the_lock_as_it_was(shared: Repository, project: Path) -> None:
    shared.commit(stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"})
    update_sources(project, silent_session())
    before = (project / "devenv.lock").read_text()
    shutil.rmtree(shared.folder)

    with pytest.raises(DownloadError, match="git cannot fetch") as caught:
        update_sources(project, silent_session())

    assert caught.value.hint == f"see what it says: git ls-remote {shared.url}"
    assert (project / "devenv.lock").read_text() == before


def test_a_folder_beside_the_project_is_used_as_it_is(project: Path, tmp_path: Path) -> None:
    write(tmp_path / "platform", stack_files())
    write_project(project, {"path": "../platform/stacks"})
    assert version(load(project)) == "1"

    write(tmp_path / "platform", stack_files(version="2"))
    assert version(load(project)) == "2"
    assert list_sources(project) == [SourceRow("../platform/stacks", "", "as it is")]


def test_a_stack_in_two_sources_is_an_error_that_names_both(shared: Repository, project: Path, tmp_path: Path) -> None:
    shared.commit(stack_files())
    write(tmp_path / "platform2", stack_files())
    write_project(project, {"git": shared.url, "path": "stacks"}, {"path": "../platform2/stacks"})
    update_sources(project, silent_session())

    with pytest.raises(SpecError) as caught:
        load(project)

    (problem,) = caught.value.problems
    assert problem.file == tmp_path / "platform2/stacks/06-application/search/stack.yaml"
    assert f"06-application/search (of {shared.url}) too" in problem.message


@pytest.fixture(scope="module")
def registry(engine: Engine) -> Iterator[StoredRegistry]:
    with stored_registry(engine) as running:
        yield running


@pytest.mark.engine
def test_stacks_of_an_artefact_are_locked_by_their_digest(registry: StoredRegistry, project: Path) -> None:
    reference = push(registry.host, "shop/stacks", archive(stack_files()))
    write_project(project, {"oci": reference, "path": "stacks"})

    assert update_sources(project, silent_session()) == [SourceRow(reference, reference.partition("@")[2], "recorded")]

    assert version(load(project)) == "1"
    shutil.rmtree(cache_dir())
    assert version(load_project(project, silent_session())) == "1"


@pytest.mark.engine
def test_a_later_layer_goes_over_those_before_it(registry: StoredRegistry, tmp_path: Path) -> None:
    reference = push(registry.host, "shop/layers", archive({"a": "1", "b": "1"}), archive({"./a": "2"}))
    folder = tmp_path / "out"
    folder.mkdir()

    fetch_artefact(reference, folder)

    assert {path.name: path.read_text() for path in folder.iterdir()} == {"a": "2", "b": "1"}


@pytest.mark.engine
def test_a_digest_that_a_registry_has_not_is_an_error(registry: StoredRegistry, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="answers 404 for shop/stacks"):
        fetch_artefact(f"{registry.host}/shop/stacks@sha256:{'0' * 64}", tmp_path)


def serve_artefact(server: Server, *layers: bytes) -> str:
    """Serve an artefact to those that have a token, which is given to one login alone."""
    manifest, blobs = manifest_of(*layers)
    host = server.url.removeprefix("http://")

    def guarded(body: bytes, request: BaseHTTPRequestHandler) -> None:
        allowed = request.headers.get("Authorization") == "Bearer let-me-in"
        request.send_response(200 if allowed else 401)
        if not allowed:
            asking = f'Bearer realm="{server.url}/token",service="test",scope="repository:shop/stacks:pull"'
            request.send_header("WWW-Authenticate", asking)
        request.send_header("Content-Type", MANIFEST)
        request.end_headers()
        request.wfile.write(body if allowed else b"")

    def token(request: BaseHTTPRequestHandler) -> None:
        known = request.headers.get("Authorization") == f"Basic {b64encode(b'ann:pw').decode()}"
        request.send_response(200 if known else 401)
        request.end_headers()
        request.wfile.write(b'{"token": "let-me-in"}' if known else b"")

    server.answers["/token?service=test&scope=repository%3Ashop%2Fstacks%3Apull"] = token
    files = {f"manifests/{digest_of(manifest)}": manifest, **{f"blobs/{name}": body for name, body in blobs.items()}}
    for path, body in files.items():
        server.answers[f"/v2/shop/stacks/{path}"] = partial(guarded, body)
    return f"{host}/shop/stacks@{digest_of(manifest)}"


def test_a_registry_that_asks_for_a_login_gets_that_of_docker_and_no_error_tells_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    with Server() as server:
        reference = serve_artefact(server, archive(stack_files()))
        write_project(project, {"oci": reference, "path": "stacks"})
        with pytest.raises(DownloadError, match="answers 401") as caught:
            update_sources(project, silent_session())
        assert caught.value.hint == f"docker login {reference.partition('/')[0]}"

        login = {"auths": {reference.partition("/")[0]: {"auth": b64encode(b"ann:pw").decode()}}}
        write(tmp_path / "docker", {"config.json": json.dumps(login)})
        update_sources(project, silent_session())

    assert version(load(project)) == "1"
    assert "pw" not in (project / "devenv.lock").read_text()


def test_a_registry_that_has_something_else_under_a_digest_is_found_out(tmp_path: Path) -> None:
    with Server() as server:
        wanted = f"sha256:{'1' * 64}"
        server.serve(f"/v2/shop/stacks/manifests/{wanted}", manifest_of(archive({"a": "1"}))[0])
        with pytest.raises(DownloadError, match="has something else under"):
            fetch_artefact(f"{server.url.removeprefix('http://')}/shop/stacks@{wanted}", tmp_path)


def named(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = kind
    return member


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ([named("../up")], "leads out of it"),
        ([named("/etc/passwd")], "leads out of it"),
        ([named("a/../../up")], "leads out of it"),
        ([link("a", "/etc")], "a link that leads out"),
        ([link("a/b", "../../etc")], "a link that leads out"),
        ([link("a", "."), link("b", "a/..")], "goes through another one"),
        ([link("a", "b"), named("a/file")], "a file below a link"),
        ([named("device", tarfile.CHRTYPE)], "neither a file nor a symbolic link"),
        ([named("pipe", tarfile.FIFOTYPE)], "neither a file nor a symbolic link"),
        ([named("a"), named("a/b")], "a file and a folder of one name"),
        ([named(".wh.a")], "takes files away"),
    ],
)
def test_nothing_of_an_archive_leaves_its_folder(members: list[tarfile.TarInfo], says: str, tmp_path: Path) -> None:
    folder = tmp_path / "in" / "side"
    folder.mkdir(parents=True)

    with pytest.raises(DownloadError, match=says):
        unpack([archive({}, members)], folder, origin="the archive")

    assert [path for path in tmp_path.rglob("*") if not path.is_relative_to(folder.parent)] == []


def test_links_within_an_archive_stay(tmp_path: Path) -> None:
    unpack([archive({"a/file": "text"}, [link("b/link", "../a/file")])], tmp_path, origin="the archive")

    assert (tmp_path / "b" / "link").read_text() == "text"
