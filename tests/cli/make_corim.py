#!/usr/bin/python3
"""Writes CoRIM for the tests of bootseal reference import, with an encoder and signatures that are not ours.

The documents follow draft-ietf-rats-corim-10. Usage: make_corim.py DIRECTORY
Keys and self-signed certificates stand beside them: es256, es384, ps256, other.
"""
import datetime
import pathlib
import sys

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import NameOID

FOLDER = pathlib.Path(sys.argv[1])
ALGORITHMS = {"es256": -7, "es384": -35, "ps256": -37}
HASHES = {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "ps256": hashes.SHA256()}


def make_key(name):
    if name == "ps256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    else:
        key = ec.generate_private_key(ec.SECP384R1() if name == "es384" else ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ACME Ltd."),
                         x509.NameAttribute(NameOID.COMMON_NAME, "Manifests " + name)])
    begin = datetime.datetime(2026, 1, 1)
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                   .public_key(key.public_key()).serial_number(1).not_valid_before(begin)
                   .not_valid_after(begin + datetime.timedelta(days=3650)).sign(key, hashes.SHA256()))
    (FOLDER / (name + ".pem")).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key


def digest(fill, alg=1, length=32):
    return [alg, bytes([fill]) * length]


def comid(measurements, vendor="ACME Inc.", model="RoadRunner"):
    return cbor2.CBORTag(506, cbor2.dumps({
        1: {0: bytes(16)},
        2: [{0: "ACME Inc.", 1: cbor2.CBORTag(32, "https://acme.example"), 2: [0]}],
        4: {0: [[{0: {0: cbor2.CBORTag(37, bytes(range(16))), 1: vendor, 2: model, 3: 1}}, measurements]],
            1: [[{0: {1: vendor}}, [{1: {4: cbor2.CBORTag(560, bytes(8))}}]]]}}))


def coswid():
    return cbor2.CBORTag(505, cbor2.dumps({
        0: "acme.boot", 12: 0, 1: "ACME boot files", 13: "4.1.5", 2: {31: "ACME Ltd.", 33: [1, 2]},
        6: {16: {24: "boot", 26: {17: [{24: "vmlinuz", 20: 5, 7: digest(0x31)},
                                       {24: "initrd.img", 21: "7", 7: digest(0x32)}]}},
            17: {24: "grub.cfg", 7: digest(0x33)}},
        3: {17: {24: "installed", 7: digest(0x39)}}}))


def corim(tags, **more):
    document = {0: bytes(range(16)), 1: tags}
    document.update({int(key[1:]): value for key, value in more.items()})
    return cbor2.CBORTag(501, document)


def sign(name, payload, header=None, raw=True):
    meta = cbor2.dumps({0: {0: "ACME Ltd."}})
    protected = {1: ALGORITHMS[name], 3: "application/rim+cbor", 4: b"kid", 8: meta}
    protected.update(header or {})
    protected = cbor2.dumps({key: value for key, value in protected.items() if value is not None})
    message = cbor2.dumps(["Signature1", protected, b"", payload])
    if name == "ps256":
        signature = KEYS[name].sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), HASHES[name])
    else:
        signature = KEYS[name].sign(message, ec.ECDSA(HASHES[name]))
        if raw:
            length = 48 if name == "es384" else 32
            signature = b"".join(part.to_bytes(length, "big") for part in utils.decode_dss_signature(signature))
    return cbor2.CBORTag(18, [protected, {}, payload, signature])


def write(name, value):
    (FOLDER / name).write_bytes(value if isinstance(value, bytes) else cbor2.dumps(value))


def at(year):
    return cbor2.CBORTag(1, int(datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc).timestamp()))


KEYS = {name: make_key(name) for name in ALGORITHMS}
make_key("other")

BOOTLOADER = {0: 7, 1: {2: [digest(0x11), digest(0x12, 7, 48), digest(0x13, 12, 64)], 11: "bootloader",
                        0: {0: "1.0.0", 1: 16384}}}
