"""Tags that name the commit: never one tag for two contents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.programs import require_program

from devenv.adapters.process import run
from devenv.errors import ImageError
from devenv.images.catalogue.catalogue import Catalogue, hashing
from devenv.images.catalogue.tags import commit_tag, commit_tags
from devenv.images.content.fingerprint import FileDigests
from devenv.plan.image import Recipe
from devenv.spec.local_image import LocalImage
from devenv.spec.versions import Versions

CONTENT = "0123456789abcdef" * 4
VERSIONS = Versions.model_validate(
    {"tools": {}, "modules": {}, "node": {"kubernetes": "v1.36.3", "image": "kind-node"}, "images": {}}
)


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    return run(["git", "-C", str(folder), *identity, *arguments]).stdout.strip()


@pytest.fixture
def project(tmp_path: Path, own_home: Path) -> Path:  # noqa: ARG001 -- git reads no configuration of the user's
    """A repository with a context in `api`, and things beside it."""
    require_program("git")
    root = tmp_path / "project"
    (root / "api").mkdir(parents=True)
    (root / "api" / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (root / "api" / ".dockerignore").write_text("*.log\nnotes.md\n")
    (root / "api" / "main.go").write_text("package main\n")
    (root / "api" / "notes.md").write_text("notes\n")
    (root / ".gitignore").write_text("*.log\ngenerated.go\n")
    (root / "devenv.yaml").write_text("project: shop\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "first")
    return root


def recipe(project: Path) -> Recipe:
    context = project / "api"
    return Recipe(context / "Dockerfile", context, None, (), ())


def commit(project: Path) -> str:
    return git(project, "rev-parse", "--short=12", "HEAD")


def test_clean_tree_is_named_by_its_commit(project: Path) -> None:
    assert commit_tag(recipe(project), CONTENT) == commit(project)


@pytest.mark.parametrize(
    "change",
    [
        lambda api: (api / "main.go").write_text("package other\n"),
        lambda api: (api / "main.go").unlink(),
        lambda api: (api / "new.go").write_text("package main\n"),
        lambda api: (api / "generated.go").write_text("ignored by git, and yet sent to the builder\n"),
        lambda api: (api / "Dockerfile").write_text("FROM scratch\n"),
        lambda api: (api / "main.go").chmod(0o755),
        lambda api: (api / "main.go").chmod(0o600),
        lambda api: (api / "empty").mkdir(),
        lambda api: api.joinpath("main.go").unlink() or (api / "main.go").symlink_to("notes.md"),
        lambda api: (api / ".dockerignore").write_text("main.go\n.dockerignore\n"),
        lambda api: (api / "Dockerfile.dockerignore").write_text("main.go\nDockerfile.dockerignore\n"),
    ],
)
def test_what_is_not_committed_adds_the_content(project: Path, change: Callable[[Path], object]) -> None:
    change(project / "api")
    assert commit_tag(recipe(project), CONTENT) == f"{commit(project)}-{CONTENT[:12]}"


def skip(project: Path) -> None:
    git(project, "update-index", "--skip-worktree", "api/main.go")
    (project / "api" / "main.go").write_text("package local\n")


def leave_out(project: Path) -> None:
    git(project, "update-index", "--skip-worktree", "api/main.go")
    (project / "api" / "main.go").unlink()


def assume(project: Path) -> None:
    git(project, "update-index", "--assume-unchanged", "api/main.go")
    (project / "api" / "main.go").write_text("package local\n")


def ignore_modes(project: Path) -> None:
    git(project, "config", "core.fileMode", "false")
    (project / "api" / "main.go").chmod(0o755)


def filtered(project: Path) -> None:
    """As Git LFS does it: what is committed is a pointer, what is checked out is something else."""
    git(project, "config", "filter.pointer.clean", "echo package main")
    git(project, "config", "filter.pointer.smudge", "cat")
    (project / ".git" / "info" / "attributes").write_text("*.go filter=pointer\n")
    (project / "api" / "main.go").write_text("what the pointer stands for\n")
    git(project, "add", "api/main.go")


def other_line_ends(project: Path) -> None:
    git(project, "config", "core.autocrlf", "true")
    (project / "api" / "main.go").write_bytes(b"package main\r\n")
    git(project, "add", "api/main.go")


@pytest.mark.parametrize("change", [skip, leave_out, assume, ignore_modes, filtered, other_line_ends])
def test_changes_that_git_does_not_tell_add_the_content(project: Path, change: Callable[[Path], None]) -> None:
    change(project)
    assert git(project, "status", "--porcelain", "--", "api") == ""
    assert commit_tag(recipe(project), CONTENT) == f"{commit(project)}-{CONTENT[:12]}"


def test_files_of_a_submodule_are_of_another_commit(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "lib.go").write_text("package lib\n")
    git(other, "init", "--quiet")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "other")
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "api/lib")
    git(project, "commit", "--quiet", "--all", "--message", "with a submodule")
    assert commit_tag(recipe(project), CONTENT) == f"{commit(project)}-{CONTENT[:12]}"


def test_names_with_special_characters_and_links_are_compared(project: Path) -> None:
    for name in ("a b", "ü", "[x]", ":(top)x", "line\nend", "*"):
        (project / "api" / name).write_text(name)
    (project / "api" / "link").symlink_to("nowhere")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "names")
    assert commit_tag(recipe(project), CONTENT) == commit(project)


def test_an_image_on_a_base_of_devenv_always_has_its_content_in_the_tag(project: Path) -> None:
    """The base changes with devenv, and no commit of the project tells of it."""
    based = replace(recipe(project), bases=(("BASE", "debian-trixie"),))
    assert commit_tag(based, CONTENT) == f"{commit(project)}-{CONTENT[:12]}"


def test_staged_changes_are_not_committed(project: Path) -> None:
    (project / "api" / "main.go").write_text("package other\n")
    git(project, "add", "--all")
    assert commit_tag(recipe(project), CONTENT).endswith(CONTENT[:12])


@pytest.mark.parametrize("name", ["notes.md", "debug.log", "../elsewhere.txt"])
def test_what_the_build_does_not_read_changes_nothing(project: Path, name: str) -> None:
    before = commit_tag(recipe(project), CONTENT)
    (project / "api" / name).write_text("other\n")
    assert commit_tag(recipe(project), CONTENT) == before


def test_a_commit_elsewhere_gives_no_new_name(project: Path) -> None:
    before = commit_tag(recipe(project), CONTENT)
    (project / "README.md").write_text("read me\n")
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--message", "second")
    assert commit_tag(recipe(project), CONTENT) == before


def tag_of(project: Path, **image: object) -> str:
    """The tag of the image `web` as the project's catalogue has it; devenv.yaml is written as it would be."""
    (project / "devenv.yaml").write_text(f"project: shop\nimages: {json.dumps({'web': image})}\n")
    local = {"web": LocalImage.model_validate({"tag": "git", **image})}
    tags = commit_tags(project / "devenv.yaml", FileDigests())
    own = Catalogue(VERSIONS, project, hashing(FileDigests()), local, project, commit_tag=tags)["web"].own
    assert own
    return own.rpartition(":")[2]


