import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def recipes() -> dict[str, Any]:
    """The recipes that `just` lists."""
    just = shutil.which("just", path=ROOT / ".tools" / "bin") or shutil.which("just")
    if just is None:
        pytest.skip("neither .tools nor PATH holds just")
    command = [just, "--justfile", str(ROOT / "justfile"), "--dump", "--dump-format", "json"]
    result = subprocess.run(command, capture_output=True, check=True)
    everything = json.loads(result.stdout)["recipes"]
    return {name: recipe for name, recipe in everything.items() if not recipe["private"]}


class TestRecipes:
    def test_say_what_they_do(self, recipes: dict[str, Any]) -> None:
        assert [name for name, recipe in recipes.items() if not recipe["doc"]] == []

    def test_stand_in_a_group(self, recipes: dict[str, Any]) -> None:
        alone = [
            name
            for name, recipe in recipes.items()
            if not any("group" in attribute for attribute in recipe["attributes"])
        ]
        assert alone == []

    def test_hand_on_all_their_options(self, recipes: dict[str, Any]) -> None:
        swallowing = [
            name
            for name, recipe in recipes.items()
            if recipe["parameters"] and '"$@"' not in json.dumps(recipe["body"]).replace("\\", "")
        ]
        assert swallowing == []

    def test_have_their_tools_set_up(self, recipes: dict[str, Any]) -> None:
        without = {
            name
            for name, recipe in recipes.items()
            if "venv" not in [dependency["recipe"] for dependency in recipe["dependencies"]]
        }
        containers = {"up", "down", "logs", "ps", "docker-test", "docker-shell", "docker-migrate"}
        assert without == {"lock"} | containers  # the first makes what .venv is made from
