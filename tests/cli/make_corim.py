#!/usr/bin/python3
"""Writes CoRIM for the tests of bootseal reference import, with an encoder and signatures that are not ours.

The documents follow draft-ietf-rats-corim-10. Usage: make_corim.py DIRECTORY
Keys and self-signed certificates stand beside them: es256, es384, ps256, ed25519, other; and an authority with
the certificates that it made.
"""
import datetime
import pathlib
import sys

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FOLDER = pathlib.Path(sys.argv[1])
ALGORITHMS = {"es256": -7, "es384": -35, "ps256": -37, "ed25519": -8}
HASHES = {"es256": hashes.SHA256(), "es384": hashes.SHA384(), "ps256": hashes.SHA256()}


def make_key(name):
    if name == "ps256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif name == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = ec.generate_private_key(ec.SECP384R1() if name == "es384" else ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ACME Ltd."),
                         x509.NameAttribute(NameOID.COMMON_NAME, "Manifests " + name)])
    begin = datetime.datetime(2026, 1, 1)
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
                   .public_key(key.public_key()).serial_number(1).not_valid_before(begin)
                   .not_valid_after(begin + datetime.timedelta(days=3650)).sign(key, None if name == "ed25519" else hashes.SHA256()))
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
    return cbor2.CBORTag(18, [protected, {}, payload, sign_bytes(name, KEYS[name], message, raw)])


def sign_bytes(name, key, message, raw=True):
    if name == "ed25519":
        return key.sign(message)
    if name == "ps256":
        return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), HASHES[name])
    signature = key.sign(message, ec.ECDSA(HASHES[name]))
    if not raw:
        return signature
    length = 48 if name == "es384" else 32
    return b"".join(part.to_bytes(length, "big") for part in utils.decode_dss_signature(signature))


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

