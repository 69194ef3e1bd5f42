import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.db.models import UUIDField
from django.db.models.sql.compiler import SQLCompiler
from model_bakery import baker

from backend.authentication import queries as authentication
from backend.authentication.models import Session
from backend.core.compiled import Compiled, Statement
from backend.core.compiled import columns as all_columns
from backend.testing.callers import Caller, SignIn
from backend.users import queries as users
from backend.users.models import User
from backend.users.schemas import StaffUserOut

RIGHTS: tuple[dict[str, bool], ...] = (
    {},
    {"is_active": True},
    {"is_staff": False},
    {"is_active": False, "is_staff": True},
)
ORDERS = ("id", "-id", "email", "-email")


def columns(model: Any) -> dict[str, Any]:
    """Everything a row has put into a model, its related one included."""
    found = {name: value for name, value in vars(model).items() if name != "_state"}
    related = {name: columns(one) for name, one in model._state.fields_cache.items()}
    return found | related | {"adding": model._state.adding, "db": model._state.db}


@pytest.fixture
def session(db: None) -> Session:
    return baker.make(Session, ip_address="2001:db8::1", user_agent="curl/8", _fill_optional=True)


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    """The queries that the ORM compiles, by their model."""
    found: list[str] = []
    compile_query = SQLCompiler.as_sql

    def noted(compiler: SQLCompiler, *args: Any, **options: Any) -> Any:
        found.append(str(compiler.query.model))
        return compile_query(compiler, *args, **options)

    with patch.object(SQLCompiler, "as_sql", noted):
        yield found


class TestSession:
    @pytest.mark.parametrize("permission", [None, "users.view_user"])
    def test_is_what_the_orm_gives(self, session: Session, permission: str | None) -> None:
        query = authentication.session(permission)
        found, expected = query.first(id=session.pk), query.queryset(id=session.pk).first()
        assert found
        assert expected
        assert columns(found) == columns(expected)
        assert found.user.pk == session.user_id

    def test_is_none_where_there_is_none(self, db: None) -> None:
        assert authentication.session().first(id=baker.prepare(Session).pk) is None

    def test_can_be_saved(self, session: Session) -> None:
        found = authentication.session().first(id=session.pk)
        assert found
        found.user_agent = "Firefox"
        found.save(update_fields=["user_agent"])
        session.refresh_from_db()
        assert session.user_agent == "Firefox"


class TestUsers:
    @pytest.fixture(autouse=True)
    def some_users(self, db: None) -> None:
        for number, (is_active, is_staff) in enumerate(product((True, False), repeat=2)):
            for name in ("ada", "grace"):
                email = f"{name}{number}@example.com"
                baker.make(User, email=email, is_active=is_active, is_staff=is_staff)

    @pytest.mark.parametrize("rights", RIGHTS)
    @pytest.mark.parametrize("order", ORDERS)
    def test_are_what_the_orm_gives(self, rights: dict[str, bool], order: str) -> None:
        found = users.LISTING.where(**rights).read(order, at_most=3, comparison=None, edge=None)
        assert found == list(users.listed(**rights).order_by(order)[:3])
        assert found

    @pytest.mark.parametrize("order", ORDERS)
    @pytest.mark.parametrize("lookup", ["lt", "gt"])
    def test_go_on_where_the_orm_does(self, order: str, lookup: str) -> None:
        column = order.removeprefix("-")
        rows = users.listed().order_by(order)
        edge, comparison = str(rows[3][column]), f"{column}__{lookup}"
        found = users.LISTING.where().read(order, at_most=5, comparison=comparison, edge=edge)
        assert found == list(rows.filter(**{comparison: edge})[:5])
        assert found

    def test_have_what_staff_see_of_them(self) -> None:
        assert set(users.COLUMNS) == set(StaffUserOut.model_fields)


class TestQueriesOfEveryRequest:
    @pytest.mark.parametrize("path", ["users/me/", "users/", "users/?is_active=true&page_size=5"])
    def test_are_not_compiled_again(
        self, as_superuser: Caller, compilations: list[str], path: str
    ) -> None:
        assert as_superuser.get(f"/api/v1/{path}").status == 200
        compilations.clear()
        assert as_superuser.get(f"/api/v1/{path}").status == 200
        assert compilations == []

    def test_are_compiled_once_for_all_callers(
        self, sign_in: SignIn, compilations: list[str]
    ) -> None:
        sign_in().get("/api/v1/users/me/")
        other = sign_in()
        compilations.clear()
        assert other.get("/api/v1/users/me/").status == 200
        assert compilations == []

    def test_of_a_refresh_is_none_of_the_orm(
        self, as_user: Caller, compilations: list[str]
    ) -> None:
        refreshed = as_user.post("/api/v1/auth/refresh/", {"refresh": as_user.refresh})
        compilations.clear()
        again = as_user.post("/api/v1/auth/refresh/", {"refresh": refreshed.json["refresh"]})
        assert again.status == 200
        assert compilations == []

    def test_are_seen_if_they_are(self, session: Session, compilations: list[str]) -> None:
        query = Compiled(lambda key: Session.objects.filter(pk=key), key=UUIDField())
        for _ in range(2):
            assert query.first(key=session.pk) == session
        assert compilations == [str(Session)]


class TestStatement:
    RENAME = f"""
        UPDATE authentication_session SET user_agent = %(user_agent)s WHERE id = %(id)s
        RETURNING {all_columns(Session)}
    """

    @pytest.fixture
    def rename(self) -> Statement[Session]:
        return Statement(Session, self.RENAME)

    def test_gives_what_the_orm_reads_afterwards(
        self, session: Session, rename: Statement[Session]
    ) -> None:
        found = rename.first(id=session.pk, user_agent="Firefox")
        assert found
        assert found.user_agent == "Firefox"
        assert columns(found) == columns(Session.objects.get(pk=session.pk))

    def test_gives_none_where_it_returns_nothing(
        self, session: Session, rename: Statement[Session]
    ) -> None:
        assert rename.first(id=uuid4(), user_agent="Firefox") is None
        session.refresh_from_db()
        assert session.user_agent == "curl/8"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
class TestPlan:
    def test_keeps_no_connection_of_the_thread_that_made_it(self) -> None:
        query = Compiled(lambda key: User.objects.filter(pk=key), key=UUIDField())

        def ask() -> weakref.ref[Any]:
            assert query.first(key=uuid4()) is None
            connection.close()
            return weakref.ref(connections["default"])

        with ThreadPoolExecutor(1) as pool:
            asked_by = pool.submit(ask).result()
        gc.collect()
        assert query._plans
        assert asked_by() is None
