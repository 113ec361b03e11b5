"""The API: notes over PostgreSQL."""

import os

import psycopg
from flask import Flask, jsonify, request
from psycopg.rows import dict_row

app = Flask(__name__)


def database():
    return psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5, row_factory=dict_row)


@app.get("/healthz")
def health():
    with database() as connection:
        connection.execute("SELECT 1 FROM notes LIMIT 1")
    return "", 204


@app.get("/notes")
def notes():
    with database() as connection:
        return jsonify(connection.execute("SELECT id, text, words FROM notes ORDER BY id").fetchall())


@app.post("/notes")
def add():
    insert = "INSERT INTO notes (text) VALUES (%s) RETURNING id, text, words"
    with database() as connection:
        return jsonify(connection.execute(insert, (request.form["text"],)).fetchone()), 201
