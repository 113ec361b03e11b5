"""DynamoDB: tables and items that the seeds do not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from devenv.localstack.program import Change, Clients, Seed, named, pages

_DELETED_AT_ONCE = 25
"""What one request takes."""
_DELETED_ONE_BY_ONE = 250
"""With more items too many, a table is made anew."""

Item = dict[str, Any]


def empty_tables(aws: Clients, seeds: Seed) -> Iterator[Change]:
    """Delete tables, and items of seeded tables; a seeded table that was altered is made anew."""
    dynamodb = aws.client("dynamodb")
    wanted = named(seeds, "tables")
    for name in list(pages(dynamodb, "list_tables", "TableNames")):
        seed = wanted.get(name)
        if seed is None or not _is_as_made(dynamodb, seed):
            _delete_table(dynamodb, name)
            yield Change("table", name, "deleted")
            continue
        surplus = _surplus(dynamodb, seed)
        if len(surplus) > _DELETED_ONE_BY_ONE:
            _delete_table(dynamodb, name)
            yield Change("table", name, "deleted")
        elif surplus:
            _delete_items(dynamodb, name, surplus)
            yield Change("table", name, "emptied")


def _is_as_made(dynamodb: Any, seed: Seed) -> bool:
    """Whether the table has the seed's key, and nothing that seeds cannot give it."""
    table = dynamodb.describe_table(TableName=seed["name"])["Table"]
    key = [{"AttributeName": name, "KeyType": kind} for name, kind in _key(seed)]
    added = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification")
    expiry = dynamodb.describe_time_to_live(TableName=seed["name"])["TimeToLiveDescription"]
    return table["KeySchema"] == key and not any(map(table.get, added)) and expiry["TimeToLiveStatus"] == "DISABLED"


def _surplus(dynamodb: Any, seed: Seed) -> list[Item]:
    """Keys of the items that are not seeded, up to one more than are deleted one by one."""
    names = [name for name, _ in _key(seed)]
    serialize = TypeSerializer().serialize
    kept = [{name: serialize(item[name]) for name in names} for item in seed.get("items", ())]
    placeholders = {f"#{index}": name for index, name in enumerate(names)}
    found = pages(
        dynamodb,
        "scan",
        "Items",
        TableName=seed["name"],
        ConsistentRead=True,
        ProjectionExpression=", ".join(placeholders),
        ExpressionAttributeNames=placeholders,
    )
    surplus: list[Item] = []
    for key in found:
        if key not in kept:
            surplus.append(key)
        if len(surplus) > _DELETED_ONE_BY_ONE:
            break
    return surplus


def _delete_items(dynamodb: Any, table: str, keys: list[Item]) -> None:
    left = [{"DeleteRequest": {"Key": key}} for key in keys]
    while left:
        batch, left = left[:_DELETED_AT_ONCE], left[_DELETED_AT_ONCE:]
        answer = dynamodb.batch_write_item(RequestItems={table: batch})
        left += answer.get("UnprocessedItems", {}).get(table, [])


def _delete_table(dynamodb: Any, name: str) -> None:
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def _key(seed: Seed) -> list[tuple[str, str]]:
    parts = [(seed["key"]["hash"][0], "HASH")]
    if seed["key"].get("range"):
        parts.append((seed["key"]["range"][0], "RANGE"))
    return parts
