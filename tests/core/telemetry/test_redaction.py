import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.telemetry.redaction import MASK, Redactor

SECRET = "hunter2hunter2"
SPOKEN = "correct horse hunter2"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl"
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g"

PLANTED = {
    # headers
    "a header": f"Authorization: Bearer {SECRET}",
    "a header of another scheme": f"authorization: Token {SECRET}",
    "a header of WSGI": f"HTTP_AUTHORIZATION: Token {SECRET}",
    "a header in a dict": f"{{'Authorization': 'Bearer {SECRET}', 'Accept': '*/*'}}",
    "a header in a tuple": f"('authorization', 'Token {SECRET}')",
    "a header in bytes": f"[(b'authorization', b'Token {SECRET}')]",
    "basic credentials": f"sent Basic {SECRET}== to it",
    "cookies": f"Cookie: theme=dark; sessionid={SECRET}; csrftoken={SECRET}",
    "a new cookie": f"Set-Cookie: sessionid={SECRET}; HttpOnly; Path=/",
    "a cookie alone": f"sessionid={SECRET}; theme=dark",
    "an idempotency key": f"Idempotency-Key: {SECRET}",
    "an API key": f"X-Api-Key: {SECRET}",
    # bodies
    "a body": f'{{"email": "a@b.c", "password": "{SECRET}"}}',
    "a compact body": f'{{"password":"{SECRET}","refresh":"{SECRET}"}}',
    "a body with blanks": f'{{"new_password_confirm"  :  "{SPOKEN}"}}',
    "a body with a quote": f'{{"password": "a\\"{SECRET}"}}',
    "a body within a string": f'"{{\\"password\\": \\"{SPOKEN}\\", \\"a\\": 1}}"',
    "a body in bytes": f'b\'{{"access": "{SECRET}"}}\'',
    "a body cut off": f'{{"email": "a@b.c", "password": "{SPOKEN}',
    "a form": f"email=a%40b.c&password={SECRET}&next=%2F",
    "a form in a list": f"<QueryDict: {{'email': ['a@b.c'], 'password': ['{SPOKEN}']}}>",
    # addresses
    "a query string": f"GET /verify/?token={SECRET}&a=1 HTTP/1.1",
    "a mailed link": f"https://www.example.com/reset?token={SECRET}.x-y_z",
    "a Redis URL": f"redis://:{SECRET}@127.0.0.1:6379/0",
    "a database URL": f"postgresql://backend:{SECRET}@db:5432/backend",
    "a URL with an at sign": f"smtp://user:p@{SECRET}@mail:25",
    # values
    "a dict": f"{{'password': '{SPOKEN}', 'a': 1}}",
    "an object": f"UserLogin(email='a@b.c', password='{SPOKEN}')",
    "an object in double quotes": f'UserLogin(email="a@b.c", password="{SPOKEN}")',
    "an assignment": f"password = '{SPOKEN}'",
    "a tuple": f"{{'password': ('{SPOKEN}',)}}",
    "bytes": f"{{b'password': b'{SPOKEN}'}}",
    "an environment": f"DB_PASSWORD={SECRET} DEBUG=false",
    "a connection string": f"host=db user=backend password={SECRET} dbname=backend",
    # SQL
    "an update": f"""UPDATE "users_user" SET "password" = '{SPOKEN}' WHERE "id" = 1""",
    "an update without quotes": f"UPDATE users_user SET password = '{SPOKEN}' WHERE id = 1",
    "a quote doubled": "UPDATE users_user SET password = 'it''s hunter2'",
    "a row that broke a constraint": (
        f"violates check constraint\nDETAIL:  Failing row contains (1, {SPOKEN}, f,\n{SPOKEN})."
    ),
    "a key that was taken": f"violates unique\nDETAIL:  Key (email)=({SPOKEN}) already exists.",
    # by their looks
    "a token": f"refused {JWT} of somebody",
    "a token cut off": f"refused {JWT[:30]}…",
    "a hash": f"the row held {HASH}",
    "a hash as Django stores it": f"the row held argon2{HASH}",
}
HARMLESS = [
    "request",
    "The token is invalid",
    "The refresh token was exchanged a moment ago",
    "route=/api/v1/auth/password/change/ status=204 duration_ms=12.5",
    "GET /api/v1/auth/sessions/?page_size=20",
    "http://127.0.0.1:8000/api/v1/docs/",
    "http://[::1]:8000/somebody@example.com",
    "user_id=01a20b6d-f71b-7609-9d37-00be804fe5ee session_id=01a20b6d-f71b-7609-9d37-00be804fe5ee",
    "Booting worker with pid: 12398",
    "2026-11-24T02:41:25.075490Z",
    '{"errors": {"email": ["Enter a valid email address."]}}',
    'relation "users_user" does not exist',
    "access denied",
    "",
]


