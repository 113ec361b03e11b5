"""Says what there is, once."""

import os

import redis

redis.Redis.from_url(os.environ["REDIS_URL"]).sadd("goods", "tea", "coffee")
