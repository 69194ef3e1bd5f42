import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from django.template import engines
from django.utils.translation import override
from pytest_django import Settings

from backend.mails.messages import Facts, Mail, render
from tests.mails.samples import FACTS, LINK, LINKED, WARNING, Html, bare, sample, words

EACH = pytest.mark.parametrize("mail", Mail)


class TestEveryMail:
    @EACH
    def test_names_the_product_in_its_subject(self, mail: Mail, settings: Settings) -> None:
        settings.PRODUCT_NAME = "Söhne & Töchter"
        subject = sample(mail).subject
        assert "Söhne & Töchter" in subject
        assert subject.isprintable()

    @EACH
    def test_has_a_subject_of_its_own(self, mail: Mail) -> None:
        others = {sample(other).subject for other in Mail if other != mail}
        assert sample(mail).subject not in others

    @EACH
    def test_says_the_same_as_text_and_as_html(self, mail: Mail) -> None:
        message = sample(mail)
        missing = words(message.text) - words(Html(message.html).text)
        assert missing == set()

    @EACH
    def test_greets_nobody_by_name(self, mail: Mail) -> None:
        message = sample(mail)
        assert message.text.startswith("Hello,\n\n")
        assert "Hello," in Html(message.html).visible

    @EACH
    def test_says_why_it_came(self, mail: Mail) -> None:
        message = sample(mail)
        footer = message.text.partition("\n-- \nBackend\n")[2]
        assert footer.startswith("You get this mail because ")
        assert Html(message.html).visible[-1] == " ".join(footer.split())

    @EACH
    def test_leaves_no_gap_where_nothing_is_known(self, mail: Mail) -> None:
        text = bare(mail).text
        assert "\n\n\n" not in text
        assert "None" not in text
        assert text == text.strip() + "\n"

    @EACH
    def test_has_short_lines_but_for_links(self, mail: Mail) -> None:
        lines = sample(mail).text.splitlines()
        assert all(len(line) <= 72 for line in lines if line != LINK)

    @EACH
    def test_is_written_in_the_active_language(self, mail: Mail) -> None:
        with override("de"):
            assert '<html lang="de" dir="ltr">' in sample(mail).html
        with override("ar"):
            assert '<html lang="ar" dir="rtl">' in sample(mail).html

    @EACH
    def test_takes_every_word_from_a_catalogue(self, mail: Mail) -> None:
        assert untranslatable(mail) == set()


def untranslatable(name: str) -> set[str]:
    """The words of a template that no translator would get to see, but for the names of fields."""
    template = engines["django"].get_template(f"mails/{name}.txt")
    source = Path(template.origin.name).read_text()  # type: ignore[attr-defined]  # Django's own engine
    outside = re.sub(r"(?s){% blocktranslate.*?{% endblocktranslate %}|{%.*?%}", "", source)
    return set(outside.split()) - {"Subject:", "Action:", "Reason:"}


class TestLink:
    @pytest.mark.parametrize("mail", LINKED)
    def test_stands_alone_on_its_line(self, mail: Mail) -> None:
        assert sample(mail).text.splitlines().count(LINK) == 1

    @pytest.mark.parametrize("mail", LINKED)
    def test_is_under_a_button_and_readable_below(self, mail: Mail) -> None:
        html = Html(sample(mail).html)
        assert [link["href"] for link in html.all("a")] == [LINK, LINK]
        assert html.visible.count(LINK) == 1

    @pytest.mark.parametrize("mail", [*WARNING, Mail.ACCOUNT_DELETED])
    def test_is_refused_where_there_is_no_button(self, mail: Mail) -> None:
        with pytest.raises(ValueError, match=mail):
            render(mail, link=LINK)

    @pytest.mark.parametrize("mail", LINKED)
    def test_is_wanted_where_there_is_a_button(self, mail: Mail) -> None:
        with pytest.raises(ValueError, match=mail):
            render(mail)

    @pytest.mark.parametrize("mail", LINKED)
    @pytest.mark.parametrize(
        ("lifetime", "said"),
        [
            (timedelta(hours=1), "1 hour"),
            (timedelta(minutes=30), "30 minutes"),
            (timedelta(days=3), "3 days"),
            (timedelta(days=1, hours=12), "1 day, 12 hours"),
        ],
    )
    def test_is_said_to_work_as_long_as_it_does(
        self, mail: Mail, settings: Settings, lifetime: timedelta, said: str
    ) -> None:
        settings.LINK_LIFETIMES = {**settings.LINK_LIFETIMES, mail: lifetime}
        sentence = f"The link works for {said}, and only once."
        message = sample(mail)
        assert sentence in message.text
        assert sentence in Html(message.html).text

    def test_has_its_lifetime_in_the_active_language(self) -> None:
        with override("de"):
            assert "1 Stunde" in sample(Mail.RESET_PASSWORD).text


