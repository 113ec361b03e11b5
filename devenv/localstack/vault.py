"""Secrets Manager as people use it: which secrets there are, what one holds, and another value for one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from devenv.errors import DatabaseError, UsageError
from devenv.localstack.program import Clients, SeedProgram, answering, load_program, pages

_AT_ONCE = 8
_SILENT = "LocalStack's Secrets Manager does not answer"


@dataclass(frozen=True, slots=True)
class Secret:
    """What a secret holds."""

    name: str
    text: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Of one that is an object of texts, which is how several values are kept in one; nothing of any other."""
        return tuple(fields_of(self.text))


class Vault:
    """The Secrets Manager of one LocalStack. Any method raises DatabaseError where that does not answer or refuses."""

    def __init__(self, program: Path, endpoint: str, host: str) -> None:
        self._program: SeedProgram = load_program(program)
        self._aws: Clients = self._program.Aws(endpoint, host)
        self._client: Any = self._aws.client("secretsmanager")

    def list(self) -> list[Secret]:
        """All secrets, by name."""
        with answering(_SILENT):
            names = sorted(str(found["Name"]) for found in pages(self._client, "list_secrets", "SecretList"))
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="secrets") as pool:
                return [secret for secret in pool.map(self._read, names) if secret]

    def read(self, name: str) -> Secret | None:
        """One secret; None where there is none of that name."""
        with answering(_SILENT):
            return self._read(name)

    def write(self, name: str, text: str) -> str:
        """Give a secret a value, and make it where it is missing; `created`, `updated` or `unchanged`."""
        (line,) = self._program.apply_section(self._aws, {"secrets": [{"name": name, "value": text}]}, "secrets")
        if line["change"] == "failed":
            raise DatabaseError(
                f"secret {name} could not be written", context={"cause": line["error"]}, hint="devenv status"
            )
        return str(line["change"])

    def _read(self, name: str) -> Secret | None:
        try:
            found = self._client.get_secret_value(SecretId=name)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        return Secret(name, found.get("SecretString") or found.get("SecretBinary", b"").decode(errors="replace"))


def fields_of(text: str) -> dict[str, str]:
    """The texts of a secret that is a JSON object, by key; nothing where it is anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {key: _as_text(value) for key, value in found.items()} if isinstance(found, Mapping) else {}


def with_field(secret: Secret | None, name: str, key: str, value: str) -> str:
    """The text of a secret with another value under a key; raises UsageError for one that is no object."""
    if secret is None:
        return json.dumps({key: value})
    try:
        found = json.loads(secret.text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(
            f"secret {name} is one text, and has no keys",
            hint=f"to replace it as a whole: devenv secrets set {name}",
        )
    return json.dumps({**found, key: value}, sort_keys=True)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
