"""How values in manifests and in the gateway's configuration are read. Pure functions."""
import re

QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
SCALE = {"m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
         "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)")
SECONDS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def at(value, *path, default=None):
    """The member at this path, or the default where any part of it is missing."""
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return default
        value = value[step]
    return value if value is not None else default


def quantity(text):
    """Its number, or None where it is none."""
    match = QUANTITY.fullmatch(str(text))
    return float(match[1]) * SCALE[match[2] or ""] if match else None


def seconds(text):
    return sum(float(number) * SECONDS[unit] for number, unit in DURATION.findall(text))


def without_comments(text):
    return re.sub(r"^\s*//.*$", "", text, flags=re.M)


def matches(selector, labels):
    """Whether a selector of plain labels selects them; an empty one selects everything."""
    return all(labels.get(key) == value for key, value in at(selector, "matchLabels", default={}).items())
