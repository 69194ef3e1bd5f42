"""Plain pages where mailed links lead in development, as long as there is no frontend.

To open one changes nothing: scanners of mails open links, too. Its button does.
"""

from django.urls import URLPattern, path
from django.views.generic import TemplateView

from backend.mails.links import Page

app_name = "link_pages"

_API = "/api/v1/auth/"


def _page(page: Page, template: str, operation: str) -> URLPattern:
    view = TemplateView.as_view(
        template_name=f"api/{template}.html", extra_context={"operation": _API + operation}
    )
    return path(page.removeprefix("/"), view, name=template)


urlpatterns = [
    _page(Page.VERIFY_EMAIL, "verify_email", "email/verify/"),
    _page(Page.RESET_PASSWORD, "reset_password", "password/reset/confirm/"),
    _page(Page.NOT_ME, "not_me", "not-me/"),
]