GOOD = corim([comid([BOOTLOADER, FIRMWARE]), coswid(), cbor2.CBORTag(508, b"\xa0")], _2=[{0: cbor2.CBORTag(32, "https://acme.example/more.corim")}],
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
write("ed448-alg", sign("es256", PAYLOAD, {1: -53}))
write("signed-esp256", sign("es256", PAYLOAD, {1: -9}))
write("signed-ed25519-by-name", sign("ed25519", PAYLOAD, {1: -19}))
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
write("chunks", b"\xd9\x01\xf5\xbf\x00\x7f\x61a\xff\x01\x80\xff")
write("trailing", cbor2.dumps(GOOD) + b"\x00")
write("no-tags", cbor2.CBORTag(501, {0: "id"}))
write("key-twice", b"\xd9\x01\xf5\xa3\x00\x61a\x01\x80\x01\x80")
write("other-tag", cbor2.CBORTag(61, {0: "id"}))
# Heads that are longer than they need be, and keys out of order.
write("long-heads", b"\xda\x00\x00\x01\xf5\xb8\x02\x18\x01\x98\x01" +
      cbor2.dumps(comid([FIRMWARE])) + b"\x19\x00\x00\x78\x01a")


# --- Without lengths ---

def open_ended(value):
    """CBOR in which no array and no map has a length; bytes that hold CBOR are written anew."""
    if isinstance(value, dict):
        return b"\xbf" + b"".join(open_ended(key) + open_ended(item) for key, item in value.items()) + b"\xff"
    if isinstance(value, list):
        return b"\x9f" + b"".join(map(open_ended, value)) + b"\xff"
    if isinstance(value, cbor2.CBORTag):
        inside = value.value
        if value.tag in (505, 506):
            inside = open_ended(cbor2.loads(inside))
        return cbor2.dumps(cbor2.CBORTag(value.tag, 0))[:-1] + open_ended(inside)
    return cbor2.dumps(value)


write("open-ended", open_ended(GOOD))
SIGNED = sign("es256", open_ended(GOOD))
write("signed-open-ended", cbor2.dumps(cbor2.CBORTag(18, 0))[:-1] + open_ended(SIGNED.value))

# --- What stands beside the values ---

for name, profile in {"uri": cbor2.CBORTag(32, "https://acme.example/profile"), "text": "https://acme.example/profile",
                      "oid": cbor2.CBORTag(111, bytes.fromhex("2b0601040182")[:-2] + b"\x83\x7a")}.items():
    write("profile-" + name, corim([comid([FIRMWARE])], _3=profile))
write("other-values", corim([comid([FIRMWARE, {1: {1: cbor2.CBORTag(552, 1)}}, {1: {4: cbor2.CBORTag(560, b"raw")}}])]))
write("replaces", corim([cbor2.CBORTag(506, cbor2.dumps({
    1: {0: "new"}, 3: [{0: "old", 1: 1}], 4: {0: [[{0: {1: "ACME"}}, [FIRMWARE]]]}}))]))
write("alternatives", corim([comid([{0: "any", 1: {2: cbor2.CBORTag(562, [[digest(0x41)], [digest(0x42, 7, 48)]])}}])]))
write("identifiers", corim([cbor2.CBORTag(506, cbor2.dumps({1: {0: "ids"}, 4: {0: [[
    {0: {0: cbor2.CBORTag(111, bytes.fromhex("551d13"))}},
    [{0: cbor2.CBORTag(37, bytes(range(16))), 1: {2: [digest(0x43)]}}]]]}}))]))
write("claims-ended", sign("es256", PAYLOAD, {15: {1: "acme", 4: at(2021).value}}))
write("claims-not-yet", sign("es256", PAYLOAD, {15: {1: "acme", 5: at(2098).value}}))
write("claims-hold", sign("es256", PAYLOAD, {8: None, 15: {1: "acme", 4: at(2098).value, 5: at(2020).value}}))

# --- CoSWID alone ---

SWID = cbor2.loads(coswid().value)
write("coswid", SWID)
write("coswid-tagged", cbor2.CBORTag(1398229316, SWID))
write("coswid-505", coswid())
for form, content in {"plain": SWID, "tagged": cbor2.CBORTag(1398229316, SWID)}.items():
    write("coswid-signed-" + form, sign("es256", cbor2.dumps(content), {3: "application/swid+cbor", 8: None}))
write("coswid-evidence", {key: value for key, value in SWID.items() if key != 6})
write("coswid-called-corim", sign("es256", cbor2.dumps(SWID)))

# --- Signers with a chain ---

NOW = datetime.datetime.now(datetime.timezone.utc)


def certify(name, issuer, issuer_key, key, days=30, authority=False, signs=True, purposes=()):
    """A certificate of key by issuer; returns it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder().subject_name(subject)
               .issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(NOW - datetime.timedelta(days=60))
               .not_valid_after(NOW + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(authority, None), True)
               .add_extension(x509.KeyUsage(signs and not authority, False, not signs and not authority, False, False,
                                            authority, authority, False, False), True))
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    return builder.sign(issuer_key, None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def pem(name, certificate):
    (FOLDER / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


ROOT_KEY, MIDDLE_KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
ROOT = certify("Root", None, ROOT_KEY, ROOT_KEY, authority=True)
OTHER_ROOT = certify("Other root", None, OTHER_KEY, OTHER_KEY, authority=True)
MIDDLE = certify("Middle", ROOT, ROOT_KEY, MIDDLE_KEY, authority=True)
SIGNER_KEY = ed25519.Ed25519PrivateKey.generate()
SIGNER = certify("Signer", MIDDLE, MIDDLE_KEY, SIGNER_KEY)
pem("root.pem", ROOT)
pem("other-root.pem", OTHER_ROOT)
pem("middle.pem", MIDDLE)
pem("signer.pem", SIGNER)


def chained(chain, key=SIGNER_KEY, thumbprint=None, outside=False, payload=PAYLOAD):
    header = {1: -8, 3: "application/rim+cbor", 8: cbor2.dumps({0: {0: "ACME Ltd."}})}
    loose = {33: chain} if outside else {}
    if not outside:
        header[33] = chain
    if thumbprint:
        header[34] = thumbprint
    protected = cbor2.dumps(header)
    return cbor2.CBORTag(18, [protected, loose, payload,
                              key.sign(cbor2.dumps(["Signature1", protected, b"", payload]))])


def sha256(certificate):
    return [-16, certificate.fingerprint(hashes.SHA256())]


STRANGER_KEY = ed25519.Ed25519PrivateKey.generate()
write("chain", chained([der(SIGNER), der(MIDDLE)]))
write("chain-x5t", chained([der(SIGNER), der(MIDDLE)], thumbprint=sha256(SIGNER)))
write("chain-other-x5t", chained([der(SIGNER), der(MIDDLE)], thumbprint=sha256(MIDDLE)))
write("chain-odd-x5t", chained([der(SIGNER), der(MIDDLE)], thumbprint=[-15, bytes(8)]))
write("chain-with-root", chained([der(SIGNER), der(MIDDLE), der(ROOT)]))
write("chain-one", chained(der(SIGNER)))
write("chain-outside", chained([der(SIGNER), der(MIDDLE)], outside=True))
write("chain-stranger", chained([der(SIGNER), der(MIDDLE)], key=STRANGER_KEY))
write("chain-ended", chained([der(certify("Signer", MIDDLE, MIDDLE_KEY, SIGNER_KEY, days=-1)), der(MIDDLE)]))
write("chain-no-signer", chained([der(certify("Signer", MIDDLE, MIDDLE_KEY, SIGNER_KEY, signs=False)), der(MIDDLE)]))
for name, purpose in {"tls": ExtendedKeyUsageOID.SERVER_AUTH, "code": ExtendedKeyUsageOID.CODE_SIGNING,
                      "own": x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")}.items():
    write("chain-" + name, chained([der(certify("Signer", MIDDLE, MIDDLE_KEY, SIGNER_KEY, purposes=[purpose])), der(MIDDLE)]))
# A certificate of the signer's own making below: who was certified to sign is no authority.
write("chain-by-signer", chained([der(certify("Friend", SIGNER, SIGNER_KEY, STRANGER_KEY)), der(SIGNER), der(MIDDLE)],
                                 key=STRANGER_KEY))
write("chain-no-certificate", chained([b"\x30\x00", der(MIDDLE)]))
write("chain-changed", cbor2.dumps(chained([der(SIGNER), der(MIDDLE)])).replace(b"\x11" * 32, b"\x10" * 32))
