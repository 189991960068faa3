"""An admission webhook of the tests' own: a real one, over TLS, that a real API server asks."""

import base64
import contextlib
import datetime
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.kube.cluster.client import Cluster
from bot.kube.objects.kube_object import object_of

LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def webhook(
    api: Cluster, namespace: str, directory: Path, why_not: Callable[[Mapping[str, Any]], str]
) -> Iterator[None]:
    """Judges the ConfigMaps of a namespace: `why_not(request)` is empty for those that may be."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802  # the server's name
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            why = why_not(review["request"])
            said = {"uid": review["request"]["uid"], "allowed": not why, "status": {"message": why}}
            body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": said})
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words: object) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(directory))
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    body = _configuration(namespace, server.server_port, directory)
    made = api.apply(body, dry_run=False)
    assert made.ok, made.message
    try:
        yield
    finally:
        uid = made.body["metadata"]["uid"]
        assert api.delete(str(body["apiVersion"]), object_of(body).ref, uid=uid, dry_run=False).ok
        server.shutdown()
        thread.join()
        server.server_close()


def _configuration(namespace: str, port: int, directory: Path) -> dict[str, Any]:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}
    trust = base64.b64encode((directory / "webhook.pem").read_bytes()).decode()
    hook = {
        "name": "strict.example.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "NoneOnDryRun",
        "clientConfig": {"url": f"https://{LOOPBACK}:{port}/", "caBundle": trust},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "rules": [rule],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": f"strict-{namespace}"},
        "webhooks": [hook],
    }


def _certificate(directory: Path) -> Path:
    """A key and a certificate that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, LOOPBACK)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = directory / "webhook.pem"
    path.write_bytes(made.public_bytes(pem))
    both = directory / "webhook-and-key.pem"
    both.touch(mode=0o600)
    both.write_bytes(made.public_bytes(pem) + secret)
    return both
