"""How gunicorn runs the service, in development and in production alike."""

import gc

# Nothing of what is imported from here on is garbage. ``when_ready`` enables the collection again,
# after a start: a reload reads this file once more, and imports nothing.
if not gc.get_freeze_count():
    gc.disable()

import django
from django.conf import settings

from backend.core.server import hooks
from backend.core.server.log import Logger
from backend.core.telemetry import metrics_folder
from project import env

env.choose_settings()
django.setup()  # the master's own lines go through the same log as the workers'

from backend.tasks import embedded  # noqa: E402  (its models want the apps)

ENV = env.load()

if ENV.metrics_token.get_secret_value():
    # Have the workers count together; the library looks for the folder when it is imported.
    env.hand_down(PROMETHEUS_MULTIPROC_DIR=metrics_folder.make(hooks.MEMORY_FOLDER))

wsgi_app = "project.wsgi"
bind = f"{ENV.prod_host}:{ENV.prod_port}"
workers = ENV.gunicorn_workers
worker_class = "backend.core.server.worker.Worker"
threads = ENV.gunicorn_threads
worker_connections = hooks.most_connections()
sendfile = False  # it would wait in a thread for whoever reads the file
timeout = ENV.gunicorn_timeout
graceful_timeout = int(27 - ENV.drain_seconds)  # all of a stop fits into 30 s
keepalive = 5
max_requests = ENV.gunicorn_max_requests
max_requests_jitter = 100  # workers do not restart all at once
worker_tmp_dir = hooks.MEMORY_FOLDER  # for a heartbeat file
# Everything is imported once, and shared by the workers until one of them writes to it. What
# reloads when code changes has to import it again.
preload_app = not settings.DEBUG

# Who the client is, TRUSTED_PROXIES alone decides, in the application.
forwarded_allow_ips = ""
forwarder_headers = ""
control_socket_disable = True

logger_class = Logger
when_ready = hooks.when_ready
pre_request = hooks.pre_request


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
