"""Tells who it is and what it was told: enough for a layer to be seen working."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLD = {key: value for key, value in sorted(os.environ.items()) if key.startswith("TELL_")}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(TOLD).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


ThreadingHTTPServer(("", 8000), Handler).serve_forever()
