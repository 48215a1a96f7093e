"""What a gateway that trusts nobody is configured with: TLS, a token's issuer, a policy, an audit log."""
import base64
import json
import subprocess
import time

ISSUER, AUDIENCE, SUBJECT = "https://issuer.example", "billing", "bench"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


def settings(folder, certificate, key):
    """Configuration for a gateway with all of it, its files in the folder. Beside it, the token that it believes."""
    signer = folder / "issuer.pem"
    openssl("genrsa", "-out", signer, "2048")
    modulus = bytes.fromhex(openssl("rsa", "-in", signer, "-noout", "-modulus").decode().strip().split("=")[1])
    jwks = {"keys": [{"kty": "RSA", "kid": "1", "alg": "RS256", "n": base64url(modulus), "e": "AQAB"}]}
    (folder / "jwks.json").write_text(json.dumps(jwks))
    rule = {"subjects": [SUBJECT], "methods": ["*"]}
    (folder / "policy.json").write_text(json.dumps({"rules": {"bench": rule}}))
    config = {
        "server": {"tls": {"certificate_file": str(certificate), "key_file": str(key)}},
        "authorization": {
            "policy_file": str(folder / "policy.json"),
            "jwt": {"jwks_file": str(folder / "jwks.json"), "issuer": ISSUER, "audience": AUDIENCE},
        },
        "audit": {"file": str(folder / "audit.log")},
    }
    return config, token(signer)


def token(signer):
    header = {"alg": "RS256", "kid": "1"}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "exp": int(time.time()) + 3600}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    return signed + "." + base64url(openssl("dgst", "-sha256", "-sign", signer, data=signed.encode()))
