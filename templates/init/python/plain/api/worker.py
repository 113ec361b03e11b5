"""The worker: asks the API now and then."""

import os
import time
import urllib.request

if __name__ == "__main__":
    while True:
        with urllib.request.urlopen(f"{os.environ['API_URL']}/hello?name=worker", timeout=5) as answer:
            print(answer.read().decode().strip(), flush=True)
        time.sleep(5)
