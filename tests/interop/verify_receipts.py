"""Verifies receipts by docs/receipt.md alone: a second verifier beside `quietus receipts verify`.

    verify_receipts.py FILE ... [PUBLIC_KEY_HEX ...]

The files are one chain: archives in their order, then an export. Without keys, those of the first file are used, which proves nothing about who signed. Writes one JSON object and ends with 0 when
everything was verified, with 1 when something was not. Shares no code with quietus: not even the canonical form is left to a
library.
"""

import hashlib
import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = 2
INTEGER_MAX = 2**53 - 1
SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}

# What each reason allows at best, the verdicts from the best to the worst.
VERDICTS = ["complete", "retained", "incomplete"]
ALLOWS = {
    "possible_included": "complete",
    "possible_excluded": "complete",
    "ledger_only_accepted": "complete",
    "expected_unverifiable": "complete",
    "left_accepted": "complete",
    "retained": "retained",
    "kept_by_vendor": "retained",
    "cancelled": "incomplete",
    "held": "complete",
    "stopped": "incomplete",
    "not_resolved": "incomplete",
    "possible_left": "incomplete",
    "excluded": "incomplete",
    "came_since": "incomplete",
    "unread": "incomplete",
    "never_read": "incomplete",
    "narrowed": "incomplete",
    "ledger_only": "incomplete",
    "parked": "incomplete",
    "residual": "incomplete",
    "unverifiable": "incomplete",
    "left_behind": "incomplete",
    "not_looked_at": "incomplete",
}


class NotVerified(Exception):
    """Why the export is not verified; names no content."""


def members_once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotVerified("a member is there twice")
    return members


def integer(digits):
    if digits == "-0" or len(digits) > 17 or abs(int(digits)) > INTEGER_MAX:
        raise NotVerified("a number is no integer within ±(2^53 − 1)")
    return int(digits)


def no_integer(_):
    raise NotVerified("a number is no integer")


def parse(text):
    try:
        return json.loads(
            text,
            object_pairs_hook=members_once,
            parse_int=integer,
            parse_float=no_integer,
            parse_constant=no_integer,
        )
    except (ValueError, RecursionError):
        raise NotVerified("not JSON") from None


