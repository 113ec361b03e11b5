"""How the API is served; gunicorn reads this file by itself."""

bind = "0.0.0.0:8000"
threads = 4
