"""Secrets Manager: secrets that the seeds do not have."""

from __future__ import annotations

from collections.abc import Iterator

from devenv.localstack.program import Change, Clients, Seed, named, pages


def empty_secrets(aws: Clients, seeds: Seed) -> Iterator[Change]:
    """Delete them, and take back the planned deletion of those that are seeded."""
    secrets = aws.client("secretsmanager")
    wanted = named(seeds, "secrets")
    for found in list(pages(secrets, "list_secrets", "SecretList", IncludePlannedDeletion=True)):
        name = found["Name"]
        if name not in wanted:
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
            yield Change("secret", name, "deleted")
        elif found.get("DeletedDate"):
            secrets.restore_secret(SecretId=name)
            yield Change("secret", name, "created")
