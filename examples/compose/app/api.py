"""Takes orders, which the worker fills, and shows those that are."""

import os

import psycopg
import redis
from flask import Flask, jsonify, request

app = Flask(__name__)
cache = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.get("/healthz")
def health():
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as database:
        database.execute("SELECT 1 FROM orders LIMIT 1")
    return "", 204


@app.get("/orders")
def orders():
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as database:
        rows = database.execute("SELECT good, signature FROM orders ORDER BY id").fetchall()
    return jsonify([{"good": good, "signature": signature} for good, signature in rows])


@app.post("/orders")
def order():
    good = request.form["good"]
    if not cache.sismember("goods", good):
        return jsonify({"error": f"there is no {good}"}), 404
    cache.lpush("orders", good)
    return jsonify({"good": good}), 202
