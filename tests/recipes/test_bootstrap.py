"""`./just` on all kinds of machines: the script is real, the Pythons and what pip does are not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = (
    "cat",
    "chmod",
    "cp",
    "dirname",
    "flock",
    "mkdir",
    "readlink",
    "sed",
    "sh",
    "sleep",
    "tr",
)

# Answers the script's question with another version; its venv and pip leave traces to look at.
INTERPRETER = """#!/bin/sh
case "$2" in
venv) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && echo "$0" >>"$4/../made-by" ;;
pip) sleep "${{PIP_SECONDS:-0}}" && cp "$JUST" "${{0%/*}}/just" && exit "${{PIP_STATUS:-0}}" ;;
*) exec {python} -c "import sys; sys.version_info = {version}; {prelude}
$2" ;;
esac
"""

# Tells what it was given: its process, the lock if it is still held, the variables, the options.
JUST = """#!/bin/sh
[ -e /dev/fd/9 ] && echo 'the lock'
echo "$$ $UV_PYTHON $UV_PYTHON_DOWNLOADS"
printf '<%s>' "$@"
"""


class Machine:
    """A checkout, and a PATH that holds what a test puts there and a few programs."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "a project"
        self.bin = folder / "bin"
        self.pyenv = folder / "opt" / "pyenv"
        self.environment = {
            "HOME": str(folder / "home"),
            "PATH": str(self.bin),
            "JUST": str(self.program(folder / "just", JUST)),
        }
        self.project.mkdir()
        self.bin.mkdir()
        shutil.copy(ROOT / "just", self.project)
        (self.project / "tools.lock").write_text("uv==1 --hash=sha256:1\n")
        for name in PROGRAMS:
            if program := shutil.which(name):
                (self.bin / name).symlink_to(program)
        # Nobody of that name has a home, so that no interpreter of the real machine is found.
        self.program(self.bin / "id", "#!/bin/sh\necho nobody-at-all\n")

    @staticmethod
    def program(path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(
        self, path: Path, version: str = "3.13.1", release: str = "final", prelude: str = ""
    ) -> Path:
        numbers = (*map(int, version.split(".")), release, 0)
        text = INTERPRETER.format(python=sys.executable, version=numbers, prelude=prelude)
        return self.program(path, text)

    def python_of_pyenv(self, version: str) -> Path:
        """As pyenv holds it: with a shim that fails, since another version is selected."""
        name = f"python{version.rpartition('.')[0]}"
        self.program(self.pyenv / "shims" / name, "#!/bin/sh\nexit 127\n")
        return self.python(self.pyenv / "versions" / version / "bin" / name, version)

    def command(self, *arguments: str) -> list[str | Path]:
        return [self.project / "just", *arguments]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environment | more,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )

    def chosen(self, **more: str) -> Path:
        """The interpreter that made .tools."""
        assert self.run(**more).returncode == 0
        return Path((self.project / "made-by").read_text().strip())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestDiscovery:
    def test_takes_the_python_on_path(self, machine: Machine) -> None:
        python = machine.python(machine.bin / "python3", "3.12.0")
        assert machine.chosen() == python

    @pytest.mark.parametrize("trace", ["shims", "executable", "PYENV_ROOT", "HOME"])
    def test_finds_a_python_that_only_pyenv_holds(self, machine: Machine, trace: str) -> None:
        machine.python(machine.bin / "python3", "3.11.7")
        home = Path(machine.environment["HOME"])
        if trace == "HOME":
            machine.pyenv = home / ".pyenv"
        python = machine.python_of_pyenv("3.12.1")
        if trace == "shims":
            machine.environment["PATH"] = f"{machine.pyenv}/shims:{machine.bin}"
        if trace == "PYENV_ROOT":
            machine.environment["PYENV_ROOT"] = str(machine.pyenv)
        if trace == "executable":
            program = machine.program(machine.pyenv / "libexec" / "pyenv", "#!/bin/sh\nexit 1\n")
            (machine.bin / "pyenv").symlink_to(program)
        assert machine.chosen() == python

    def test_prefers_the_newest_that_ci_tests(self, machine: Machine) -> None:
        machine.environment["PYENV_ROOT"] = str(machine.pyenv)
        machine.python(machine.bin / "python3.12", "3.12.9")
        machine.python_of_pyenv("3.14.0")
        python = machine.python_of_pyenv("3.13.0")
        assert machine.chosen() == python

    def test_takes_a_later_one_where_there_is_no_other(self, machine: Machine) -> None:
        machine.environment["PYENV_ROOT"] = str(machine.pyenv)
        python = machine.python_of_pyenv("3.14.0")
        assert machine.chosen() == python

    def test_takes_the_version_asked_for(self, machine: Machine) -> None:
        machine.python(machine.bin / "python3.13")
        python = machine.python(machine.bin / "python3.12", "3.12.9")
        assert machine.chosen(UV_PYTHON="3.12") == python

    @pytest.mark.parametrize(
        ("release", "prelude"),
        [
            ("candidate", ""),
            ("final", "sys.modules['ensurepip'] = None"),
            ("final", "sys.implementation.name = 'pypy'"),
            ("final", "import ensurepip, sysconfig; sysconfig.get_config_var = lambda name: 1"),
        ],
        ids=["pre-release", "without ensurepip", "PyPy", "without the GIL"],
    )
    def test_passes_over_what_is_no_use(self, machine: Machine, release: str, prelude: str) -> None:
        machine.python(machine.bin / "python3.13", "3.13.0", release, prelude)
        python = machine.python(machine.bin / "python3.12", "3.12.0")
        assert machine.chosen() == python

    def test_names_the_ways_to_get_one(self, machine: Machine) -> None:
        machine.python(machine.bin / "python3", "3.11.7")
        result = machine.run("start")
        assert result.returncode == 1
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1
        assert "needs Python 3.12 or newer" in result.stderr


