"""TLS through the certificate authorities that boto3 trusts; what cannot be trusted is told at once."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.aws.in_process import FakeClock, make_deployment
from wizard.aws.client import Aws
from wizard.aws.session import Keys, open_session
from wizard.endpoint.checks import EndpointWorks
from wizard.endpoint.client import Endpoint, UntrustedError
from wizard.errors import WizardError

KEYS = Keys("test", "test")


@dataclass(frozen=True)
class TlsServer:
    """A web server whose certificate only those accept who trust the authority in `ca_file`."""

    url: str
    ca_file: Path


class Handler(BaseHTTPRequestHandler):
    def do_OPTIONS(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Silent."""


def certificate(subject: str, issuer: str, key: Any, signed_by: Any, *extensions: Any) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    # Python 3.13 demands what RFC 5280 does: whose key it is, who has signed, and what the authority may.
    known = (
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()),
    )
    for extension in (*known, *extensions):
        is_critical = isinstance(extension, (x509.BasicConstraints, x509.KeyUsage))
        builder = builder.add_extension(extension, critical=is_critical)
    return builder.sign(signed_by, hashes.SHA256())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    folder = tmp_path_factory.mktemp("tls")
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    is_authority = x509.BasicConstraints(ca=True, path_length=None)
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    may_sign = x509.KeyUsage(key_cert_sign=True, **usage)
    root = certificate("Proxy", "Proxy", authority, authority, is_authority, may_sign)
    name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = certificate("127.0.0.1", "Proxy", key, authority, name)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(root.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + leaf.public_bytes(pem))
    web = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    web.socket = context.wrap_socket(web.socket, server_side=True)
    threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True).start()
    yield TlsServer(f"https://127.0.0.1:{web.server_port}", folder / "ca.pem")
    web.shutdown()
    web.server_close()


@pytest.fixture(autouse=True)
def nobody_has_said_anything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def aws(url: str | None = None, profile: str | None = None) -> Aws:
    return Aws(open_session(profile, "us-east-1", None if profile else KEYS), url, FakeClock())


def test_the_file_of_authorities_is_found_where_botocore_looks_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert aws().ca_bundle.endswith(".pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/requests.pem")
    assert aws().ca_bundle == "/requests.pem"
    (tmp_path / "config").write_text("[profile office]\nca_bundle = /profile.pem\n")
    assert aws(profile="office").ca_bundle == "/profile.pem"
    monkeypatch.setenv("AWS_CA_BUNDLE", "/aws.pem")
    assert aws().ca_bundle == "/aws.pem"


def test_the_endpoint_is_reached_with_an_authority_of_ones_own(
    server: TlsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(server.ca_file))
    trusting = aws(server.url)
    at = replace(make_deployment(trusting), known={"api": {"id": "abc"}})
    assert Endpoint.of(at).preflight("https://a.example").status == 200


def test_who_cannot_be_trusted_is_told_at_once_and_the_proof_is_not_tried_for_a_minute(
    server: TlsServer,
) -> None:
    suspicious = aws(server.url)
    at = replace(make_deployment(suspicious), known={"api": {"id": "abc"}})
    with pytest.raises(UntrustedError) as caught:
        EndpointWorks().run(at)
    assert "certificate" in caught.value.why.casefold()
    assert suspicious.ca_bundle in caught.value.why
    assert "AWS_CA_BUNDLE" in caught.value.next_step


def test_a_call_to_aws_through_a_proxy_that_cannot_be_trusted_is_told_at_once(server: TlsServer) -> None:
    suspicious = aws(server.url)
    clock = suspicious.clock = FakeClock()
    with pytest.raises(WizardError) as caught:
        suspicious.retry(suspicious.sts.get_caller_identity, "ask")
    assert "cannot be trusted" in caught.value.why
    assert "AWS_CA_BUNDLE" in caught.value.next_step
    assert clock.naps == []
