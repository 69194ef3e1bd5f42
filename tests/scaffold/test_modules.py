import pytest

from backend.scaffold import modules
from backend.scaffold.refusal import Refused


class TestImported:
    def test_stands_behind_the_last_import(self) -> None:
        source = '"""Words."""\n\nimport a\nfrom b import (\n    c,\n)\n\nx = 1\n'
        changed = modules.imported(source, line="from d import e")
        assert changed == source.replace("c,\n)\n", "c,\n)\nfrom d import e\n")

    def test_is_refused_where_nothing_is_imported(self) -> None:
        with pytest.raises(Refused, match="no import"):
            modules.imported("x = 1\n", line="import d")


class TestElement:
    @pytest.mark.parametrize(
        ("source", "changed"),
        [
            ("x = []\n", "x = ['new'\n]\n"),
            ("x = ['a']\n", "x = ['a', 'new']\n"),
            ("x = ['a',]\n", "x = ['a','new',\n]\n"),
            ("x = [\n  'a',  # b\n]\n", "x = [\n  'a',  # b\n'new',\n]\n"),
            ("x = [\n  'a'  # b, c\n]\n", "x = [\n  'a', 'new'  # b, c\n]\n"),
            ("x: list[str] = ['ä', 'ö']; y = 1\n", "x: list[str] = ['ä', 'ö', 'new']; y = 1\n"),
            ("w = ['a']\nx = [w[0]]\n", "w = ['a']\nx = [w[0], 'new']\n"),
        ],
    )
    def test_stands_at_the_end_of_a_list(self, source: str, changed: str) -> None:
        assert modules.element(source, element="'new'", of="x") == changed

    @pytest.mark.parametrize(
        ("source", "changed"),
        [
            ("x = {'a': f(1, 2)}\n", "x = {'a': f(1, 2), 'new': 1}\n"),
            ("x = {\n  'a': [1],\n}\n", "x = {\n  'a': [1],\n'new': 1,\n}\n"),
            ("x = {**y, 'a': 1}\n", "x = {**y, 'a': 1, 'new': 1}\n"),
        ],
    )
    def test_stands_at_the_end_of_a_dict(self, source: str, changed: str) -> None:
        assert modules.element(source, element="'new': 1", of="x") == changed

    def test_stands_before_another(self) -> None:
        changed = modules.element("x = ['a', 'b']\n", element="'new'", of="x", before='"b"')
        assert changed == "x = ['a', 'new', 'b']\n"

    def test_stands_in_a_list_below_a_key(self) -> None:
        source = "x = {'y': {}, 'z': ['a']}\n"
        assert modules.element(source, element="'new'", of="x", key="z") == (
            "x = {'y': {}, 'z': ['a', 'new']}\n"
        )

    @pytest.mark.parametrize(
        ("source", "element", "reason"),
        [
            ("x = ['new']\n", '"new"', "has 'new' already"),
            ("x = {'new': 1}\n", '"new": 2', "has 'new' already"),
            ("x = {f'{a}/': 1}\n", 'f"{a}/": 2', "already"),
            ("x = ('a',)\n", "'new'", "no list or dict called x"),
            ("y = ['a']\n", "'new'", "no list or dict called x"),
            ("def f():\n    x = []\n", "'new'", "no list or dict called x"),
        ],
    )
    def test_is_refused(self, source: str, element: str, reason: str) -> None:
        with pytest.raises(Refused, match=reason):
            modules.element(source, element=element, of="x")

    def test_is_refused_where_its_neighbour_has_gone(self) -> None:
        with pytest.raises(Refused, match="x has no 'b'"):
            modules.element("x = ['a']\n", element="'new'", of="x", before="'b'")

    @pytest.mark.parametrize("source", ["x = {'y': 1}\n", "x = {'z': 1}\n", "x = ['z']\n"])
    def test_is_refused_where_its_key_has_gone(self, source: str) -> None:
        with pytest.raises(Refused, match=r"called x\['z'\]"):
            modules.element(source, element="'new'", of="x", key="z")