def commit_all(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "all")


def test_each_way_to_build_has_a_tag_of_its_own(project: Path) -> None:
    """One commit holds everything; what is built of it is written in devenv.yaml."""
    shutil.copytree(project / "api", project / "other")
    (project / "other" / "main.go").write_text("package other\n")
    (project / "api" / "Dockerfile.prod").write_text("FROM scratch\nCOPY main.go /\n")
    (project / "link").symlink_to("other")
    (project / "api" / "Dockerfile.link").symlink_to("Dockerfile.prod")
    tag_of(project, context="api", args={"V": "1"})
    commit_all(project)
    assert tag_of(project, context="api", args={"V": "1"}) == commit(project)
    ways: list[dict[str, object]] = [
        {"context": "api", "args": {"V": "1"}},
        {"context": "api"},
        {"context": "api", "target": "debug"},
        {"context": "api", "dockerfile": "Dockerfile.prod"},
        {"context": "other"},
    ]
    assert len({tag_of(project, **way) for way in ways}) == len(ways)


@pytest.mark.parametrize("image", [{"context": "link"}, {"context": "api", "dockerfile": "../docker/Dockerfile"}])
def test_what_lies_behind_a_link_may_be_another_tomorrow(project: Path, image: dict[str, object]) -> None:
    shutil.copytree(project / "api", project / "other")
    (project / "other" / "main.go").write_text("package other\n")
    (project / "other" / "Dockerfile").write_text("FROM scratch\nCOPY main.go /\n")
    tags = []
    for target in ("api", "other"):
        for link in (project / "link", project / "docker"):
            link.unlink(missing_ok=True)
            link.symlink_to(target)
        if target == "api":
            tag_of(project, **image)
            commit_all(project)
        tags.append(tag_of(project, **image))
    assert tags[0] != tags[1]


