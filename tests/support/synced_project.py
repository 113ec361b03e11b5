"""A project whose service is synced: it answers with what lies in its files and with what it was started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from support import python_image

_DOCKERFILE = f"""\
{python_image.DOCKERFILE}COPY . /srv/
WORKDIR /srv
ENV PYTHONDONTWRITEBYTECODE=1
CMD ["python3", "src/server.py"]
"""
SERVER = """\
import http.server, os, pathlib, signal, stat, sys
sys.path.insert(0, "/srv/lib")
from started import STARTED_WITH

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = pathlib.Path("/tmp/ran" if self.path == "/ran" else "/srv" + self.path)
        if self.path == "/started":
            text = STARTED_WITH
        elif self.path == "/exit":
            os._exit(0)
        elif self.path == "/write":
            try:
                path.write_text("")
                text = "written"
            except OSError as error:
                text = error.strerror
        elif path.is_symlink():
            text = "-> " + os.readlink(path)
        elif path.is_file():
            text = oct(stat.S_IMODE(path.stat().st_mode)) + " " + path.read_text()
        else:
            text = "none"
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""


_CHECK = "cat checked/a.txt > /tmp/ran; grep -q good checked/a.txt || { echo not good; exit 7; }"


def started(text: str) -> str:
    """The file that says what the service was started with."""
    return f"STARTED_WITH = {text!r}\n"


def write_synced_project(root: Path, name: str, *, replicas: int) -> None:
    """One service of some replicas, with rules for `src`, pages, what it reads when it starts, and what is checked."""
    sync = [
        {"from": "src", "to": "/srv/src"},
        {"from": "pages/**/*.txt", "to": "/srv/pages"},
        {"from": "lib", "to": "/srv/lib", "restart": True},
        {"from": "checked", "to": "/srv/checked", "run": _CHECK},
    ]
    service: dict[str, Any] = {
        "build": {"context": "web", "bases": python_image.BASES},
        "command": ["python3", "src/server.py"],
        "port": 8000,
        "host": False,
        "replicas": replicas,
        "sync": sync,
    }
    spec: dict[str, Any] = {"project": name, "services": {"web": service}}
    files = {
        "Dockerfile": _DOCKERFILE,
        "src/server.py": SERVER,
        "pages/a.txt": "one",
        "checked/a.txt": "good",
        "other": "built",
    }
    files["lib/started.py"] = started("first")
    for path, text in files.items():
        (root / "web" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "web" / path).write_text(text)
    (root / "devenv.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
