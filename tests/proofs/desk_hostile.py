"""A thousand posts that mean no good, against a running desk: each has to be answered by a page in words."""

import json
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from desk_process import Visitor, an_address

from substrate.record.base58 import b58encode
from substrate.record.canonical import canonical_bytes
from substrate.record.codes import withdrawal_signer
from substrate.record.keys import Signer

#: Stands in everything that is sent and may be kept nowhere.
MARK = "Zqhostile7"
TEXT = f"The baker of {MARK} opened early, and the river was high."
#: What is signed in the end, and may be kept: sealed, and in what is built from it.
SIGNED = "The baker opened early, and the river was high, and nobody crossed."
PATHS = (
    "/begin", "/language", "/give/adult", "/give/sensitive", "/give/tier", "/give/purposes", "/give/name",
    "/give/about", "/give/text", "/give/preview", "/give/code", "/give/answers", "/my/change", "/my/verify",
    "/my/export.zip",
    "/my/receipt.json", "/my/close", "/report", "/withdraw", "/my", "/login", "/moderate", "/invite",
)  # fmt: skip
FIELDS = (
    "answer", "name", "language", "other", "domain", "text", "action", "words", "label", "value", "read", "kept",
    "made", "decision", "contribution", "purpose", "tier", "code", "back", "user", "password", "role", "ground", "vote",
)  # fmt: skip
VALUES = (
    f"<img src=x onerror=alert('{MARK}')>", f"<script>{MARK}</script>", f"'\"><svg/onload={MARK}>",
    f"../../{MARK}/passwd",
    f"%2e%2e%2f{MARK}", f"{MARK}\x00", f"{MARK}' OR '1'='1", "{{7*7}}" + MARK, f"${{jndi:{MARK}}}", f"\u202e{MARK}",
    MARK * 2000, f"\r\nSet-Cookie: {MARK}=1", f"javascript:{MARK}", "9" * 400,
    "urn:uuid:" + "0" * 36, "\ud7ff\ue000" + MARK,
)  # fmt: skip
MOST = 50 * 1024 * 1024


@dataclass
class Found:
    """What came of it: answers by kind and status, and whatever was not as it has to be."""

    answers: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def take(self, kind: str, status: int, body: str) -> None:
        """One answer. A page is in words, and shows nothing of what came as markup."""
        self.answers[f"{kind} {status}"] += 1
        if status >= 500 or status < 200:
            self.problems.append(f"{kind}: {status}")
        if status >= 400 and "<h1" not in body:
            self.problems.append(f"{kind}: {status} without a page")
        if any(sign in body for sign in ("<img src=x", "<script>Z", "<svg/onload")):
            self.problems.append(f"{kind}: markup came back")

    @property
    def total(self) -> int:
        """How many posts were answered."""
        return sum(self.answers.values())


Post = Callable[[Found], None]


def play(url: str, count: int = 1000) -> Found:
    """All of them, six at a time, in an order of chance that is always the same."""
    chance = random.Random(7)
    kinds = [list(kind(url, chance)) for kind in (_encodings, _origins, _paths, _replays, _large, _json)]
    posts = [post for kind in kinds for post in kind]
    posts += [_fields(url, chance) for _ in range(count - len(posts))]
    chance.shuffle(posts)
    found = Found()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda post: post(found), posts))
    return found


def _send(found: Found, kind: str, url: str, path: str, body: bytes, cookie: str = "", **headers: str) -> None:
    sent = {"origin": url, "content-type": "application/x-www-form-urlencoded", **headers}
    if cookie:
        sent["cookie"] = cookie
    try:
        with httpx.Client(
            base_url=url, timeout=60.0, transport=httpx.HTTPTransport(local_address=an_address())
        ) as client:
            answer = client.post(path, content=body, headers=sent)
        found.take(kind, answer.status_code, answer.text)
    except httpx.HTTPError as error:
        found.problems.append(f"{kind}: {type(error).__name__}")


def _fields(url: str, chance: random.Random) -> Post:
    """A form with the right token and values that are none; sometimes in the middle of giving."""
    path, until = chance.choice(PATHS), chance.choice(("", "", "name", "about", "text"))
    data = {name: chance.choice(VALUES) for name in chance.sample(FIELDS, 8)}

    def post(found: Found) -> None:
        visitor = Visitor(url)
        if until:
            visitor.go(TEXT, until)
        answer = visitor.client.post(path, content=urlencode({"token": visitor.token, **data}, errors="surrogatepass"),
                                     headers={"content-type": "application/x-www-form-urlencoded"})  # fmt: skip
        found.take("field", answer.status_code, answer.text)

    return post