def canonical(value):
    """The canonical form (RFC 8785) as text."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(map(escaped, value)) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    by_utf_16 = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
    return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in by_utf_16) + "}"


def escaped(character):
    if 0xD800 <= ord(character) <= 0xDFFF:
        raise NotVerified("half of a surrogate pair")
    if character in SHORT_ESCAPES:
        return SHORT_ESCAPES[character]
    return f"\\u{ord(character):04x}" if character < " " else character


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def public_key(text):
    if not isinstance(text, str) or not re.fullmatch("[0-9a-fA-F]{64}", text):
        raise NotVerified("a public key is not 64 hex digits")
    raw = bytes.fromhex(text)
    return sha256(raw)[:16], Ed25519PublicKey.from_public_bytes(raw)


def follow(keys, rotations):
    """Trusts a key that a trusted one has signed as its successor; each rotation may lead on to the next."""
    for _ in rotations:
        for rotation in rotations:
            old, _ = public_key(rotation["from"])
            new, key = public_key(rotation["to"])
            text = f"quietus receipt key rotation\nfrom {rotation['from']}\nto {rotation['to']}\n"
            try:
                if old in keys:
                    keys[old].verify(bytes.fromhex(rotation["signature"]), text.encode())
                    keys[new] = key
            except InvalidSignature:
                pass


def verdict(reasons):
    """The verdict that follows from the reasons; None where a code is not known."""
    allowed = [ALLOWS.get(reason["code"]) for reason in reasons]
    if None in allowed:
        return None
    return max(allowed, key=VERDICTS.index, default="complete")


def check_signature(receipt, keys):
    """The canonical bytes of a statement whose signature is its own."""
    if not isinstance(receipt, dict) or set(receipt) != {"statement", "signature"}:
        raise NotVerified("not a receipt")
    statement, signature = receipt["statement"], receipt["signature"]
    if not isinstance(statement, dict) or statement.get("format") != FORMAT:
        raise NotVerified("another format")
    if statement.get("key") not in keys:
        raise NotVerified("signed by a key that is not given")
    if not isinstance(signature, str) or not re.fullmatch("[0-9a-f]{128}", signature):
        raise NotVerified("a signature is 128 lower-case hex digits")
    signed = canonical(statement).encode()
    try:
        keys[statement["key"]].verify(bytes.fromhex(signature), signed)
    except InvalidSignature:
        raise NotVerified("the signature is not of this statement") from None
    return signed


def check_checkpoint(signed, keys):
    """A checkpoint of receipts that a trusted key has signed."""
    if not isinstance(signed, dict) or set(signed) != {"checkpoint", "signature"}:
        raise NotVerified("not a checkpoint")
    checkpoint, signature = signed["checkpoint"], signed["signature"]
    if not isinstance(checkpoint, dict) or checkpoint.get("format") != 1 or checkpoint.get("chain") != "receipts":
        raise NotVerified("a checkpoint of another format or chain")
    if checkpoint.get("key") not in keys:
        raise NotVerified("a checkpoint signed by a key that is not given")
    if not isinstance(signature, str) or not re.fullmatch("[0-9a-f]{128}", signature):
        raise NotVerified("a signature is 128 lower-case hex digits")
    try:
        keys[checkpoint["key"]].verify(bytes.fromhex(signature), canonical({"checkpoint": checkpoint}).encode())
    except InvalidSignature:
        raise NotVerified("the signature is not of this checkpoint") from None
    return checkpoint


def begin(header, keys, chain):
    """Holds what a file says that it goes on after against what was verified before it."""
    signed = header.get("checkpoint")
    if signed is None:
        return
    checkpoint = check_checkpoint(signed, keys)
    if chain["last"] is None:
        chain["last"], chain["head"], chain["not_looked_at"] = checkpoint["last"], checkpoint["hash"], checkpoint
        return
    if (chain["last"], chain["head"]) != (checkpoint["last"], checkpoint["hash"]):
        raise NotVerified("the file goes on after another receipt than the one before it ends with")
    if chain["archive"] is not None:
        if chain["sha256"] != checkpoint["sha256"]:
            raise NotVerified("an archive is not the file that its checkpoint names")
        chain["archives_matched"] += 1


def verify(files, trusted):
    """Verifies files, each as its bytes, as one chain."""
    keys = None
    chain = {"last": None, "head": None, "archive": None, "sha256": None, "not_looked_at": None, "archives_matched": 0}
    all_found = {"first": None, "last": None, "receipts": 0, "verdicts": dict.fromkeys(VERDICTS, 0)}
    judged = 0
    gaps = 0
    for content in files:
        lines = content.decode().removesuffix("\n").split("\n") if content else []
        header = check_header(lines)
        keys = keys or dict(map(public_key, trusted or header.get("public_keys", [])))
        follow(keys, header.get("rotations", []))
        begin(header, keys, chain)
        judged_here, gaps_here = verify_file(header, lines[1:], keys, chain, all_found)
        judged, gaps = judged + judged_here, gaps + gaps_here
        chain["archive"], chain["sha256"] = header.get("archive"), sha256(content)
    unseen = chain["not_looked_at"] and chain["not_looked_at"]["file"]
    told = {"gaps": gaps, "verdicts_that_follow_from_their_reasons": judged}
    return {**all_found, **told, "archives_matched": chain["archives_matched"], "not_looked_at": unseen}


def check_header(lines):
    if not lines:
        raise NotVerified("the first line is not the header of an export")
    header = parse(lines[0])
    if not isinstance(header, dict) or header.get("quietus_receipts") != FORMAT:
        raise NotVerified("the first line is not the header of an export of format 2")
    return header


def verify_file(header, lines, keys, chain, all_found):
    """Verifies the receipts of one file, which go on where the chain is."""
    found = {"first": None, "last": None, "receipts": 0, "verdicts": dict.fromkeys(VERDICTS, 0)}
    judged = 0
    gaps = 0
    for line in lines:
        receipt = parse(line)
        signed = check_signature(receipt, keys)
        statement = receipt["statement"]
        sequence = statement["sequence"]
        for followed in statement.get("follows", []):
            earlier, named = followed["sequence"], followed["hash"]
            known = chain.setdefault("hashes", {}).get(earlier)
            if earlier is not None and (earlier >= sequence or (known and named and known != named)):
                raise NotVerified("it follows a receipt that is another one, or no earlier one")
        gap = statement["gap"]
        if gap is not None:
            if gap["last"] + 1 != sequence or gap["last_hash"] != statement["previous"]:
                raise NotVerified("a gap that does not end before its receipt")
            if chain["last"] is not None and goes_on_behind(gap, chain["last"], chain["head"]):
                chain["last"], chain["head"] = gap["last"], gap["last_hash"]
            gaps += 1
        if chain["last"] is not None and sequence != chain["last"] + 1:
            raise NotVerified("receipts are missing or out of order")
        if chain["head"] is None and sequence == 1:
            chain["head"] = sha256(b"")
        if chain["head"] is not None and statement["previous"] != chain["head"]:
            raise NotVerified("a receipt does not name its predecessor")
        follows = verdict(statement["reasons"])
        if follows not in (None, statement["verdict"]):
            raise NotVerified("the verdict does not follow from the reasons")
        judged += follows is not None
        chain["last"], chain["head"] = sequence, sha256(signed)
        chain.setdefault("hashes", {})[sequence] = chain["head"]
        for counted in (found, all_found):
            counted["first"] = counted["first"] or sequence
            counted["last"] = sequence
            counted["receipts"] += 1
            counted["verdicts"][statement["verdict"]] += 1
    if {name: header.get(name) for name in found} != found:
        raise NotVerified("the numbers of the header are others: the file was cut or put together")
    return judged, gaps


def goes_on_behind(gap, last, head):
    if (last, head) == (gap["after"], gap["after_hash"]):
        return True
    seen = gap.get("seen")
    if seen is None or not seen <= last <= gap["last"] or last <= gap["after"]:
        return False
    return last > seen or head == gap["last_hash"]


def main():
    keys = [argument for argument in sys.argv[1:] if re.fullmatch("[0-9a-fA-F]{64}", argument)]
    contents = []
    for name in sys.argv[1:]:
        if name not in keys:
            with open(name, "rb") as file:
                contents.append(file.read())
    try:
        told = {"verified": True, **verify(contents, keys)}
    except (NotVerified, UnicodeDecodeError, KeyError, TypeError) as problem:
        told = {"verified": False, "problem": f"{type(problem).__name__}: {problem}"}
    print(json.dumps(told))
    return 0 if told["verified"] else 1


if __name__ == "__main__":
    sys.exit(main())
