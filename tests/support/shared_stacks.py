"""Stacks that several projects share: as files, in Git repositories and as artefacts of a registry."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import httpx2

from support.programs import require_program

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def stack_files(name: str = "search", *, below: str = "stacks/", version: str = "1") -> dict[str, str]:
    """The files of a stack with a chart that makes one ConfigMap."""
    folder = f"{below}06-application/{name}"
    return {
        f"{folder}/stack.yaml": (
            f"name: {name}\nlayer: 06-application\nsummary: A stack\nnamespace: {name}\n"
            f'version: "{version}"\nsources: [{{chart: {{path: chart}}}}]\n'
        ),
        f"{folder}/chart/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 0.1.0\n",
        f"{folder}/chart/templates/map.yaml": f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n",
    }


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Repository:
    """A Git repository of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.url = folder.as_uri()

    def commit(self, files: Mapping[str, str]) -> str:
        """Commit files over those that are there; the commit's name."""
        write(self.folder, files)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """What git says."""
        author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        argv = [str(require_program("git")), "-C", str(self.folder), *author]
        done = subprocess.run([*argv, *arguments], check=True, capture_output=True, text=True, timeout=60)
        return str(done.stdout).strip()


def archive(files: Mapping[str, str], members: Iterable[tarfile.TarInfo] = ()) -> bytes:
    """A gzipped tar of files, and of members without content."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member)
    return gzip.compress(plain.getvalue(), mtime=0)


def link(name: str, target: str) -> tarfile.TarInfo:
    """A symbolic link in an archive."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, target
    return member


def manifest_of(*layers: bytes, kind: str = LAYER) -> tuple[bytes, dict[str, bytes]]:
    """A manifest, and the blobs that it names by their digests."""
    blobs = {digest_of(body): body for body in (b"{}", *layers)}
    described = [{"mediaType": kind, "digest": digest_of(body), "size": len(body)} for body in layers]
    config = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": described}
    return json.dumps(manifest).encode(), blobs


def push(host: str, repository: str, *layers: bytes) -> str:
    """Push an artefact to a registry on the loopback; the reference that names it by its digest."""
    manifest, blobs = manifest_of(*layers)
    with httpx2.Client(base_url=f"http://{host}", timeout=30, trust_env=False) as client:
        for digest, body in blobs.items():
            begun = client.post(f"/v2/{repository}/blobs/uploads/").raise_for_status()
            place = httpx2.URL(begun.headers["Location"]).copy_merge_params({"digest": digest})
            client.put(place, content=body).raise_for_status()
        kind = {"Content-Type": MANIFEST}
        client.put(f"/v2/{repository}/manifests/1", content=manifest, headers=kind).raise_for_status()
    return f"{host}/{repository}@{digest_of(manifest)}"


def digest_of(body: bytes) -> str:
    """A digest as registries write it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"
