"""A product of three services in three languages, each of which makes a number in a request; they need no database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from support import python_image

PYTHON = """\
import http.server, signal, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        number = 41
        body = str(number + 1).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
GO = """\
// Command shop answers with a number.
package main

import (
	"fmt"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		number := 41
		fmt.Fprint(w, number+1)
	})
	http.ListenAndServe(":8000", nil)
}
"""
NODE = """\
import http from "node:http";

const server = http.createServer((request, response) => {
  const number = 41;
  response.end(String(number + 1));
});
process.on("SIGTERM", () => process.exit(0));
server.listen(8000);
"""
_FILES = {
    "py/Dockerfile": f"""\
{python_image.DOCKERFILE}COPY server.py /srv/
WORKDIR /srv
CMD ["python3", "server.py"]
""",
    "py/server.py": PYTHON,
    "go/Dockerfile": """\
ARG GOLANG
FROM ${GOLANG} AS build
WORKDIR /source
COPY go.mod *.go ./
RUN --mount=type=cache,id=devenv-go-build,target=/root/.cache/go-build go build -gcflags "-N -l" -o /out/shop .
FROM scratch
COPY --from=build /out/shop /shop
ENTRYPOINT ["/shop"]
""",
    "go/go.mod": "module example.com/shop\n\ngo 1.26\n",
    "go/main.go": GO,
    "node/Dockerfile": 'ARG NODEJS\nFROM ${NODEJS}\nCOPY server.mjs /srv/\nWORKDIR /srv\nCMD ["node", "server.mjs"]\n',
    "node/server.mjs": NODE,
}
_BASES = {"py": python_image.BASES, "go": {"GOLANG": "golang"}, "node": {"NODEJS": "nodejs"}}


def write_debugged_project(root: Path, name: str) -> None:
    """The services `py` (two replicas), `go` and `node` on port 8000, and `tick`, which runs at times."""
    services: dict[str, Any] = {}
    for service, bases in _BASES.items():
        services[service] = {"build": {"context": service, "bases": bases}, "port": 8000, "health": "/"}
    services["py"]["replicas"] = 2
    services["tick"] = {"build": services["py"]["build"], "command": ["date"], "schedule": "0 3 * * *"}
    for path, text in _FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "devenv.yaml").write_text(yaml.safe_dump({"project": name, "services": services}, sort_keys=False))


def line_of(source: str, text: str) -> int:
    """The number of the only line with a text."""
    (found,) = [number for number, line in enumerate(source.splitlines(), 1) if text in line]
    return found
