"""The shapes on the wire."""

from typing import Any

from accounts.models import User
from django.contrib.auth.password_validation import validate_password
from rest_framework import serializers


class ProfileSerializer(serializers.ModelSerializer):
    """A user, as the user sees it."""

    class Meta:
        """The fields."""

        model = User
        fields = (
            *("id", "email", "email_verified", "first_name", "last_name", "is_staff"),
            *("created_at", "updated_at"),
        )


class StaffSerializer(serializers.ModelSerializer):
    """A user, as staff sees it."""

    class Meta:
        """The fields."""

        model = User
        fields = (*ProfileSerializer.Meta.fields, "is_active", "is_superuser", "last_login")


class RegisterSerializer(serializers.ModelSerializer):
    """A new user."""

    password = serializers.CharField(write_only=True, validators=[validate_password])
    password_confirm = serializers.CharField(write_only=True)

    class Meta:
        """The fields."""

        model = User
        fields = ("email", "password", "password_confirm", "first_name", "last_name")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Compare the passwords."""
        if attrs["password"] != attrs.pop("password_confirm"):
            raise serializers.ValidationError({"password_confirm": "The passwords differ."})
        return attrs

    def create(self, validated_data: dict[str, Any]) -> User:
        """Create the user with a hashed password."""
        user = User(**validated_data)
        user.set_password(validated_data["password"])
        user.save(force_insert=True)
        return user
