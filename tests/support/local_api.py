"""The shop's API as somebody changes it: a process of this machine, on the port that it is given.

It has the service's variables, and asks the database and the page of the shop by them.
"""

from __future__ import annotations

import http.server
import json
import os
import sys
import urllib.request

import psycopg


class Api(http.server.BaseHTTPRequestHandler):
    """Orders as the service has them, with one beside that only this process has."""

    def do_GET(self) -> None:
        if self.path == "/site":
            body = urllib.request.urlopen(f"http://{os.environ['SITE_AT']}/", timeout=20).read()
        else:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=10) as database:
                rows = database.execute("SELECT id, good FROM orders ORDER BY id").fetchall()
            orders = [{"id": number, "good": good} for number, good in [*rows, (0, "from this machine")]]
            body = json.dumps(orders).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Api).serve_forever()
