"""The project's URLs with a second version of the API: two lines, one of them here."""

from backend.api import version
from project.urls import urlpatterns as of_the_project
from tests.api import v2

urlpatterns = [*of_the_project, *version.mount(v2.api)]
