"""How gunicorn runs the service, in development and in production alike."""

from pathlib import Path

import django

from backend.core import server
from project import env

env.choose_settings()
django.setup()  # the master's own lines go through the same log as the workers'
ENV = env.load()

wsgi_app = "project.wsgi"
bind = f"{ENV.prod_host}:{ENV.prod_port}"
workers = ENV.gunicorn_workers
worker_class = "gthread"
threads = ENV.gunicorn_threads
timeout = ENV.gunicorn_timeout
graceful_timeout = 25
keepalive = 5
max_requests = ENV.gunicorn_max_requests
max_requests_jitter = 100  # workers do not restart all at once
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  (a heartbeat file)

# Who the client is, TRUSTED_PROXIES alone decides, in the application.
forwarded_allow_ips = ""
forwarder_headers = ""
control_socket_disable = True

logger_class = server.Logger
when_ready = server.when_ready
pre_request = server.pre_request
