"""Somebody installs the TypeScript client into an empty project, and writes the first calls."""

import json
import re
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from tests.clients import node
from tests.service import ROOT, Service

FLOW = """\
import { Client, errors, etagOf, type User } from "backend-client";

declare const process: { env: Record<string, string | undefined> };
const { BASE_URL = "", EMAIL: email = "" } = process.env;

const api = new Client(BASE_URL);
const password = "a quiet walk by the sea";
const born: User = await api.auth.register({ email, password, password_confirm: password });
await api.auth.login({ email, password });
let me = await api.users.me.get();
me = await api.users.me.update({ first_name: "Ada" }, { ifMatch: me });

let refused = "";
try {
  await api.auth.register({ email, password, password_confirm: password });
} catch (error) {
  if (error instanceof errors.Throttled) refused = `in ${error.retryAfter?.toFixed()} s`;
  else if (error instanceof errors.ValidationError) refused = Object.keys(error.errors).join();
  else if (error instanceof errors.ApiError) refused = error.requestId ?? error.code;
  else throw error;
}
const devices: string[] = [];
for await (const session of api.auth.sessions.iterate()) devices.push(session.id);
await api.auth.logout();

const told = { same: born.id === me.id, name: me.first_name, etag: etagOf(me) !== undefined };
console.log(JSON.stringify({ ...told, refused, devices: devices.length }));
"""
# A mistake a line, and what the compiler calls it.
MISTAKES = {
    "await api.auth.login({ email, passwort: password });": "TS2561",
    "await api.auth.login({ email });": "TS2345",
    "await api.auth.register({ email, password, password_confirm: 7 });": "TS2322",
    "await api.users.me.update({ first_name: null });": "TS2322",
    "(await api.users.me.get()).is_active;": "TS2339",
    'await api.users.list({ ordering: "name" });': "TS2322",
    "await api.users.get();": "TS2554",
    'await api.auth.login({ email, password }, { idempotencyKey: "k" });': "TS2353",
    "await api.users.me.update({}, { ifMatch: { id: 1 } });": "TS2322",
    "api.auth.signIn;": "TS2339",
}
# What the examples of the documents take for granted.
GIVEN = """\
type Package = typeof import("backend-client");
declare const Client: Package["Client"], errors: Package["errors"];
declare const api: import("backend-client").Client;
declare const url: string, email: string, password: string, id: string, job: { id: string };
declare const form: import("backend-client").UserRegister;
declare function show(errors: Readonly<Record<string, readonly string[]>>): void;
declare function later(seconds: number | undefined): void;
declare function report(code: string, requestId: string | undefined): void;
declare function goToLogin(code: string): void;
"""
COMPILER = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "skipLibCheck": False,
    "target": "ES2022",
    "module": "NodeNext",
}
TYPES = str(node.PACKAGE / "node_modules" / "@types")


@pytest.fixture(autouse=True, scope="module")
def _built() -> None:
    node.prepare()


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty project with the package's tarball installed, and the first flow written."""
    folder = tmp_path_factory.mktemp("consumer")
    # Without its scripts: they would build again, under the feet of others.
    pack = ("npm", "pack", "--ignore-scripts", "--pack-destination", str(folder))
    tarball = node.run(*pack).splitlines()[-1]
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER}))
    (folder / "flow.ts").write_text(FLOW)
    node.run("npm", "install", "--offline", "--no-audit", f"./{tarball}", cwd=folder)
    return folder


def beside(consumer: Path, folder: Path) -> None:
    """Make a folder a project like the consumer's."""
    (folder / "node_modules").symlink_to(consumer / "node_modules")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(consumer / name, folder)


class TestNewUser:
    def test_writes_the_first_flow(self, consumer: Path, service: Service) -> None:
        assert node.tsc(consumer) == []
        email = f"ada.{uuid4().hex[:12]}@example.com"
        named = {"BASE_URL": service.url, "EMAIL": email}
        said = node.run("node", "flow.js", cwd=consumer, variables=named)
        assert json.loads(said) == {
            "same": True,
            "name": "Ada",
            "etag": True,
            "refused": "email",
            "devices": 1,
        }

    @pytest.mark.parametrize(
        "options",
        [
            ["--module", "ESNext", "--moduleResolution", "bundler"],
            ["--lib", "ES2022", "--types", "node", "--typeRoots", TYPES],
        ],
        ids=["a bundler for browsers", "Node.js"],
    )
    def test_may_compile_it_for(self, consumer: Path, options: list[str]) -> None:
        assert node.tsc(consumer, "--noEmit", *options) == []

    def test_reads_examples_that_compile(self, consumer: Path, tmp_path: Path) -> None:
        examples = [
            example
            for page in (node.PACKAGE / "README.md", ROOT / "docs" / "clients" / "typescript.md")
            for example in re.findall(r"(?ms)^```ts\n(.*?)^```$", page.read_text())
        ]
        assert len(examples) >= 8
        beside(consumer, tmp_path)
        (tmp_path / "given.d.ts").write_text(GIVEN)
        for number, example in enumerate(examples):
            (tmp_path / f"example{number}.ts").write_text(f"{example}\nexport {{}};\n")
        assert node.tsc(tmp_path, "--noEmit", "--preserveSymlinks") == []

    def test_is_told_of_mistakes_by_the_compiler(self, consumer: Path, tmp_path: Path) -> None:
        beside(consumer, tmp_path)
        head = 'import { Client } from "backend-client"; const api = new Client("");'
        values = 'const [email, password] = ["", ""] as const;'
        mistakes = "\n".join([head + values, *MISTAKES, "export {};"])
        (tmp_path / "mistakes.ts").write_text(mistakes)
        complaints = node.tsc(tmp_path, "--noEmit", "--preserveSymlinks")
        found = re.findall(
            r"^mistakes\.ts\((\d+),\d+\): error (TS\d+)", "\n".join(complaints), re.MULTILINE
        )
        assert found == [(str(line), code) for line, code in enumerate(MISTAKES.values(), 2)]

    def test_is_offered_everything_by_the_editor(self, consumer: Path) -> None:
        assert node.run_tests("package/*", CONSUMER=str(consumer)) == 4
