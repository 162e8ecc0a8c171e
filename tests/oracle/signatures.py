"""Signatures of webhooks as Python's hmac has them: the golden cases for `roundup listen`, one a line.

    python3 tests/oracle/signatures.py > data/golden/signatures.jsonl

A case has the secrets that the receiver knows, the header, the body in hex, the receiver's clock in Unix seconds, and
what becomes of it: accepted, malformed, stale or forged. The verdict is that of `verdict` below, which shares nothing
with the program.
"""
import hashlib
import hmac
import json
import random
import re

NOW = 1_780_300_800
OLD, NEW, FOREIGN = "whsec_old0000000000000000", "whsec_nëw-ключ-鍵-🔑", "whsec_of-somebody-else"
BODY = b'{"id":"evt_0123456789abcdef0123456789abcdef","type":"interview_ended"}'


def sign(secret, time, body):
    return hmac.new(secret.encode(), str(time).encode() + b"." + body, hashlib.sha256).hexdigest()


def verdict(secrets, header, body, now):
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1" and re.fullmatch("[0-9a-fA-F]{64}", value)]
    if any(not equals for _, equals, _ in parts) or len(times) != 1 or not signatures:
        return "malformed"
    if not re.fullmatch("[0-9]+", times[0]):
        return "malformed"
    if abs(now - int(times[0])) > 300:
        return "stale"
    right = {sign(secret, times[0], body) for secret in secrets}
    return "accepted" if any(given.lower() in right for given in signatures) else "forged"


def cases():
    good = sign(OLD, NOW, BODY)
    yield "as the vendor sends it", [OLD], f"t={NOW},v1={good}", BODY, NOW
    yield "an empty body", [OLD], f"t={NOW},v1={sign(OLD, NOW, b'')}", b"", NOW
    raw = bytes(range(256))
    yield "bytes that are no text", [OLD], f"t={NOW},v1={sign(OLD, NOW, raw)}", raw, NOW
    yield "a secret that is not ASCII", [NEW], f"t={NOW},v1={sign(NEW, NOW, BODY)}", BODY, NOW
    long = "s" * 200
    yield "a secret longer than a block", [long], f"t={NOW},v1={sign(long, NOW, BODY)}", BODY, NOW
    yield "rotation: the old of two secrets", [NEW, OLD], f"t={NOW},v1={good}", BODY, NOW
    yield "rotation: the new of two secrets", [OLD, NEW], f"t={NOW},v1={sign(NEW, NOW, BODY)}", BODY, NOW
    yield "rotation: signed with both, one known", [NEW], f"t={NOW},v1={good},v1={sign(NEW, NOW, BODY)}", BODY, NOW
    yield "several v1, the first right", [OLD], f"t={NOW},v1={good},v1={'0' * 64}", BODY, NOW
    yield "several v1, the last right", [OLD], f"t={NOW},v1={'0' * 64},v1=xyz,v1={good}", BODY, NOW
    yield "several v1, none right", [OLD], f"t={NOW},v1={'0' * 64},v1={'f' * 64}", BODY, NOW
    yield "another order, with spaces", [OLD], f"v1={good}, t={NOW}", BODY, NOW
    yield "another scheme beside it", [OLD], f"t={NOW},v0=abc,v1={good},v2=def", BODY, NOW
    yield "another scheme alone", [OLD], f"t={NOW},v0={good}", BODY, NOW
    yield "capital hex", [OLD], f"t={NOW},v1={good.upper()}", BODY, NOW
    for seconds in (-301, -300, -1, 1, 300, 301, 86_400, -NOW):
        time = NOW - seconds
        yield f"{seconds} s old", [OLD], f"t={time},v1={sign(OLD, time, BODY)}", BODY, NOW
    yield "a time of its own, not that which was signed", [OLD], f"t={NOW - 1},v1={good}", BODY, NOW
    zero = f"0{NOW}"
    yield "a time with a zero before it, signed so", [OLD], f"t={zero},v1={sign(OLD, zero, BODY)}", BODY, NOW
    yield "the same, signed without", [OLD], f"t={zero},v1={good}", BODY, NOW
    for time in ("", "now", "-1", "1e9", f"+{NOW}", f"{NOW}.5", "9" * 40, "９"):
        yield f"the time {time!r}", [OLD], f"t={time},v1={sign(OLD, time, BODY)}", BODY, NOW
    yield "two times", [OLD], f"t={NOW},t={NOW},v1={good}", BODY, NOW
    yield "no time", [OLD], f"v1={good}", BODY, NOW
    for header in ("", ",", "t", good, f"t={NOW}", f"t={NOW},v1=", f"t={NOW},v1={good[:-1]}", f"t={NOW},v1={good}0",
                   f"t={NOW};v1={good}", f"t={NOW},v1={good},"):
        yield f"the header {header.replace(good, '…')!r}", [OLD], header, BODY, NOW
    yield "the signature of somebody else", [OLD, NEW], f"t={NOW},v1={sign(FOREIGN, NOW, BODY)}", BODY, NOW
    yield "the body alone signed", [OLD], f"t={NOW},v1={hmac.new(OLD.encode(), BODY, hashlib.sha256).hexdigest()}", BODY, NOW
    yield "a body cut short", [OLD], f"t={NOW},v1={good}", BODY[:-1], NOW
    yield "a body with a line feed more", [OLD], f"t={NOW},v1={good}", BODY + b"\n", NOW
    yield "a body with other white space", [OLD], f"t={NOW},v1={good}", BODY.replace(b":", b": "), NOW
    generator = random.Random(1)
    for number in range(60):
        secrets = [f"whsec_{generator.randbytes(12).hex()}" for _ in range(generator.randrange(1, 4))]
        body = generator.randbytes(generator.randrange(0, 200))
        time = NOW + generator.randrange(-320, 321)
        given = [sign(generator.choice([*secrets, FOREIGN]), time, body) for _ in range(generator.randrange(1, 3))]
        if generator.random() < 0.3:
            place = generator.randrange(64)
            given[0] = given[0][:place] + format(int(given[0][place], 16) ^ 1, "x") + given[0][place + 1:]
        yield f"random {number}", secrets, ",".join([f"t={time}", *(f"v1={one}" for one in given)]), body, NOW


for name, secrets, header, body, now in cases():
    print(json.dumps({"name": name, "secrets": secrets, "header": header, "body": body.hex(), "now": now,
                      "verdict": verdict(secrets, header, body, now)}, ensure_ascii=False))
