"""Makes streams and buckets of seeds, in an account that holds nothing else."""

from __future__ import annotations

from devenv.databases.nats.account import Account, Json
from devenv.databases.nats.renewal import NOTHING, make_anew
from devenv.databases.nats.seeds import KeyValueBucket, NatsSeeds, ObjectStore, Stream


async def apply_seeds(account: Account, seeds: NatsSeeds) -> None:
    """Make all of it, in the order of the files.

    Raises:
        ApiError: JetStream refuses a configuration.
        nats.errors.Error: a message, an entry or an object is refused.
    """
    for stream in seeds.streams:
        await make_stream(account, stream)
    for bucket in seeds.key_values:
        await _make_bucket(account, bucket)
    for store in seeds.object_stores:
        await _make_store(account, store)


def aging(seeds: NatsSeeds) -> dict[str, Stream]:
    """The streams whose messages expire, by name."""
    return {stream.name: stream for stream in seeds.streams if stream.config.get("max_age")}


async def make_stream(account: Account, stream: Stream) -> None:
    """Make one stream with its consumers, then publish its messages."""
    config = {"retention": "limits", "storage": "file", "discard": "old", "num_replicas": 1, **stream.config}
    subjects = {"subjects": list(stream.subjects)} if stream.subjects else {}

    async def make() -> Json:
        made = await account.request(f"STREAM.CREATE.{stream.name}", {"name": stream.name, **subjects, **config})
        state: Json = made["state"]
        return state

    await make_anew(account, stream.name, make, {"messages": 0, "last_seq": max(config.get("first_seq", 0) - 1, 0)})
    for consumer in stream.consumers:
        wanted = {"ack_policy": "explicit", **consumer.config, "name": consumer.name, "durable_name": consumer.name}
        await account.request(
            f"CONSUMER.DURABLE.CREATE.{stream.name}.{consumer.name}",
            {"stream_name": stream.name, "config": wanted},
        )
    for message in stream.messages:
        await account.jetstream.publish(
            message.subject, message.data, stream=stream.name, headers=dict(message.headers) or None
        )


async def _make_bucket(account: Account, bucket: KeyValueBucket) -> None:
    stream = f"KV_{bucket.bucket}"

    async def make() -> Json:
        await account.jetstream.create_key_value(bucket=bucket.bucket, history=bucket.history)
        return await account.state(stream)

    await make_anew(account, stream, make, NOTHING)
    made = await account.jetstream.key_value(bucket.bucket)
    for key, value in bucket.entries.items():
        await made.put(key, value.encode())


async def _make_store(account: Account, store: ObjectStore) -> None:
    stream = f"OBJ_{store.bucket}"

    async def make() -> Json:
        await account.jetstream.create_object_store(bucket=store.bucket)
        return await account.state(stream)

    await make_anew(account, stream, make, NOTHING)
    made = await account.jetstream.object_store(store.bucket)
    for item in store.objects:
        await made.put(item.name, item.text.encode())
