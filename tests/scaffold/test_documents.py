import pytest

from backend.scaffold import documents
from backend.scaffold.refusal import Refused

TABLE = "# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\n| 3 |\n"
LOG = "## [Unreleased]\n\n### Added\n\n- One,\n  in two lines.\n- Two.\n\n## [0.1]\n\n### Fixed\n"
CONTRACTS = '[[tool.importlinter.contracts]]\nlayers = [\n    "top",\n    "a | b",\n]\n'


class TestRows:
    def test_stand_before_another_of_their_table(self) -> None:
        changed = documents.rows(TABLE, rows="| 5 | 6 |\n", table="| a |", before="| 3 |")
        assert changed == TABLE.replace("| 3 | 4 |", "| 5 | 6 |\n| 3 | 4 |")

    @pytest.mark.parametrize(("table", "before"), [("| c |", "| 3 |"), ("| a |", "| 7 |")])
    def test_are_refused_where_their_place_has_gone(self, table: str, before: str) -> None:
        with pytest.raises(Refused, match="no line that begins with"):
            documents.rows(TABLE, rows="| 5 | 6 |\n", table=table, before=before)


class TestBranch:
    def test_has_its_text_in_the_column_of_the_others(self) -> None:
        tree = "    backend/\n      mails/                 what is written\n"
        changed = documents.branch(tree, path="      notes/", text="notes", before="      mails/")
        assert changed == tree.replace(
            "      mails", "      notes/                 notes\n      mails"
        )


class TestNews:
    def test_stands_behind_the_others(self) -> None:
        changed = documents.news(LOG, entry="New.", section="## [Unreleased]", heading="### Added")
        assert changed == LOG.replace("- Two.\n", "- Two.\n- New.\n")

    def test_gets_the_heading_that_is_not_there(self) -> None:
        changed = documents.news(LOG, entry="New.", section="## [0.1]", heading="### Added")
        assert changed == LOG.replace("## [0.1]\n", "## [0.1]\n\n### Added\n\n- New.\n")

    def test_is_refused_without_its_section(self) -> None:
        with pytest.raises(Refused, match=r"## \[1\.0\]"):
            documents.news(LOG, entry="New.", section="## [1.0]", heading="### Added")


class TestSibling:
    @pytest.mark.parametrize(
        ("text", "changed"),
        [("x → a | b → y", "x → a | b | new → y"), ('"a | b | c.d",', '"a | b | c.d | new",')],
    )
    def test_stands_behind_the_others(self, text: str, changed: str) -> None:
        assert documents.sibling(text, name="new", beside="a | b") == changed

    def test_is_refused_without_them(self) -> None:
        with pytest.raises(Refused, match=r"there is no 'a \| b'"):
            documents.sibling("a, b", name="new", beside="a | b")


class TestLayered:
    def test_is_a_module_of_an_import_contract(self) -> None:
        changed = documents.layered(CONTRACTS, module="new", beside="a | b")
        assert changed == CONTRACTS.replace("a | b", "a | b | new")

    def test_is_refused_where_only_words_are(self) -> None:
        with pytest.raises(Refused, match="no layer"):
            documents.layered(f"# a | b\n{CONTRACTS}", module="new", beside="a | b")
