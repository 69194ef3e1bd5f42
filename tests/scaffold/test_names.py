import pytest

from backend.scaffold.names import MAX_LENGTH, Names
from backend.scaffold.refusal import Refused


class TestNames:
    @pytest.mark.parametrize(
        ("plural", "singular"),
        [
            ("invoices", "invoice"),
            ("purchase_orders", "purchase_order"),
            ("categories", "category"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("batches", "batch"),
            ("wishes", "wish"),
            ("statuses", "status"),
            ("expenses", "expense"),
            ("courses", "course"),
            ("clauses", "clause"),
            ("warehouses", "warehouse"),
            ("prizes", "prize"),
            ("keys", "key"),
        ],
    )
    def test_know_what_one_of_them_is_called(self, plural: str, singular: str) -> None:
        assert Names.of(plural).singular == singular

    @pytest.mark.parametrize("plural", ["people", "invoice", "address", "status", "series", "news"])
    def test_ask_where_they_do_not(self, plural: str) -> None:
        with pytest.raises(Refused, match="--singular"):
            Names.of(plural)

    def test_take_what_they_are_told(self) -> None:
        assert Names.of("people", "person").model == "Person"

    @pytest.mark.parametrize(
        "name",
        [
            *("", "Invoices", "invoices2", "my invoices", "my-invoices", "_invoices", "invoices_"),
            *("in__voices", "../invoices", "invoices/x", "invoices\n", "$app", "répertoires", "xs"),
            *("x" * MAX_LENGTH + "s", "class", "types", "secrets"),
        ],
    )
    def test_refuse_what_is_no_name(self, name: str) -> None:
        with pytest.raises(Refused, match=r"."):
            Names.of(name, "thing")

    @pytest.mark.parametrize(
        ("plural", "singular"),
        [
            *(("things", singular) for singular in ("Thing", "2", "a thing", "../thing", "x")),
            ("classes", ""),  # a keyword
            ("nones", ""),  # with a capital
            ("objects", ""),  # built in
            ("warnings_", ""),
            ("exceptions", ""),  # with a capital
            ("time_outs", ""),  # the document takes it for a leftover
            ("fish", "fish"),
        ],
    )
    def test_refuse_what_one_of_them_cannot_be_called(self, plural: str, singular: str) -> None:
        with pytest.raises(Refused, match=r"."):
            Names.of(plural, singular)

    def test_have_all_the_forms_that_code_and_sentences_need(self) -> None:
        assert Names.of("purchase_orders").forms == {
            "app": "purchase_orders",
            "path": "purchase-orders",
            "one": "purchase_order",
            "Model": "PurchaseOrder",
            "Models": "PurchaseOrders",
            "model": "purchaseorder",
            "word": "purchase order",
            "words": "purchase orders",
            "Words": "Purchase orders",
            "an": "a purchase order",
            "An": "A purchase order",
        }

    @pytest.mark.parametrize(
        ("plural", "said"),
        [
            ("invoices", "an invoice"),
            ("updates", "an update"),
            ("units", "a unit"),
            ("boxes", "a box"),
        ],
    )
    def test_have_their_article(self, plural: str, said: str) -> None:
        assert Names.of(plural).forms["an"] == said