def test_a_dockerfile_that_is_a_link_counts_with_what_it_leads_to(project: Path) -> None:
    (project / "Dockerfile.shared").write_text("FROM scratch\nCOPY . /\n")
    (project / "api" / "Dockerfile").unlink()
    (project / "api" / "Dockerfile").symlink_to("../Dockerfile.shared")
    tag_of(project, context="api")
    commit_all(project)
    former = tag_of(project, context="api")
    (project / "Dockerfile.shared").write_text("FROM scratch\nCOPY main.go /\n")
    assert tag_of(project, context="api") != former


def test_two_projects_of_one_commit_have_no_tag_in_common(project: Path) -> None:
    for name in ("one", "two"):
        shutil.copytree(project / "api", project / name / "web")
        (project / name / "web" / "main.go").write_text(f"package {name}\n")
        tag_of(project / name, context="web")
    commit_all(project)
    assert tag_of(project / "one", context="web") != tag_of(project / "two", context="web")


def test_a_context_of_another_repository_has_the_content_in_its_tag(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "backend"
    shutil.copytree(project / "api", other)
    git(other, "init", "--quiet")
    commit_all(other)
    tag = tag_of(project, context="../backend")
    assert tag.startswith(f"{commit(other)}-")
    assert tag_of(project, context="../backend", args={"V": "1"}) != tag


def test_the_project_file_counts_always(project: Path) -> None:
    tag = commit_tags(project / "devenv.yaml", FileDigests())
    assert tag(recipe(project), CONTENT) == commit(project)
    (project / "devenv.yaml").write_text("project: other\n")
    assert tag(recipe(project), CONTENT).endswith(CONTENT[:12])
    commit_all(project)
    assert tag(recipe(project), CONTENT) == commit(project)


@pytest.mark.usefixtures("own_home")
def test_outside_of_a_work_tree_the_error_says_what_to_do(tmp_path: Path) -> None:
    require_program("git")
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(ImageError, match="in no git work tree") as caught:
        commit_tag(recipe(tmp_path), CONTENT)
    assert "tag: content" in caught.value.hint


def test_a_repository_without_a_commit_is_told(project: Path) -> None:
    git(project, "update-ref", "-d", "HEAD")
    with pytest.raises(ImageError, match="cannot tell the commit"):
        commit_tag(recipe(project), CONTENT)


@pytest.mark.parametrize(("policy", "named"), [("git", True), ("content", False)])
def test_catalogue_names_images_by_their_policy(project: Path, policy: str, named: bool) -> None:  # noqa: FBT001
    local = {"api": LocalImage.model_validate({"context": "api", "tag": policy})}
    tags = commit_tags(project / "devenv.yaml", FileDigests())
    catalogue = Catalogue(VERSIONS, project, hashing(FileDigests()), local, project, commit_tag=tags)
    assert (catalogue["api"].own == f"localhost/devenv/api:{commit(project)}") is named


def test_a_signature_that_the_user_has_git_show_is_no_part_of_a_tag(project: Path) -> None:
    git(project, "config", "log.showSignature", "true")
    head, _, message = git(project, "cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----"
    signed = run(
        ["git", "-C", str(project), "hash-object", "-t", "commit", "-w", "--stdin"],
        stdin=f"{head}\n{signature}\n\n{message}\n".encode(),
    ).stdout.strip()
    git(project, "reset", "--quiet", "--hard", signed)
    assert commit_tag(recipe(project), CONTENT) == signed[:12]


def test_a_commit_that_was_put_in_place_of_another_has_not_its_tag(project: Path) -> None:
    first = git(project, "rev-parse", "HEAD")
    before = commit_tag(recipe(project), CONTENT)
    (project / "api/main.go").write_text("package other\n")
    git(project, "commit", "--quiet", "--all", "--message", "second")
    second = git(project, "rev-parse", "HEAD")
    git(project, "replace", first, second)
    git(project, "reset", "--quiet", "--hard", first)
    assert (project / "api/main.go").read_text() == "package other\n"
    assert commit_tag(recipe(project), CONTENT) != before
