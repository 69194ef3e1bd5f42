"""The operations."""

from accounts import views
from django.urls import path
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

urlpatterns = [
    path("api/v1/users/me/", views.Me.as_view()),
    path("api/v1/users/", views.Users.as_view()),
    path("api/v1/auth/login/", TokenObtainPairView.as_view()),
    path("api/v1/auth/refresh/", TokenRefreshView.as_view()),
    path("api/v1/auth/register/", views.Register.as_view()),
    path("api/v1/health/", views.Health.as_view()),
]
