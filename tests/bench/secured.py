"""What a gateway that trusts nobody is configured with: TLS, a policy, an audit log, and tokens or clients' certificates."""
import base64
import json
import subprocess
import time

ISSUER, AUDIENCE, SUBJECT = "https://issuer.example", "billing", "bench"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def by_token(folder, certificate, key):
    """Configuration for a gateway whose callers show a token, its files in the folder. Beside it, a token that it believes."""
    signer = folder / "issuer.pem"
    openssl("genrsa", "-out", signer, "2048")
    modulus = bytes.fromhex(openssl("rsa", "-in", signer, "-noout", "-modulus").decode().strip().split("=")[1])
    jwks = {"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "n": base64url(modulus), "e": "AQAB"}]}
    (folder / "jwks.json").write_text(json.dumps(jwks))
    config = guarded(folder, "token", {"subjects": [SUBJECT]}, certificate, key)
    config["authorization"]["jwt"] = {"jwks_file": str(folder / "jwks.json"), "issuer": ISSUER, "audience": AUDIENCE}
    return config, token(signer)


def by_certificate(folder, certificate, key):
    """The same for callers who show a certificate: this one, which is its own authority and is for localhost."""
    config = guarded(folder, "certificate", {"dns": ["localhost"]}, certificate, key)
    config["server"]["tls"]["client_ca_file"] = str(certificate)
    return config


def guarded(folder, name, callers, certificate, key):
    policy = folder / f"policy-{name}.json"
    policy.write_text(json.dumps({"rules": {"bench": {**callers, "methods": ["*"]}}}))
    return {
        "server": {"tls": {"certificate_file": str(certificate), "key_file": str(key)}},
        "authorization": {"policy_file": str(policy)},
        "audit": {"file": str(folder / f"audit-{name}.log")},
    }


def token(signer):
    header = {"alg": "RS256", "kid": "1"}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "exp": int(time.time()) + 3600}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return signed + "." + base64url(openssl("dgst", "-sha256", "-sign", signer, data=signed.encode()))