class TestWarning:
    @pytest.mark.parametrize("mail", WARNING)
    def test_has_a_link_for_whoever_it_was_not(self, mail: Mail) -> None:
        message = sample(mail)
        html = Html(message.html)
        assert f"\nThis wasn't me:\n{LINK}\n" in message.text
        assert "This wasn't me" in html.visible
        assert [link["href"] for link in html.all("a")] == [LINK, LINK]

    @pytest.mark.parametrize("mail", WARNING)
    def test_says_what_the_link_does_and_how_long(self, mail: Mail, settings: Settings) -> None:
        settings.LINK_LIFETIMES = {**settings.LINK_LIFETIMES, "not_me": timedelta(days=5)}
        text = " ".join(sample(mail).text.split())
        for part in ("5 days", "signs you out everywhere", "disables your password"):
            assert part in text

    @pytest.mark.parametrize("mail", WARNING)
    def test_shows_when_on_what_and_from_where(self, mail: Mail) -> None:
        message = sample(mail)
        assert (
            "Time: 24 November 2026, 03:54 UTC\nDevice: Firefox on Linux\nIP address: 192.0.2.7\n"
        ) in message.text
        shown = Html(message.html).visible
        for label, value in FACTS.rows():
            assert shown[shown.index(label) + 1] == value

    @pytest.mark.parametrize("mail", WARNING)
    def test_shows_no_table_where_nothing_is_known(self, mail: Mail) -> None:
        assert "Time" in sample(mail).html
        message = bare(mail)
        for label in ("Time", "Device", "IP address"):
            assert label not in message.text
            assert label not in message.html
        assert Html(message.html).all("th") == []


class TestFacts:
    def test_have_their_time_in_utc(self) -> None:
        at = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=3)))
        assert [*Facts(at=at).rows()] == [("Time", "31 December 2025, 22:30 UTC")]

    @pytest.mark.parametrize(
        ("facts", "labels"),
        [
            (Facts(), []),
            (Facts(device="curl"), ["Device"]),
            (Facts(ip_address="::1"), ["IP address"]),
            (Facts(at=datetime(2026, 1, 1, tzinfo=UTC), ip_address="::1"), ["Time", "IP address"]),
        ],
    )
    def test_are_shown_as_far_as_they_are_known(self, facts: Facts, labels: list[str]) -> None:
        assert [label for label, _ in facts.rows()] == labels


class TestHtml:
    @EACH
    def test_escapes_everything(self, mail: Mail, settings: Settings) -> None:
        settings.PRODUCT_NAME = "<b>&\"'"
        facts = Facts(ip_address="<i>", device="<u>")
        message = sample(mail, facts)
        html = Html(message.html)
        assert {"b", "i", "u"} & {tag for tag, _ in html.tags} == set()
        assert settings.PRODUCT_NAME in html.visible
        assert settings.PRODUCT_NAME in message.text
        assert settings.PRODUCT_NAME in message.subject

    @EACH
    def test_loads_nothing(self, mail: Mail) -> None:
        html = Html(sample(mail).html)
        loading = {"img", "link", "script", "iframe", "object", "form", "input"}
        assert loading & {tag for tag, _ in html.tags} == set()
        assert not any("src" in attributes for _, attributes in html.tags)
        assert "url(" not in sample(mail).html

    @EACH
    def test_is_laid_out_with_tables_that_screen_readers_skip(self, mail: Mail) -> None:
        tables = Html(sample(mail).html).all("table")
        shown = [table for table in tables if table.get("role") != "presentation"]
        assert len(tables) > 1
        assert len(shown) == (mail not in LINKED)  # the facts are a table to everybody

    @EACH
    def test_is_styled_inline_and_narrow(self, mail: Mail) -> None:
        html = Html(sample(mail).html)
        assert any("max-width:560px" in table.get("style", "") for table in html.all("table"))
        for tag in ("p", "a", "td"):
            assert all(attributes.get("style") for attributes in html.all(tag))

    @EACH
    def test_knows_the_dark(self, mail: Mail) -> None:
        message = sample(mail)
        names = {meta.get("name"): meta.get("content") for meta in Html(message.html).all("meta")}
        assert names["color-scheme"] == names["supported-color-schemes"] == "light dark"
        dark = message.html.partition("(prefers-color-scheme: dark) {")[2].partition("\n}")[0]
        styled = set(re.findall(r"\.([\w-]+) {", dark))
        used = {
            name
            for _, attributes in Html(sample(mail).html).tags
            for name in attributes.get("class", "").split()
        } - {"inner"}
        assert used <= styled

    @EACH
    def test_begins_with_what_a_list_of_mails_shows(self, mail: Mail) -> None:
        message = sample(mail)
        shown = message.html.partition("display:none")[2].partition(">")[2].partition("\n")[0]
        assert shown in message.html.partition("</div>")[2]
        assert shown.endswith(".")

    @EACH
    def test_has_lines_that_mail_servers_take(self, mail: Mail) -> None:
        assert max(len(line) for line in sample(mail).html.splitlines()) < 900
