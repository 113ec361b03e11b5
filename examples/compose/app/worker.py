"""Fills orders: takes them from the queue, signs them and keeps them."""

import hashlib
import os
import pathlib

import psycopg
import redis

key = pathlib.Path(os.environ["SIGNING_KEY_FILE"]).read_bytes()
cache = redis.Redis.from_url(os.environ["REDIS_URL"])

while True:
    _, good = cache.brpop("orders")
    signature = hashlib.sha256(key + good).hexdigest()[:12]
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as database:
        database.execute("INSERT INTO orders (good, signature) VALUES (%s, %s)", (good.decode(), signature))