class TestSetUp:
    @pytest.fixture(autouse=True)
    def _python(self, machine: Machine) -> None:
        machine.python(machine.bin / "python3.13")

    @staticmethod
    def times(machine: Machine) -> int:
        return len((machine.project / "made-by").read_text().splitlines())

    def test_hands_over_to_just(self, machine: Machine) -> None:
        result = machine.run("test", "-m", "a b", "")
        variables, options = result.stdout.splitlines()
        assert variables.endswith(f" {machine.project}/.tools/bin/python never")
        assert options == f"<--justfile><{machine.project}/justfile><test><-m><a b><>"

    def test_becomes_just(self, machine: Machine) -> None:
        with subprocess.Popen(
            machine.command(), env=machine.environment, stdout=subprocess.PIPE, text=True
        ) as process:
            output, _ = process.communicate()
        assert int(output.split()[0]) == process.pid

    def test_happens_once(self, machine: Machine) -> None:
        machine.run()
        assert machine.run().stderr == ""
        assert self.times(machine) == 1

    def test_is_repeated_when_the_pins_changed(self, machine: Machine) -> None:
        machine.run()
        (machine.project / "tools.lock").write_text("uv==2 --hash=sha256:2\n")
        machine.run()
        assert self.times(machine) == 2

    def test_is_repeated_when_its_python_is_gone(self, machine: Machine) -> None:
        machine.run()
        (machine.project / ".tools" / "bin" / "python").unlink()
        assert machine.run().returncode == 0
        assert self.times(machine) == 2

    def test_is_repeated_when_it_failed(self, machine: Machine) -> None:
        assert machine.run(PIP_STATUS="3").returncode == 3
        assert machine.run().returncode == 0
        assert self.times(machine) == 2

    @pytest.mark.skipif(shutil.which("flock") is None, reason="flock keeps them apart")
    def test_happens_once_for_two_that_start_together(self, machine: Machine) -> None:
        environment = machine.environment | {"PIP_SECONDS": "0.3"}
        starts = [
            subprocess.Popen(machine.command(), env=environment, stdout=subprocess.DEVNULL)
            for _ in range(2)
        ]
        assert [start.wait() for start in starts] == [0, 0]
        assert self.times(machine) == 1

    def test_lets_go_of_the_lock(self, machine: Machine) -> None:
        assert "the lock" not in machine.run().stdout
