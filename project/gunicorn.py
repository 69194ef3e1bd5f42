"""How gunicorn runs the service, in development and in production alike."""

from pathlib import Path

import django

from backend.core import metrics_folder, server
from project import env

env.choose_settings()
django.setup()  # the master's own lines go through the same log as the workers'

from backend.tasks import embedded  # noqa: E402  (its models want the apps)

ENV = env.load()

wsgi_app = "project.wsgi"
bind = f"{ENV.prod_host}:{ENV.prod_port}"
workers = ENV.gunicorn_workers
worker_class = "backend.core.server.Worker"
threads = ENV.gunicorn_threads
timeout = ENV.gunicorn_timeout
graceful_timeout = int(27 - ENV.drain_seconds)  # all of a stop fits into 30 s
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


def post_worker_init(_: object) -> None:
    """Without a Redis for tasks they run inside the server; reloading replaces this process."""
    embedded.start()


def worker_exit(_: object, __: object) -> None:
    """Let the tasks of this process finish."""
    embedded.stop()


if ENV.metrics_token.get_secret_value():
    on_exit = metrics_folder.remove
    pre_fork = metrics_folder.assign
    post_fork = metrics_folder.settle
    child_exit = metrics_folder.vacate

    def on_starting(_: object) -> None:
        """Have the workers count together; the library looks for the folder when it is imported."""
        env.hand_down(PROMETHEUS_MULTIPROC_DIR=metrics_folder.make(worker_tmp_dir))
