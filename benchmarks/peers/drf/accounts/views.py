"""The operations that simplejwt does not bring."""

import time

from accounts.models import User
from accounts.serializers import ProfileSerializer, RegisterSerializer, StaffSerializer
from django.core.cache import cache
from django.db import connection
from rest_framework import generics
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Me(generics.RetrieveAPIView):
    """The caller."""

    serializer_class = ProfileSerializer

    def get_object(self) -> User:
        """The user that the token names."""
        return self.request.user


class Newest(CursorPagination):
    """Pages of 20, the newest first; nothing is counted."""

    page_size = 20
    ordering = "-id"


class Users(generics.ListAPIView):
    """All users, for staff."""

    queryset = User.objects.all()
    serializer_class = StaffSerializer
    pagination_class = Newest
    permission_classes = [IsAdminUser]


class Register(generics.CreateAPIView):
    """A new user."""

    serializer_class = RegisterSerializer
    authentication_classes = []
    permission_classes = [AllowAny]


class Health(APIView):
    """Whether database and cache answer, asked once a second."""

    authentication_classes = []
    permission_classes = [AllowAny]
    asked_at = 0.0

    def get(self, request: Request) -> Response:  # noqa: ARG002  (the framework's form)
        """Ask, if it is time."""
        if time.monotonic() - Health.asked_at > 1:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            cache.get("health")
            Health.asked_at = time.monotonic()
        return Response({"status": "healthy", "checks": {"database": "up", "cache": "up"}})
