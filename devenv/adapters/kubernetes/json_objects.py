"""What Kubernetes' objects are in this code: JSON, as the API server sends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
"""An object, or a part of one."""
ObjectsByKind = Mapping[str, tuple[Json, ...]]
"""Kind to its objects: `Pod`, `Deployment` …"""
