"""The image's health check: fails unless the server of this container is ready for requests.

It runs every few seconds, so it reads its two variables itself: ``project.env`` would cost five
times as much.
"""  # noqa: INP001  (a script, no package)

import os
import urllib.request

port = os.environ.get("PROD_PORT", "8000")
# The service answers to its own names only; ".example.com" stands for all below example.com.
host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().removeprefix(".")
url = f"http://127.0.0.1:{port}/api/v1/health/ready/"
urllib.request.urlopen(urllib.request.Request(url, headers={"Host": host}), timeout=4)