def _visitor_headers(visitor: Visitor) -> dict[str, str]:
    return {"cookie": "; ".join(f"{k}={v}" for k, v in visitor.client.cookies.items())}


def _encodings(url: str, chance: random.Random) -> Iterator[Post]:
    """Bodies in no encoding, in another than they say, packed, in parts."""
    bodies = [
        (b"\xff\xfe" + MARK.encode(), {}), (f"text={MARK}".encode("utf-16"), {}), (f"text=%ff%fe{MARK}".encode(), {}),
        (b"\x1f\x8b" + MARK.encode(), {"content-encoding": "gzip"}),
        (f"text={MARK}".encode(), {"content-type": "text/plain"}),
        (f"text={MARK}".encode(), {"content-type": "application/x-www-form-urlencoded; charset=utf-7"}),
        (f'--x\r\ncontent-disposition: form-data; name="text"; filename="../{MARK}"\r\n\r\n{MARK}\r\n--x--'.encode(),
         {"content-type": "multipart/form-data; boundary=x"}),
        (b"a=1&" * 5000 + MARK.encode(), {}), (b"token=a&token=b&" + MARK.encode(), {}), (b"", {}),
    ]  # fmt: skip
    for _ in range(12):
        for body, headers in bodies:
            path = chance.choice(PATHS)
            yield lambda found, body=body, headers=headers, path=path: _send(
                found, "encoding", url, path, body, **headers
            )


def _origins(url: str, chance: random.Random) -> Iterator[Post]:
    """Other sites, other hosts, other people's tokens and cookies."""
    heads = [
        {"origin": "https://elsewhere.example"}, {"origin": "null"}, {"host": "elsewhere.example"},
        {"origin": "null", "sec-fetch-site": "cross-site"}, {"cookie": f"lecs={'0' * 32}"}, {"cookie": f"lecs={MARK}"},
        {"cookie": "lecs=" + "a" * 8000}, {"x-forwarded-host": "elsewhere.example"},
    ]  # fmt: skip
    for number in range(96):
        head, path = heads[number % len(heads)], chance.choice(PATHS)
        body = f"token={'0' * 64}&text={MARK}".encode()
        yield lambda found, head=head, path=path, body=body: _send(found, "origin", url, path, body, **head)


def _paths(url: str, chance: random.Random) -> Iterator[Post]:
    """Addresses that climb, that are long, that name what is not there; as bytes, since clients tidy them up."""
    tricks = [
        f"/give/../../{MARK}", f"/give/%2e%2e/{MARK}", f"//{MARK}", f"/static/..%2f..%2f{MARK}",
        f"/notice/../{MARK}/en",
        "/" + MARK * 300, f"/stop/{quote('<script>')}{MARK}", f"/give/text%00{MARK}", f"/revocations.json?after={MARK}",
    ]  # fmt: skip
    for number in range(90):
        path = tricks[number % len(tricks)]
        yield lambda found, path=path: _raw(found, "path", url, path, f"text={MARK}".encode(), None)


def _large(url: str, chance: random.Random) -> Iterator[Post]:
    """Fifty megabytes, said and sent, or sent in pieces without saying."""
    for number in range(40):
        path = "/give/text" if number % 2 else "/withdraw"
        stated = MOST if number % 4 < 2 else None
        yield lambda found, path=path, stated=stated: _raw(
            found, "50 MB", url, path, b"x" * 65536, stated, MOST // 65536
        )


def _raw(found: Found, kind: str, url: str, path: str, piece: bytes, stated: int | None, pieces: int = 1) -> None:
    """A post by hand. Sends until it is answered; what is refused early need not be sent to its end."""
    host = url.removeprefix("http://")
    chunked = stated is None and pieces > 1
    size = "transfer-encoding: chunked" if chunked else f"content-length: {stated or len(piece)}"
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {url}\r\nconnection: close\r\n"
    head += f"content-type: application/x-www-form-urlencoded\r\n{size}\r\n\r\n"
    name, _, port = host.rpartition(":")
    with socket.create_connection((name, int(port)), timeout=60.0, source_address=(an_address(), 0)) as connection:
        answer = b""
        try:
            connection.sendall(head.encode("utf-8"))
            for _ in range(pieces):
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        except OSError:
            pass  # It was refused meanwhile: the answer stands in the buffer.
        try:
            while more := connection.recv(65536):
                answer += more
        except OSError:
            pass
    if not answer.startswith(b"HTTP/1.1 "):
        found.problems.append(f"{kind}: no answer")
        return
    found.take(kind, int(answer[9:12]), answer.decode("utf-8", "replace"))


