"""Django's own addresses: none, all operations are django-bolt's."""

urlpatterns = []
