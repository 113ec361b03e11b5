"""What the receiver of a node does with what it is sent: the program itself, run here, with folders as containers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.nodes import unreachable_engine
from support.programs import Script

from devenv.images.content.fingerprint import FileDigests
from devenv.images.sync.message import Answer, pack
from devenv.images.sync.receiver import NodeReceiver
from devenv.images.sync.rules import SyncRules
from devenv.images.sync.tree import ContextTree, Tree, changes
from devenv.spec.sync_rule import SyncRule

pytestmark = [pytest.mark.root, pytest.mark.skipif(os.geteuid() != 0, reason="a root is changed by root alone")]
OWNER = 65532
IDS = ("a1", "b2")


class Lab:
    """A context on one side, two containers on the other, and the receiver between them."""

    def __init__(self, folder: Path) -> None:
        self.context = folder / "api"
        (self.context / "src").mkdir(parents=True)
        (self.context / "Dockerfile").write_text("FROM scratch\n")
        self.tasks = folder / "tasks"
        for container in IDS:
            (self.tasks / container / "rootfs" / "app").mkdir(parents=True)
            (self.tasks / container / "init.pid").write_text(str(os.getpid()))
            os.chown(self.root(container) / "app", OWNER, OWNER)
        rules = [SyncRule.model_validate({"from": "src", "to": "/app/src"})]
        dockerfile = self.context / "Dockerfile"
        self.looks = ContextTree(self.context, dockerfile, SyncRules(rules), FileDigests())
        self.before: Tree = self.looks.read()
        self.receiver = NodeReceiver(unreachable_engine(), "node", None, str(self.tasks))

    def root(self, container: str = IDS[0]) -> Path:
        return self.tasks / container / "rootfs"

    def inside(self, name: str, container: str = IDS[0]) -> Path:
        return self.root(container) / "app" / "src" / name

    def source(self, name: str) -> Path:
        return self.context / "src" / name

    def sync(self, *commands: tuple[str, ...]) -> list[Answer]:
        now = self.looks.read()
        self.receiver.send(pack(changes(self.before, now), self.context, commands), IDS)
        answers = self.receiver.answers()
        self.before = now
        return answers


@pytest.fixture
def lab(tmp_path: Path, script: Script) -> Iterator[Lab]:
    script("docker", 'shift 3\nexec "$@"')
    made = Lab(tmp_path)
    yield made
    made.receiver.end()
    made.receiver.join()


def outcomes(answers: list[Answer]) -> dict[str, str]:
    return {answer.container: answer.outcome for answer in answers}


def test_files_folders_links_and_modes_arrive_in_every_container(lab: Lab) -> None:
    lab.source("main.py").write_text("1")
    lab.source("run").write_bytes(bytes(range(256)) * 1000)
    lab.source("run").chmod(0o750)
    lab.source("deep/er").mkdir(parents=True)
    lab.source("deep/er/ü\n.txt").write_text("odd")
    lab.source("link").symlink_to("main.py")

    assert outcomes(lab.sync()) == dict.fromkeys(IDS, "done")

    for container in IDS:
        assert lab.inside("main.py", container).read_text() == "1"
        assert lab.inside("run", container).read_bytes() == bytes(range(256)) * 1000
        assert stat.S_IMODE(lab.inside("run", container).stat().st_mode) == 0o750
        assert lab.inside("deep/er/ü\n.txt", container).read_text() == "odd"
        assert lab.inside("link", container).readlink() == Path("main.py")
        owners = {(path.lstat().st_uid, path.lstat().st_gid) for path in (lab.root(container) / "app").rglob("*")}
        assert owners == {(OWNER, OWNER)}, "they get the owner of the folder that they are in"


def test_what_is_replaced_keeps_its_owner_and_what_the_dockerfile_made_of_its_mode(lab: Lab) -> None:
    lab.source("run").write_text("1")
    lab.sync()
    os.chown(lab.inside("run"), 7, 8)
    lab.inside("run").chmod(0o511)

    lab.source("run").write_text("2")
    lab.sync()
    facts = lab.inside("run").stat()
    assert (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)) == (7, 8, 0o511)

    lab.source("run").chmod(0o600)
    lab.sync()
    assert stat.S_IMODE(lab.inside("run").stat().st_mode) == 0o600
    assert lab.inside("run").read_text() == "2"


def test_deletions_renames_and_changes_of_kind_arrive(lab: Lab) -> None:
    lab.source("a.py").write_text("a")
    lab.source("package").mkdir()
    lab.source("package/b.py").write_text("b")
    lab.source("becomes").write_text("a file")
    lab.sync()
    lab.inside("package/made-there.pyc").write_text("")

    lab.source("a.py").rename(lab.source("c.py"))
    (lab.source("package") / "b.py").unlink()
    lab.source("package").rmdir()
    lab.source("becomes").unlink()
    lab.source("becomes").mkdir()
    lab.source("becomes/now.py").write_text("a folder")
    assert outcomes(lab.sync()) == dict.fromkeys(IDS, "done")
    found = {str(path.relative_to(lab.inside("."))) for path in lab.inside(".").rglob("*")}
    assert found == {"c.py", "becomes", "becomes/now.py"}

    (lab.source("becomes") / "now.py").unlink()
    lab.source("becomes").rmdir()
    lab.source("becomes").write_text("a file again")
    lab.sync()
    assert lab.inside("becomes").read_text() == "a file again"


def test_no_link_of_a_container_leads_out_of_it(lab: Lab, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("kept")
    up = Path(*[".."] * 12)
    lab.root().joinpath("app/src").symlink_to(outside)
    lab.root("b2").joinpath("app/src").symlink_to(up / outside.relative_to("/"))
    there = lab.root("b2") / outside.relative_to("/")
    there.mkdir(parents=True)
    lab.source("precious").write_text("overwritten")
    lab.sync()
    assert (outside / "precious").read_text() == "kept"
    assert list(outside.iterdir()) == [outside / "precious"]
    # A link that leads to nothing in the container is replaced; any other is followed as the container itself would.
    assert (lab.root() / "app" / "src" / "precious").read_text() == "overwritten"
    assert not (lab.root() / "app" / "src").is_symlink()
    assert (there / "precious").read_text() == "overwritten"

    lab.source("precious").unlink()
    lab.sync()
    assert not (there / "precious").exists()
    assert (outside / "precious").read_text() == "kept"


def test_a_link_in_the_place_of_a_file_is_replaced_and_one_in_a_folder_that_goes_is_not_entered(
    lab: Lab, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    lab.source("gone").mkdir()
    lab.source("gone/a").write_text("a")
    lab.source("main.py").write_text("1")
    lab.sync()
    lab.inside("main.py").unlink()
    lab.inside("main.py").symlink_to("/app/other")
    lab.inside("gone/into").symlink_to(precious)

    lab.source("main.py").write_text("2")
    lab.source("gone/a").unlink()
    lab.source("gone").rmdir()
    assert outcomes(lab.sync()) == dict.fromkeys(IDS, "done")

    assert not lab.inside("main.py").is_symlink()
    assert lab.inside("main.py").read_text() == "2"
    assert not lab.inside("gone").exists()
    assert (precious / "file").read_text() == "kept"


def test_a_container_that_is_gone_is_told_and_the_others_get_their_files(lab: Lab) -> None:
    (lab.tasks / IDS[0] / "init.pid").unlink()
    lab.source("main.py").write_text("1")
    assert outcomes(lab.sync()) == {IDS[0]: "gone", IDS[1]: "done"}
    assert lab.inside("main.py", IDS[1]).read_text() == "1"


def test_a_place_that_a_volume_hides_is_refused_with_the_volume(lab: Lab) -> None:
    # Of this process, which stands for the container's: what the machine has mounted at /proc.
    rules = [SyncRule.model_validate({"from": "src", "to": "/proc/x"})]
    lab.looks = ContextTree(lab.context, lab.context / "Dockerfile", SyncRules(rules), FileDigests())
    lab.source("main.py").write_text("1")
    answers = lab.sync()
    assert outcomes(answers) == dict.fromkeys(IDS, "failed")
    assert answers[0].text == "/proc/x: a volume is mounted at /proc"
    assert not (lab.root() / "proc" / "x").exists()


def test_commands_run_in_the_container_and_a_failure_is_told_with_what_they_print(lab: Lab, script: Script) -> None:
    script("ctr", 'shift 5\necho "in $*"\n[ "$3" != wrong ] || exit 3')
    lab.source("main.py").write_text("1")
    answers = lab.sync(("make", "it all"), ("sh", "wrong"), ("never",))
    told = [(answer.outcome, answer.container, answer.status, answer.text) for answer in answers]
    for container in IDS:
        mine = [answer for answer in told if answer[1] == container]
        assert mine == [
            ("ran", container, 0, f"in {container} make it all"),
            ("ran", container, 3, f"in {container} sh wrong"),
        ]


def test_lines_that_are_no_answers_are_passed_over() -> None:
    assert Answer.parse("perl: warning: Setting locale failed.") is None
    assert Answer.parse("failed a1 zz") is None
    assert Answer.parse("done a1") == Answer("done", "a1")
