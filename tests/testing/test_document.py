"""The example of docs/testing.md, run as it stands there."""

import re

import pytest

from tests.service import ROOT

PAGE = (ROOT / "docs" / "testing.md").read_text()
(EXAMPLE,) = re.findall(r"(?s)```python\n(.*?)```", PAGE)

pytestmark = pytest.mark.django_db

exec(compile(EXAMPLE, "docs/testing.md", "exec"), globals())  # its classes become this module's


class TestExample:
    def test_was_found(self) -> None:
        assert {
            "TestMeUpdate",
            "TestUserList",
            "TestPasswordReset",
            "TestLogin",
            "TestDeletion",
        } <= {*globals()}


class TestFixtureTable:
    def test_names_every_fixture(self) -> None:
        source = (ROOT / "backend" / "testing" / "fixtures.py").read_text()
        fixtures = set(re.findall(r'fixture\(name="(\w+)"\)', source)) | set(
            re.findall(r"@pytest\.fixture\ndef (\w+)", source)
        )
        assert set(re.findall(r"(?m)^\| `(\w+)` \| `\w+\.\w+` \|", PAGE)) == fixtures
