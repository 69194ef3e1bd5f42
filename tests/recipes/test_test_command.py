import os
import sys

import pytest

from tests.__main__ import main, parse, pytest_command


def translated(*arguments: str) -> list[str]:
    return pytest_command(parse(arguments))


class TestOptions:
    @pytest.mark.parametrize(
        ("arguments", "command"),
        [
            ([], []),
            (["-v"], ["-v"]),
            (["-p"], ["--numprocesses=auto", "--dist=worksteal"]),
            (["--parallel"], ["--numprocesses=auto", "--dist=worksteal"]),
            (["-f"], ["--exitfirst"]),
            (["--fail-fast"], ["--exitfirst"]),
            (["-k"], ["--reuse-db"]),
            (["--keep-db"], ["--reuse-db"]),
            (["-m", "slow or odd"], ["-m", "(slow or odd)"]),
            (["--marker", "slow"], ["-m", "(slow)"]),
            (["-t", "unit"], ["-m", "(unit)"]),
            (["--type", "acceptance"], ["-m", "(acceptance)"]),
            (["-t", "all"], []),
            (["-t", "e2e", "-m", "a or b"], ["-m", "(a or b) and (e2e)"]),
            (["tests/users", "-f", "tests/a b"], ["--exitfirst", "tests/users", "tests/a b"]),
            (["-f", "--", "-k", "name", "--lf"], ["--exitfirst", "-k", "name", "--lf"]),
        ],
    )
    def test_become_those_of_pytest(self, arguments: list[str], command: list[str]) -> None:
        assert translated(*arguments) == command

    @pytest.mark.parametrize("arguments", [["-x"], ["-t", "smoke"], ["-m"], ["--fail"]])
    def test_that_are_not_known_are_refused(self, arguments: list[str]) -> None:
        with pytest.raises(SystemExit) as refusal:
            parse(arguments)
        assert refusal.value.code == 2

    def test_are_explained(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as end:
            parse(["--help"])
        assert end.value.code == 0
        text = capsys.readouterr().out
        pairs = ["-c, --coverage", "-p, --parallel", "-f, --fail-fast", "-k, --keep-db"]
        for option in [*pairs, "-v", "-m, --marker", "-t, --type", "-h, --help", "path"]:
            assert f"\n  {option} " in text


class TestCoverage:
    @pytest.mark.parametrize("option", ["-c", "--coverage"])
    def test_is_reported_in_three_ways(self, option: str) -> None:
        command = translated(option, "-p")
        assert command[0] == "--cov"
        reports = {part for part in command if part.startswith("--cov-report=")}
        assert reports == {f"--cov-report={kind}" for kind in ("term-missing", "html", "xml")}

    def test_has_its_threshold_when_all_tests_run(self) -> None:
        assert "--cov-fail-under=0" not in translated("-c", "-p", "-f", "-k", "-t", "all")

    @pytest.mark.parametrize(
        "part", [["tests/users"], ["-m", "slow"], ["-t", "unit"], ["--", "-k", "name"]]
    )
    def test_has_no_threshold_for_a_part(self, part: list[str]) -> None:
        assert "--cov-fail-under=0" in translated("-c", *part)

    def test_does_not_swallow_a_path(self) -> None:
        # `--cov` takes what stands behind it for a package, unless that is an option.
        command = translated("-c", "tests/users")
        assert command[command.index("--cov") + 1].startswith("--")


class TestMain:
    def test_becomes_pytest_under_the_settings_for_tests(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls: list[tuple[str, list[str]]] = []
        monkeypatch.setattr(os, "execv", lambda *call: calls.append(call))
        monkeypatch.setattr(sys, "argv", ["tests", "-f"])
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "project.settings.production")
        monkeypatch.setenv("DEBUG", "true")
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        main()
        assert calls == [(sys.executable, [sys.executable, "-m", "pytest", "--exitfirst"])]
        assert os.environ["DJANGO_SETTINGS_MODULE"] == "project.settings.testing"
        assert not {"DEBUG", "PYTHONDONTWRITEBYTECODE"} & os.environ.keys()
