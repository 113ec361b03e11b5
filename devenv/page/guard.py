"""Who may ask the start page for what: everything is refused that a foreign page can make a browser send.

A page of another origin reaches 127.0.0.1 in three ways. By a name of its own that it has resolve to the loopback
address (DNS rebinding): the Host header has that name. By a request across origins: Sec-Fetch-Site or Origin says so.
By a link: that shows the page to its own user, and does nothing. Whoever runs programs on this machine can read the
page without a token; who has the token, which `devenv open` alone hands out, can act and see secrets.
"""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devenv.spec.project import LOOPBACK

_OWN_SITE = {"", "same-origin", "none"}
"""Values of Sec-Fetch-Site: of programs that are no browser, of the page itself, of who types the address."""
_READING = {"GET", "HEAD"}
_ON_ALL = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def own_hosts(project: str, port: int) -> frozenset[str]:
    """The values of the Host header that lead here without anybody's tricks."""
    names = (f"{project}.localhost", "localhost", LOOPBACK)
    return frozenset({f"{name}:{port}" for name in names} | (set(names) if port == 80 else set()))  # noqa: PLR2004


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str], token: str) -> None:
        self._app = app
        self._hosts = hosts
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is allowed; answer the rest."""
        if scope["type"] != "http":
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ON_ALL.items():
                    headers[name] = value
            await send(message)

        refusal = self._refusal(scope)
        answer = JSONResponse({"error": {"message": refusal[1]}}, refusal[0]) if refusal else self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason; None for what is allowed."""
        headers, reads = Headers(scope=scope), scope["method"] in _READING
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return 421, "this is not the address of the start page"
        if (origin := headers.get("origin")) and origin not in {f"http://{host}" for host in self._hosts}:
            return 403, "a page of another origin may ask for nothing here"
        follows_link = reads and scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"
        if headers.get("sec-fetch-site", "") not in _OWN_SITE and not follows_link:
            return 403, "a page of another origin may ask for nothing here"
        if not reads and scope["path"] != "/session" and not self._has_token(headers):
            return 401, "that takes the token that `devenv open` hands out"
        return None

    def _has_token(self, headers: Headers) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), self._token)
