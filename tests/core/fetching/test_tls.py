"""https: the certificate is that of the name, the connection that of the checked address."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.fetching.sites import MisbehavingSite, model_bytes, sha256

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import json, sys
from pathlib import Path
from polaris_core.errors import FetchProblem
from polaris_core.fetching.addresses import Rules
from polaris_core.fetching.fetch import fetch
from polaris_core.fetching.resolver import CheckedResolver
from polaris_core.fetching.site import Limits
host, port, folder, digits = sys.argv[1:]
async def lookup(name, port):
    found = {"hostname": name, "host": "127.0.0.1", "port": port}
    return [found | {"family": 2, "proto": 0, "flags": 4}]
try:
    fetch(f"https://{host}:{port}/x", Path(folder), "model.safetensors", sha256=digits,
          rules=Rules.of([f"*.example.com:{port}"]), limits=Limits(retries=0, spare_bytes=0),
          resolver=CheckedResolver(lookup, lambda ip: ip == "127.0.0.1"))
    print("fetched")
except FetchProblem as error:
    print(type(error).__name__, error)
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """For mirror.example.com, by nobody but ourselves."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=mirror.example.com", "-keyout", str(key), "-out", str(made)),
            *("-addext", "subjectAltName=DNS:mirror.example.com"),
        ],
        check=True,
        capture_output=True,
    )
    return key, made


@pytest.fixture
def site(certificate):
    key, made = certificate
    site = MisbehavingSite(model_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    site.speak_tls(context)
    yield site
    site.close()


@pytest.mark.parametrize(
    ("host", "trusted", "outcome"),
    [
        ("mirror.example.com", True, "fetched"),
        ("mirror.example.com", False, "SourceUnreachable the certificate of"),
        ("another.example.com", True, "SourceUnreachable the certificate of"),
    ],
)
def test_only_the_site_of_that_name_is_believed(certificate, site, folder, host, trusted, outcome):
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    if trusted:
        environment["SSL_CERT_FILE"] = str(certificate[1])
    port = site.origin.rpartition(":")[2]
    arguments = [host, port, str(folder), sha256(site.content)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(outcome), done.stdout + done.stderr
    names = [path.name for path in folder.iterdir()]
    assert names == (["model.safetensors"] if outcome == "fetched" else [])
    assert len(site.asked) == (outcome == "fetched")
