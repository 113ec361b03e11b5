"""Orders over PostgreSQL; what is in stock is asked of another service."""

import json
import os
import urllib.request

import psycopg
from flask import Flask, jsonify, request

app = Flask(__name__)


def database():
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5)


@app.get("/healthz")
def health():
    with database() as connection:
        connection.execute("SELECT 1 FROM orders LIMIT 1")
    return "", 204


@app.get("/orders")
def orders():
    with database() as connection:
        rows = connection.execute("SELECT id, good FROM orders ORDER BY id").fetchall()
    return jsonify([{"id": number, "good": good} for number, good in rows])


@app.post("/orders")
def order():
    good = request.form["good"]
    with urllib.request.urlopen(f"{os.environ['STOCK_URL']}/goods", timeout=5) as answer:
        if good not in {each["name"] for each in json.load(answer)}:
            return jsonify({"error": f"there is no {good}"}), 404
    with database() as connection:
        (number,) = connection.execute("INSERT INTO orders (good) VALUES (%s) RETURNING id", (good,)).fetchone()
    return jsonify({"id": number, "good": good}), 201
