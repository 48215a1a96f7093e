"""What the gateway's own configuration asks of the pod that it runs in."""
import json

from k8s_values import at, seconds, without_comments

# Time that the gateway takes beyond drain.delay and drain.grace to abort what is left.
ABORT_SECONDS = 1
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
STREAMS = ("/dev/stdout", "/dev/stderr")


def findings(config, spec, files):
    """Each thing in which they do not fit, as a text. `files`: what the volumes bring, by path; "" for secret ones."""
    yield from drain_findings(config, spec)
    for container in spec.get("containers", []):
        yield from port_findings(config, container)
    yield from file_findings(config, spec, files)
    yield from caller_findings(config, files)
    yield from receiver_findings(config, spec)


def drain_findings(config, spec):
    drain = seconds(at(config, "drain", "delay", default="0s")) + seconds(at(config, "drain", "grace", default="25s"))
    if spec.get("terminationGracePeriodSeconds", 30) < drain + ABORT_SECONDS:
        yield f"is killed before its drain of {drain:g} s is over"
    for container in spec.get("containers", []):
        live = at(container, "livenessProbe", default={})
        if live and live.get("periodSeconds", 10) * live.get("failureThreshold", 3) < drain + ABORT_SECONDS:
            yield f"its liveness probe fails before its drain of {drain:g} s is over"


def receives_alone(container):
    """Whether it is a receiver of webhooks and nothing else."""
    args = container.get("args", [])
    return ("--mode", "webhooks") in zip(args, args[1:])


def port_findings(config, container):
    ports = {port.get("name"): port.get("containerPort") for port in container.get("ports", [])}
    health = at(config, "server", "probe_listen", default="")
    alone = receives_alone(container)
    for name, listen in (("grpc", "" if alone else config.get("listen", "")), ("health", health),
                         ("metrics", at(config, "metrics", "listen", default="")),
                         ("webhooks", at(config, "webhooks", "listen", default=""))):
        needed = name == "metrics" or name == ("webhooks" if alone else "grpc")
        if not needed and not listen and name not in ports:
            continue
        if listen != f"0.0.0.0:{ports.get(name)}":
            yield f"port {name} is {ports.get(name)}, but the gateway listens on {listen}"
    for probe in PROBES:
        ways = [way for way in at(container, probe, default={}).values() if isinstance(way, dict) and "port" in way]
        asked = [ports.get(way["port"], way["port"]) for way in ways]
        if speaks_tls(config) and ports.get("grpc") in asked:
            yield f"{probe} asks at the gRPC port, where it had to speak TLS and show a certificate"
        elif health and any(health != f"0.0.0.0:{port}" for port in asked):
            yield f"{probe} asks at port {asked[0]}, but health is answered on {health}"


def speaks_tls(config):
    return bool(at(config, "server", "tls", "certificate_file"))


def read_files(config):
    """(setting, path) of the files that the gateway reads."""
    for path in (("server", "tls", "certificate_file"), ("server", "tls", "key_file"),
                 ("server", "tls", "client_ca_file"), ("authorization", "policy_file"),
                 ("authorization", "jwt", "jwks_file"), ("ledger", "postgresql", "dsn_file"), ("ledger", "secret_file"),
                 ("ledger", "reply_key_file"), ("ledger", "previous_reply_key_file"),
                 ("events", "postgresql", "dsn_file"), ("events", "body_key_file"),
                 ("events", "previous_body_key_file"), ("webhooks", "certificate_file"), ("webhooks", "key_file")):
        yield ".".join(path), at(config, *path)
    for name, upstream in config.get("upstreams", {}).items():
        yield f"upstreams.{name}.ca_file", upstream.get("ca_file")
        yield f"upstreams.{name}.api_key", at(upstream, "api_key", "file")
        for store, its in upstream.get("stores", {}).items():
            yield f"upstreams.{name}.stores.{store}.api_key", at(its, "api_key", "file")
    for name, provider in at(config, "webhooks", "providers", default={}).items():
        for secret, source in provider.get("secrets", {}).items():
            yield f"webhooks.providers.{name}.secrets.{secret}", source.get("file")


def file_findings(config, spec, files):
    for setting, path in read_files(config):
        if not path or path in files:
            continue
        volume, _ = volume_at(spec, path)
        if volume is None:
            yield f"{setting}: no volume brings {path}"
        elif "configMap" in volume or "secret" in volume:
            yield f"{setting}: volume {volume.get('name')} has no key for {path}"
    for store in ("ledger", "events"):
        path = at(config, store, "file")
        if path and "persistentVolumeClaim" not in (volume_at(spec, path)[0] or {}):
            yield f"{store}.file: {path} is on no volume that outlives the pod"
    for setting in ("audit", "tracing"):
        path = at(config, setting, "file")
        if not path or path in STREAMS:
            continue
        volume, mount = volume_at(spec, path)
        if volume is None or mount.get("readOnly") or not {"emptyDir", "persistentVolumeClaim", "hostPath",
                                                           "ephemeral"} & set(volume):
            yield f"{setting}.file: {path} is on no volume that can be written"


def volume_at(spec, path):
    """The volume that the path lies on, and its mount; (None, None) for the container's own root."""
    mounts = [mount for container in spec.get("containers", []) for mount in container.get("volumeMounts", [])
              if path.startswith(mount.get("mountPath", "").rstrip("/") + "/")]
    if not mounts:
        return None, None
    mount = max(mounts, key=lambda entry: len(entry["mountPath"]))
    volumes = [volume for volume in spec.get("volumes", []) if volume.get("name") == mount.get("name")]
    return (volumes[0], mount) if volumes else (None, None)


def receiver_findings(config, spec):
    """Who receives alone stands where strangers come: it must not hold what could call an upstream."""
    if not any(receives_alone(container) for container in spec.get("containers", [])):
        return
    if config.get("upstreams"):
        yield "receives webhooks alone, and has upstreams"
    if any(at(volume, "secret", "secretName", default="") == "billing-gateway-paynow" for volume in spec.get("volumes", [])):
        yield "receives webhooks alone, and holds an upstream's key"
    if at(config, "events", "file"):
        yield "receives webhooks alone into a file that nobody else can read"


def caller_findings(config, files):
    """In front of a real upstream, callers have to be known and their rights written down."""
    real = [name for name, upstream in config.get("upstreams", {}).items()
            if upstream.get("base_url", "").startswith("https://")]
    if not real:
        return
    tls = at(config, "server", "tls", default={})
    if not speaks_tls(config) or at(config, "server", "allow_plaintext", default=False):
        yield f"callers of {real[0]} may come in plain text"
    certain = tls.get("client_ca_file") and tls.get("require_client_certificate", True)
    if not certain and not at(config, "authorization", "jwt", "jwks_file"):
        yield f"callers of {real[0]} need not show who they are"
    policy = at(config, "authorization", "policy_file")
    if not policy:
        yield f"every caller of {real[0]} may do everything"
    elif files.get(policy):
        yield from policy_findings(files[policy])


def policy_findings(text):
    try:
        policy = json.loads(without_comments(text))
    except ValueError as error:
        yield f"the policy is no JSON: {error}"
        return
    if policy.get("dry_run"):
        yield "the policy is only tried out, and refuses nobody"
    for name, rule in policy.get("rules", {}).items():
        if rule.get("anyone") and set(rule.get("methods", [])) & {"*", "write"}:
            yield f"the policy's rule {name} lets anyone write"