class TestText:
    @pytest.mark.parametrize("text", PLANTED.values(), ids=PLANTED.keys())
    def test_masks_the_secret_of(self, text: str) -> None:
        redacted = Redactor().text(text)
        assert MASK in redacted
        for secret in (SECRET, "hunter2", JWT.split(".")[1], JWT.split(".")[2], "aGFzaGhhc2g"):
            assert secret not in redacted

    @pytest.mark.parametrize("text", HARMLESS)
    def test_leaves_harmless_text_alone(self, text: str) -> None:
        assert Redactor([SECRET]).text(text) == text

    def test_masks_the_value_and_not_its_neighbours(self) -> None:
        text = f'{{"email": "a@b.c", "password": "{SPOKEN}", "first_name": "Ann"}}'
        assert Redactor().text(text) == (
            f'{{"email": "a@b.c", "password": "{MASK}", "first_name": "Ann"}}'
        )
        text = f"postgresql://backend:{SECRET}@db:5432/backend is away"
        assert Redactor().text(text) == f"postgresql://backend:{MASK}@db:5432/backend is away"

    def test_masks_every_one_of_several(self) -> None:
        redacted = Redactor().text("\n".join(PLANTED.values()))
        assert "hunter2" not in redacted

    @given(st.text())
    def test_takes_any_text(self, text: str) -> None:
        assert isinstance(Redactor().text(text), str)


class TestConfigured:
    def test_is_masked_wherever_it_occurs(self) -> None:
        assert Redactor(["s3cr.t+"]).text("xs3cr.t+y s3crXt+") == f"x{MASK}y s3crXt+"

    def test_is_masked_whole_where_one_begins_another(self) -> None:
        assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh") == MASK

    def test_is_not_every_short_text(self) -> None:
        assert Redactor(["", "a", "db"]).text("a database") == "a database"

    def test_is_not_what_another_was_told(self) -> None:
        Redactor([SECRET])
        assert Redactor().text(SECRET) == SECRET


class TestValue:
    @pytest.mark.parametrize(
        "name",
        [
            "password",
            "new_password_confirm",
            "PASSWORD",
            "secret_key",
            "token",
            "refresh",
            "access",
            "access_token",
            "Authorization",
            "HTTP_AUTHORIZATION",
            "Cookie",
            "sessionid",
            "session_key",
            "csrfmiddlewaretoken",
            "api_key",
            "apikey",
            "jwt_keys",
            "signature",
            "credentials",
            "Idempotency-Key",
            "passphrase",
        ],
    )
    def test_is_masked_by_its_name(self, name: str) -> None:
        for value in (SECRET, 12345678, [SECRET], {"a": SECRET}, SECRET.encode(), None):
            assert Redactor().value(name, value) == MASK

    @pytest.mark.parametrize("name", ["token_type", "session_id", "route", "user_id", "accessible"])
    def test_stays_under_a_harmless_name(self, name: str) -> None:
        assert Redactor().value(name, "Bearer") == "Bearer"

    @pytest.mark.parametrize("value", [1, 1.5, True, None, 0])
    def test_keeps_numbers_as_they_are(self, value: float | None) -> None:
        assert Redactor().value("status", value) is value

    def test_is_searched_however_deep(self) -> None:
        value = {"body": [{"email": "a@b.c", "password": SECRET}, (f"token={SECRET}",)], 1: {2}}
        assert Redactor().value("data", value) == {
            "body": [{"email": "a@b.c", "password": MASK}, [f"token={MASK}"]],
            "1": [2],
        }

    def test_is_searched_where_it_is_an_object(self) -> None:
        assert Redactor().value("error", ValueError(f"token={SECRET}")) == f"token={MASK}"
        assert "hunter2" not in str(
            Redactor().value("body", f'{{"password": "{SECRET}"}}'.encode())
        )
