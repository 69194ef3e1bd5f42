"""Version 1 of the API: one router per app, private unless an operation says otherwise."""

from backend.api import version
from backend.authentication.router import router as auth_router
from backend.health.router import router as health_router
from backend.users.router import router as users_router

ROUTERS = {"auth/": auth_router, "users/": users_router, "health/": health_router}

api = version.create("v1", ROUTERS)