def _json(url: str, chance: random.Random) -> Iterator[Post]:
    """What is no JSON, where the script sends JSON."""
    bodies = [b"", b"{", b"[]", b"null", b'{"key":1}', b'{"a":' * 5000, b"\xff", b'{"key":"x","key":"y"}',
              b'{"key":1e999}',
              json.dumps({"key": MARK}).encode(), json.dumps({"record": {"type": MARK}}).encode()]  # fmt: skip
    for number in range(88):
        path = ("/give/prepare", "/give/signed", "/my/challenge", "/my/key")[number % 4]

        def post(found: Found, path: str = path, body: bytes = bodies[number % len(bodies)]) -> None:
            visitor = Visitor(url)
            heads = {"content-type": "application/json", "x-desk-token": visitor.token, **_visitor_headers(visitor)}
            _send(found, "json", url, path, body, **heads)

        yield post


def _replays(url: str, chance: random.Random) -> Iterator[Post]:
    """A signed record, sent twice, for another site, with another challenge, by another key, by another visit."""
    for number in range(10):
        yield lambda found, number=number: _replay(found, url, Signer(bytes([number]) * 32))


def _replay(found: Found, url: str, key: Signer) -> None:
    """Ten posts: one is taken, and every repetition of it is told where the receipt is; no other counts."""
    visitor, other = Visitor(url), Visitor(url)
    for one in (visitor, other):
        one.go(SIGNED, "code")
        one.post("/give/code", action="keep", kept="yes", made=withdrawal_signer(key.sign(b"code")[:20]).did)
    asked = _post_json(visitor, "/give/prepare", {"key": key.did}).json()
    wrong = [
        signed(asked, key, challenge="0" * 32), signed(asked, key, domain="elsewhere.example"),
        signed({**asked, "record": {**asked["record"], "tier": "public"}}, key), signed(asked, Signer(b"\x07" * 32)),
    ]  # fmt: skip
    for record in wrong:
        _expect(found, _post_json(visitor, "/give/signed", {"record": record}), {400})
        asked = _post_json(visitor, "/give/prepare", {"key": key.did}).json()
    right = signed(asked, key)
    _expect(found, _post_json(other, "/give/signed", {"record": right}), {409, 400})
    first = _post_json(visitor, "/give/signed", {"record": right})
    _expect(found, first, {200})
    again = _post_json(visitor, "/give/signed", {"record": right})
    _expect(found, again, {200})
    if first.json()["contribution"] != again.json()["contribution"]:
        found.problems.append("replay: the same record became two contributions")
    challenge = _post_json(visitor, "/my/challenge", {}).json()
    said = f"lecs-open-1\n{challenge['domain']}\n{challenge['challenge']}".encode()
    opening = {"key": key.did, "signature": key.sign(said).hex(), "contributions": [first.json()["contribution"]]}
    _expect(found, _post_json(visitor, "/my/key", opening), {200})
    _expect(found, _post_json(visitor, "/my/key", opening), {409})
    _expect(found, _post_json(other, "/my/key", opening), {409})


def _expect(found: Found, answer: httpx.Response, wanted: set[int]) -> None:
    found.take("replay", answer.status_code, answer.text)
    if answer.status_code not in wanted:
        found.problems.append(f"replay: {answer.status_code} and not {sorted(wanted)}")


def _post_json(visitor: Visitor, path: str, body: Any) -> httpx.Response:
    heads = {"x-desk-token": visitor.token, "content-type": "application/json"}
    return visitor.client.post(path, content=json.dumps(body), headers=heads)


def signed(asked: dict[str, Any], signer: Signer, **changed: str) -> dict[str, Any]:
    """The prepared record with a proof as the script makes it."""
    record = asked["record"]
    options = {
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": asked["created"],
        "proofPurpose": "assertionMethod", "@context": record["@context"],
        "verificationMethod": f"{signer.did}#{signer.did.removeprefix('did:key:')}",
        "domain": asked["domain"], "challenge": asked["challenge"], **changed,
    }  # fmt: skip
    message = sha256(canonical_bytes(options)).digest() + sha256(canonical_bytes(record)).digest()
    return {**record, "proof": {**options, "proofValue": "z" + b58encode(signer.sign(message))}}
