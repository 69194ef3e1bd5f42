import os
import subprocess
import sys
from pathlib import Path

from tests.service import ROOT
from tests.service_databases import migrated

FIRST_REQUEST = """
import sys
from project.wsgi import application

def ask(path):
    host = {"HTTP_HOST": "localhost", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.input": sys.stdin, **host}
    return b"".join(application(request, lambda *_: None)).decode()

before = set(sys.modules)
answer = ask("/api/v1/health/")
known = {"stringprep", "encodings.idna"}  # which the socket module wants for any name
print(sorted(set(sys.modules) - before - known), answer)
"""
GARBAGE = """
import gc, runpy
from types import SimpleNamespace
config = runpy.run_path("project/gunicorn.py")
print(gc.isenabled(), gc.get_freeze_count() > 10_000)
config["when_ready"](SimpleNamespace(LISTENERS=[]))
print(gc.isenabled(), gc.get_freeze_count() > 10_000)
runpy.run_path("project/gunicorn.py")  # as a HUP does
print(gc.isenabled())
"""
COMMAND = """
import project.wsgi, sys
from backend.tasks import scheduler, worker
print("gunicorn" in sys.modules)
"""


class TestStart:
    def test_imports_all_that_a_first_request_wants(self, tmp_path: Path) -> None:
        with migrated(tmp_path, {}) as database:
            modules, _, answer = _printed(FIRST_REQUEST, **database).splitlines()[-1].partition(" ")
        assert modules == "[]"
        assert '"status":"healthy"' in answer

    def test_looks_for_garbage_once_everything_is_imported_and_kept(self) -> None:
        assert _printed(GARBAGE).splitlines() == ["False False", "True True", "True"]

    def test_of_a_command_imports_no_server(self) -> None:
        assert _printed(COMMAND).splitlines() == ["False"]


def _printed(code: str, **variables: str) -> str:
    settings = {"DJANGO_SETTINGS_MODULE": "project.settings.testing", "LOG_LEVEL": "ERROR"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | settings | variables,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