FIRMWARE = {0: "firmware", 1: {1: cbor2.CBORTag(552, 1), 2: [digest(0x14, "sha-256")]}}
REGISTERS = {1: {14: {0: [digest(0x21)], 7: [digest(0x22)]}}}

GOOD = corim([comid([BOOTLOADER, FIRMWARE]), coswid(), cbor2.CBORTag(508, b"\xa0")], _3=["https://acme.example"],
             _4={0: at(2020), 1: at(2099)}, _5=[{0: "ACME Ltd.", 2: [1]}])
PAYLOAD = cbor2.dumps(GOOD)

write("unsigned", GOOD)
for signer in ALGORITHMS:
    write("signed-" + signer, sign(signer, PAYLOAD))
write("signed-502", cbor2.CBORTag(502, sign("es256", PAYLOAD)))
write("signed-500", cbor2.CBORTag(500, cbor2.CBORTag(502, sign("es256", PAYLOAD))))
write("signed-old-type", sign("es256", PAYLOAD, {3: "application/corim-unsigned+cbor"}))
write("signed-der", sign("es384", PAYLOAD, raw=False))
write("changed", cbor2.dumps(sign("es256", PAYLOAD)).replace(b"\x11" * 32, b"\x10" * 32))
write("other-header", cbor2.dumps(sign("es256", PAYLOAD)).replace(b"kid", b"dik"))
write("no-type", sign("es256", PAYLOAD, {3: None}))
write("other-type", sign("es256", PAYLOAD, {3: "text/plain"}))
write("no-alg", sign("es256", PAYLOAD, {1: None}))
write("eddsa", sign("es256", PAYLOAD, {1: -8}))
write("sha1-alg", sign("es256", PAYLOAD, {1: -65535}))
write("critical", sign("es256", PAYLOAD, {2: [99], 99: 1}))
write("hash-envelope", sign("es256", PAYLOAD, {258: -16}))
write("unprotected-alg", cbor2.CBORTag(18, [b"\xa0", {1: -7}, PAYLOAD, bytes(64)]))
write("detached", cbor2.CBORTag(18, [cbor2.dumps({1: -7}), {}, None, bytes(64)]))
write("signed-ended", sign("es256", cbor2.dumps(corim([comid([FIRMWARE])], _4={1: at(2021)}))))
write("signed-not-yet", sign("es256", cbor2.dumps(corim([comid([FIRMWARE])], _4={0: at(2098), 1: at(2099)}))))
write("signature-ended", sign("es256", PAYLOAD, {8: cbor2.dumps({0: {0: "A"}, 1: {1: at(2021)}})}))
write("registers-only", corim([comid([REGISTERS])]))
write("registers-too", corim([comid([REGISTERS, FIRMWARE])]))
write("no-digest", corim([comid([{1: {11: "name"}}])]))
write("older-draft", corim([comid(FIRMWARE)]))
write("text-id", cbor2.CBORTag(500, cbor2.CBORTag(501, {0: "acme; 2026", 1: [comid([FIRMWARE])]})))
write("short-digest", corim([comid([{1: {2: [digest(0x11, 1, 31)]}}])]))
write("indefinite", b"\xd9\x01\xf5\xbf\x00\x61a\x01\x80\xff")
write("trailing", cbor2.dumps(GOOD) + b"\x00")
write("no-tags", cbor2.CBORTag(501, {0: "id"}))
write("key-twice", b"\xd9\x01\xf5\xa3\x00\x61a\x01\x80\x01\x80")
write("other-tag", cbor2.CBORTag(61, {0: "id"}))
# Heads that are longer than they need be, and keys out of order.
write("long-heads", b"\xda\x00\x00\x01\xf5\xb8\x02\x18\x01\x98\x01" +
      cbor2.dumps(comid([FIRMWARE])) + b"\x19\x00\x00\x78\x01a")
