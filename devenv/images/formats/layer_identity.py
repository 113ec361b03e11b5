"""Which layer a folder of an old-style `docker save` archive holds, told before the layer is read.

Engines before 25 name a layer's folder by a hash over its metadata and the chain of layers below it. The
metadata lies beside the layer, so the hash can be computed for each place in the chain and compared. What
cannot be told that way is merely sent again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class LayerChain:
    """The layers of one image, bottom first."""

    def __init__(self, diff_ids: Sequence[str]) -> None:
        self._diff_ids = tuple(diff_ids)
        self._chain_ids = _chain_ids(self._diff_ids)

    def identify(self, folder: str, metadata: bytes) -> str | None:
        """The diffID of the layer in `folder`, whose `json` is `metadata`; None when it cannot be told."""
        try:
            fields = json.loads(metadata)
        except ValueError:
            return None
        if not isinstance(fields, dict):
            return None
        fields.pop("id", None)
        if "parent" in fields:
            fields["parent"] = f"sha256:{fields['parent']}"
        # Below the top, engines write `os` into the file only after they have hashed it.
        without_os = {name: value for name, value in fields.items() if name != "os"}
        for diff_id, chain_id in zip(self._diff_ids, self._chain_ids, strict=True):
            for hashed in (fields, without_os):
                if hashlib.sha256(_go_json({**hashed, "layer_id": chain_id})).hexdigest() == folder:
                    return diff_id
        return None


def _chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """The OCI image specification's ChainID of each layer."""
    chain: list[str] = []
    for diff_id in diff_ids:
        if not chain:
            chain.append(diff_id)
        else:
            chain.append("sha256:" + hashlib.sha256(f"{chain[-1]} {diff_id}".encode()).hexdigest())
    return chain


def _go_json(fields: dict[str, object]) -> bytes:
    """As Go writes a map of raw values: keys sorted at the top alone, no spaces, HTML characters escaped."""
    text = json.dumps(dict(sorted(fields.items())), separators=(",", ":"), ensure_ascii=False)
    for character, escape in _GO_ESCAPES.items():
        text = text.replace(character, escape)
    return text.encode()
