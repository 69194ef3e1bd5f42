import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.core.errors import ErrorCode
from tests.deploy import truth
from tests.deploy.test_compose import PRODUCTION, services
from tests.service import ROOT

TEXT = (ROOT / "deploy" / "nginx.conf").read_text()
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def values(directive: str) -> list[str]:
    """What the directive is given, wherever it stands."""
    return re.findall(rf"(?m)^\s*{directive} ([^;\n{{]+);", TEXT)


def write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate").write_bytes(certificate.public_bytes(pem))
    (folder / "certificate_key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def adapted(folder: Path, version: tuple[int, ...]) -> str:
    """For any account, beside a running nginx, and without what an older nginx does not know."""

    def listen(match: re.Match[str]) -> str:
        return f"listen unix:{folder}/{match.start()}{match['options']};"

    text = re.sub(r"listen \S+?(?P<options>( [^;]*)?);", listen, TEXT)
    text = text.replace("/run/secrets", str(folder)).replace("/tmp/nginx.pid", f"{folder}/pid")
    text = text.replace("user nginx;", "")
    paths = "".join(f"{name}_temp_path {folder}/{name};" for name in TEMPORARY)
    text = text.replace("http {", f"http {{ {paths}", 1)
    if version < (1, 27, 3):
        text = re.sub(r"(?m)^\s*resolver .*$", "", text)
        text = text.replace("server web:8000 resolve", "server 127.0.0.1:8000")
    if version < (1, 25, 1):
        text = text.replace("http2 on;", "")
    return text


class TestNginx:
    def test_takes_the_configuration(self) -> None:
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if nginx is None:
            pytest.skip("there is no nginx to ask")
        said = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
        version = tuple(map(int, re.findall(r"\d+", said)[:3]))
        # Not pytest's folder: the path of a socket must be short.
        with TemporaryDirectory(prefix="nginx-") as name:
            folder = Path(name)
            write_certificate(folder)
            (folder / "nginx.conf").write_text(adapted(folder, version))
            command = [nginx, "-t", "-c", str(folder / "nginx.conf")]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert "[warn]" not in result.stderr


class TestConfiguration:
    def test_closes_what_it_opens(self) -> None:
        without_texts = re.sub(r"""'[^']*'|"[^"]*"|#.*""", "", TEXT)
        assert without_texts.count("{") == without_texts.count("}")

    def test_leads_to_the_servers_there_are(self) -> None:
        (server,) = values("server")
        host, _, port = server.split()[0].partition(":")
        assert values("proxy_pass") == [f"http://{host}"]
        assert services(PRODUCTION)[host]["environment"]["PROD_PORT"] == port
        assert "resolve" in server.split()

    def test_is_mounted_with_its_secrets(self) -> None:
        proxy = services(PRODUCTION)["proxy"]
        assert "./deploy/nginx.conf:/etc/nginx/nginx.conf:ro" in proxy["volumes"]
        files = values("ssl_certificate") + values("ssl_certificate_key")
        assert files == [f"/run/secrets/{name}" for name in proxy["secrets"]]

    def test_answers_the_health_check(self) -> None:
        url = services(PRODUCTION)["proxy"]["healthcheck"]["test"][-1]
        assert url.removeprefix("http://").removesuffix("/") in values("listen")

    def test_listens_where_compose_leads_to(self) -> None:
        led_to = {port.partition(":")[2] for port in services(PRODUCTION)["proxy"]["ports"]}
        assert led_to == {"80", "443"}
        assert led_to <= {value.split()[0] for value in values("listen")}

    def test_believes_no_client_about_itself(self) -> None:
        headers = dict(value.split(maxsplit=1) for value in values("proxy_set_header"))
        assert headers["X-Forwarded-For"] == "$remote_addr"
        assert headers["X-Forwarded-Proto"] == "$scheme"

    def test_has_the_whole_request_before_it_passes_it_on(self) -> None:
        assert values("proxy_request_buffering") == values("proxy_buffering") == ["on"]

    def test_sends_nothing_twice_that_may_have_been_done(self) -> None:
        assert values("proxy_next_upstream") == ["error timeout"]

    def test_lets_go_of_a_connection_before_the_server_does(self) -> None:
        gunicorn = (ROOT / "project" / "gunicorn.py").read_text()
        (patience,) = re.findall(r"(?m)^keepalive = (\d+)$", gunicorn)
        (ours,) = values("keepalive_timeout")
        assert int(ours.removesuffix("s")) < int(patience)

    def test_has_the_limits_of_the_service(self) -> None:
        assert values("client_max_body_size") == ["1m"]
        assert truth.default("MAX_BODY_BYTES") == 1024**2
        assert values("proxy_read_timeout") == [f"{truth.default('GUNICORN_TIMEOUT')}s"]

    def test_speaks_as_the_service_does(self) -> None:
        answers = [json.loads(body) for body in re.findall(r"return \d+ '([^']+)'", TEXT)]
        assert {answer["code"] for answer in answers} == {
            ErrorCode.PAYLOAD_TOO_LARGE,
            ErrorCode.SERVICE_UNAVAILABLE,
        }
        for answer in answers:
            assert [*answer] == [
                "error",
                "status_code",
                "code",
                "message",
                "request_id",
                "timestamp",
                "errors",
            ]
