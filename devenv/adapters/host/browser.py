"""The user's browser, where there is one that does not take the terminal."""

from __future__ import annotations

import os
import sys
import webbrowser

_WINDOWS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")
"""Variables of which one is set where a browser can open a window."""


def has_browser() -> bool:
    """Whether a window can be opened here: not over SSH, and not in a container."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in _WINDOWS)


def open_in_browser(url: str) -> bool:
    """Open a page; whether a browser took it."""
    return has_browser() and webbrowser.open(url)
