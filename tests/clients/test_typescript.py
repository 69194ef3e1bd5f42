"""The TypeScript client: what is generated, its policies, its package."""

import json
import re
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.clients import node
from tests.service import ROOT


@pytest.fixture(autouse=True, scope="module")
def _built() -> None:
    node.prepare()


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package, to build and change; what it needs is linked."""
    ignored = shutil.ignore_patterns("node_modules", "dist", "build", ".lock")
    copy = shutil.copytree(node.PACKAGE, tmp_path / "typescript", ignore=ignored)
    (copy / "node_modules").symlink_to(node.PACKAGE / "node_modules")
    return copy


class TestNodeMissing:
    @pytest.mark.parametrize(
        ("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)]
    )
    def test_is_told_and_forgiven_except_in_ci(
        self, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
    ) -> None:
        monkeypatch.setenv("PATH", "")
        monkeypatch.setenv("CI", ci)
        with pytest.raises(outcome, match=r"needs Node\.js"):
            node.require()


class TestGeneratedCode:
    def test_is_what_the_document_says(self) -> None:
        node.run("node", "generate.mjs", "--check")

    def test_can_be_made_anew(self, copied: Path) -> None:
        generated = copied / "src" / "generated"
        shutil.rmtree(generated)
        node.run("node", "generate.mjs", str(node.DOCUMENT), cwd=copied)
        committed = node.PACKAGE / "src" / "generated"
        assert {file.name: file.read_text() for file in generated.iterdir()} == {
            file.name: file.read_text() for file in committed.iterdir()
        }

    def test_is_stale_when_the_document_changes(self, copied: Path, tmp_path: Path) -> None:
        document = json.loads(node.DOCUMENT.read_text())
        document["components"]["schemas"]["User"]["properties"]["nickname"] = {"type": "string"}
        (tmp_path / "newer.json").write_text(json.dumps(document))
        (copied / "src" / "generated" / "left-over.ts").touch()
        done = node.attempt("node", "generate.mjs", "--check", "../newer.json", cwd=copied)
        assert done.returncode == 1
        assert done.stdout.splitlines() == [
            "clients/typescript/src/generated/schema.ts is stale",
            "clients/typescript/src/generated/left-over.ts is stale",
        ]


class TestPolicies:
    def test_hold(self) -> None:
        assert node.run_tests("unit/*") >= 90


class TestPackage:
    def test_holds_what_is_built_and_nothing_else(self, copied: Path) -> None:
        # With its scripts, as it is published: this builds from nothing.
        node.run("npm", "pack", cwd=copied)
        (tarball,) = copied.glob("*.tgz")
        with tarfile.open(tarball) as packed:
            names = {name.removeprefix("package/") for name in packed.getnames()}
        files = {name for name in names if not name.startswith("dist/")}
        assert files == {"package.json", "README.md", "LICENSE"}
        assert {"dist/index.js", "dist/index.d.ts", "dist/generated/api.d.ts"} <= names
        assert all(name.endswith((".js", ".d.ts")) for name in names - files)

    def test_needs_nothing_at_run_time(self) -> None:
        said = json.loads((node.PACKAGE / "package.json").read_text())
        assert not {"dependencies", "peerDependencies", "optionalDependencies"} & said.keys()
        assert (said["type"], said["sideEffects"]) == ("module", False)

    def test_uses_nothing_of_node(self) -> None:
        for file in (node.PACKAGE / "src").rglob("*.ts"):
            assert not re.search(r"node:|\bprocess\.|\bBuffer\b|\brequire\(", file.read_text()), (
                file
            )

    def test_has_the_projects_licence(self) -> None:
        assert (node.PACKAGE / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()

    def test_is_installed_from_anybodys_own_registry(self) -> None:
        lock = json.loads((node.PACKAGE / "package-lock.json").read_text())
        assert all("resolved" not in package for package in lock["packages"].values())
        assert not re.search(r"registry\s*=", (node.PACKAGE / ".npmrc").read_text())
