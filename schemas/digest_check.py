#!/usr/bin/env python3
"""Second implementation of the canonical action, its digest and the canonical
JSON of this project (design page "safety", D1-D10, and RFC 8785).

Written from the published rules, not from the Go code; Python 3 standard
library only. Reads digest_vectors.json beside this file, or the file named as
argument, and exits 1 with one line per disagreement.

    python3 schemas/digest_check.py
"""
import datetime
import hashlib
import json
import os
import re
import sys

DOMAIN = b"vedette-action-v1\n"
LARGEST = 2**53 - 1
DEPTH, VALUES, STRING_BYTES = 64, 50_000, 64 * 1024


class Refused(Exception):
    """The input has no canonical form."""


# --- writing -----------------------------------------------------------------

ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def write_string(s):
    return '"' + "".join(
        ESCAPES.get(c) or ("\\u%04x" % ord(c) if c < " " else c) for c in s) + '"'


def utf16_units(s):
    """Big-endian UTF-16 compares like the list of its code units."""
    return s.encode("utf-16-be")


def write_number(n):
    """ECMA-262 Number::toString from the shortest digits that read back."""
    if n == 0:
        return "0"
    sign, n = ("-", -n) if n < 0 else ("", n)
    mantissa, _, exponent = ("%s" % repr(n)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = whole + ("" if fraction == "0" else fraction)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    digits = stripped.rstrip("0")
    k = len(digits)
    if k <= point <= 21:
        return sign + digits + "0" * (point - k)
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    tail = "e%+d" % (point - 1)
    return sign + digits[0] + ("." + digits[1:] if k > 1 else "") + tail


def write(value, number):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return write_string(value)
    if isinstance(value, list):
        return "[" + ",".join(write(v, number) for v in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(
            write_string(k) + ":" + write(value[k], number) for k in sorted(value, key=utf16_units)) + "}"
    return number(value)


# --- strict documents --------------------------------------------------------


def strict(data):
    """Parse bytes as the one JSON that every reader reads alike (D2)."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise Refused("not UTF-8") from e
    if text.startswith("\ufeff"):
        raise Refused("byte order mark")

    def members(pairs):
        keys = [k for k, _ in pairs]
        if len(set(keys)) != len(keys):
            raise Refused("duplicate key")
        return dict(pairs)

    def constant(word):
        raise Refused(word)

    def number(literal):
        if float(literal) in (float("inf"), float("-inf")):
            raise Refused("out of range")
        return Number(literal)

    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=constant, parse_int=number, parse_float=number)
    except (ValueError, RecursionError) as e:
        raise Refused(str(e)) from e
    inspect(value, [0], 0)
    return value


class Number(float):
    """A double; its own class so that True and 1 stay apart."""


def inspect(value, count, depth):
    count[0] += 1
    if count[0] > VALUES:
        raise Refused("too many values")
    if isinstance(value, (list, dict)):
        if depth >= DEPTH:
            raise Refused("too deep")
        for item in value.values() if isinstance(value, dict) else value:
            inspect(item, count, depth + 1)
        for key in value if isinstance(value, dict) else ():
            inspect_string(key)
    elif isinstance(value, str):
        inspect_string(value)


def inspect_string(s):
    if any("\ud800" <= c <= "\udfff" for c in s):
        raise Refused("lone surrogate")
    if "\0" in s:
        raise Refused("U+0000")
    if len(s.encode()) > STRING_BYTES:
        raise Refused("long string")


def canonical_document(data):
    return write(strict(data), write_number)


# --- actions -----------------------------------------------------------------

def integer(value):
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        raise Refused("not an integer within 2^53-1")
    return str(value)


def restricted(value):
    if value is None:
        raise Refused("null")
    if isinstance(value, str):
        inspect_string(value)
    elif isinstance(value, list):
        for item in value:
            restricted(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            inspect_string(key)
            restricted(item)


def text(source, name):
    value = source.get(name, "")
    if not isinstance(value, str) or value == "":
        raise Refused(name + " is missing")
    return value


def moment(s):
    """RFC 3339 to UTC with milliseconds, finer parts cut off (D5)."""
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|([+-])(\d\d):(\d\d))", s)
    if not m:
        raise Refused("time")
    at = datetime.datetime(*(int(m[i]) for i in range(1, 7)))
    if m[8] != "Z":
        away = datetime.timedelta(hours=int(m[10]), minutes=int(m[11]))
        at = at - away if m[9] == "+" else at + away
    return "%04d-%02d-%02dT%02d:%02d:%02d.%sZ" % (
        at.year, at.month, at.day, at.hour, at.minute, at.second, ((m[7] or "") + "000")[:3])


def canonical_step(s):
    target = {k: v for k, v in s.get("target", {}).items() if v != ""}
    if set(target) not in (set(), {"connector_id", "native_id"}):
        raise Refused("half a target")
    if s["ordinal"] < 1:
        raise Refused("ordinal")
    return {
        "ordinal": s["ordinal"], "playbook_id": text(s, "playbook_id"), "playbook_hash": text(s, "playbook_hash"),
        "entity_id": text(s, "entity_id"), "entity_type": text(s, "entity_type"), "target": target, "params": s.get("params", {}),
    }


def canonical_action(a):
    steps = sorted((canonical_step(s) for s in a["steps"]), key=lambda s: (s["entity_id"].encode(), s["ordinal"]))
    places = [(s["entity_id"], s["ordinal"]) for s in steps]
    if not steps or len(set(places)) != len(places):
        raise Refused("steps")
    if a["execution_window_s"] < 1:
        raise Refused("window")
    by = {"principal_id": text(a["requested_by"], "principal_id"),
          "effective_trigger": text(a["requested_by"], "effective_trigger")}
    if a["requested_by"].get("run_id"):
        by["run_id"] = a["requested_by"]["run_id"]
    action = {
        "v": 1, "workspace_id": text(a, "workspace_id"), "incident_id": text(a, "incident_id"),
        "gamebook_id": text(a, "gamebook_id"), "gamebook_version": a["gamebook_version"], "steps": steps,
        "class": text(a, "class"), "need": {"count": a["need"]["count"], "roles": a["need"]["roles"]},
        "policy_version": a["policy_version"], "requested_by": by,
        "approval_expires_at": moment(a["approval_expires_at"]), "execution_window_s": a["execution_window_s"],
        "nonce": text(a, "nonce"),
    }
    restricted(action)
    return write(action, integer)


def digest(canonical):
    return "sha256:" + hashlib.sha256(DOMAIN + canonical.encode()).hexdigest()


# --- checking ----------------------------------------------------------------

def main(path):
    with open(path, encoding="utf-8") as f:
        vectors = json.load(f)
    wrong = []

    def check(name, expected, compute):
        try:
            got = compute()
        except Refused as e:
            got = None
            if expected is not None:
                wrong.append("%s: refused: %s" % (name, e))
                return
        if got != expected:
            wrong.append("%s: got %r, want %r" % (name, got, expected))

    if len(vectors["actions"]) < 30:
        wrong.append("fewer than thirty action vectors")
    for v in vectors["actions"]:
        check("action " + v["name"], v["canonical"], lambda: canonical_action(v["input"]))
        check("digest " + v["name"], v["digest"], lambda: digest(canonical_action(v["input"])))
    for v in vectors["refused_actions"]:
        check("refused action " + v["name"], None, lambda: canonical_action(v["input"]))
    for v in vectors["documents"]:
        check("document " + v["name"], v["canonical"], lambda: canonical_document(v["document"].encode()))
    for v in vectors["refused_documents"]:
        data = v["document"].encode() if "document" in v else bytes.fromhex(v["hex"])
        check("refused document " + v["name"], None, lambda: canonical_document(data))
    for line in wrong:
        print(line.encode("ascii", "backslashreplace").decode(), file=sys.stderr)
    print("%d actions, %d refused actions, %d documents, %d refused documents: %d wrong" % (
        len(vectors["actions"]), len(vectors["refused_actions"]), len(vectors["documents"]),
        len(vectors["refused_documents"]), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "digest_vectors.json")))
