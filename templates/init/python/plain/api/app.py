"""The API."""

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/healthz")
def health():
    return "", 204


@app.get("/hello")
def hello():
    return jsonify({"hello": request.args.get("name", "world")})
