"""Recompute the governance of a commons from a ledger export: `python verify_governance.py EXPORT [--as-of TIME]`.

Needs Python 3.11 and PyNaCl. The rules are those of docs/reference/governance.md. It checks every signature, every log
against its signed head, and the file's own hash; it does not check schemas (the program does before a document enters
a log), and stops at a charter or table that forked: people have to decide. Exit code 0: the figures are on standard
output, as JSON. 1: the file cannot be trusted; why is on standard error.
"""

# fmt: off
import base64, hashlib, json, sys
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cache
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.signing import VerifyKey

UNIT, NANO, FACTOR = 10**12, 10**9, 10**28
D28, LOG10_2 = Context(prec=28, rounding=ROUND_HALF_EVEN), Decimal("0.3010299956639811952137388947")
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
NEEDED = {"steward": "threshold", "moderator": "panel"}
LISTS = {"steward": "stewards", "moderator": "moderators", "node": "nodes", "member": "members"}
WORDS, SCOPES, TABLE = ("yes", "no", "abstain", "unrevealed"), {}, {}
# scope: (chambers, acts that a proposal may put in force); name: (scope, start, least, most)
for _line in """mixture|contributor|Recipe|;privacy|contributor|Policy Notice|;board|contributor|BoardTerm Recall|;
inclusion|contributor|Notice|vouches-per-year 5 1 50,seeds 64 1 1000,seed-capacity 1000 1 1000000,fan-out 4 2 100;
machines|technical||audit-rate 0.05 0.02 1,deterred-share 0.1 0.01 1,auditors-to-freeze 2 1 9,providers 4 1 100;
credits|technical|ReferenceTable|half-life-days 180 30 3650,age-days 30 7 365;
floor|contributor technical||floor-tokens-per-day 0 0 999999999,floor-queue-hours 8784 1 8784;
constitution|contributor technical||proposals-per-epoch 2 1 100,quorum-contributor 0.2 0.05 0.9,
quorum-technical 0.2 0.05 0.9,penetration 0.2 0 0.5,time-lock-days 14 7 365,weight-cap 16 1 1000,pool-open 0 0 1,
organisation-cap 32 1 100000,pool-share-cap 0.05 0.001 1,pool-threshold 100 1 999999999,pool-age-days 90 30 3650
""".replace("\n", "").split(";"):
    _scope, _who, _acts, _rows = _line.split("|")
    SCOPES[_scope] = (_who.split(), _acts.split())
    TABLE.update({row.split()[0]: (_scope, *row.split()[1:]) for row in filter(None, _rows.split(","))})

class Refused(Exception): """The file cannot be trusted, or has something that this program does not judge."""

def check(condition, reason):
    if not condition: raise Refused(reason)

# --- bytes: canonical JSON, keys, signatures, trees ------------------------------------------------------------------
def canonical(value): return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def sha(data): return hashlib.sha256(data).digest()

def base58(text, n): return sum(ALPHABET.index(c) * 58**i for i, c in enumerate(text[::-1])).to_bytes(n, "big")

def public_key(did):
    raw = base58(did.removeprefix("did:key:z"), 34)
    check(raw[:2] == b"\xed\x01" and crypto_core_ed25519_is_valid_point(raw[2:]), "a key that is none")
    return VerifyKey(raw[2:])

class Doc:
    def __init__(self, body):
        proof = body["proof"]
        did, _, fragment = proof["verificationMethod"].partition("#")
        right = (proof["type"], proof["cryptosuite"], proof["proofPurpose"], proof["@context"], did)
        wanted = ("DataIntegrityProof", "eddsa-jcs-2022", "assertionMethod", body["@context"], f"did:key:{fragment}")
        check(right == wanted, "a proof of another kind")
        both = ({k: v for k, v in a.items() if k != gone} for a, gone in ((proof, "proofValue"), (body, "proof")))
        public_key(did).verify(b"".join(sha(canonical(part)) for part in both), base58(proof["proofValue"][1:], 64))
        self.body, self.kind, self.signer, self.digest = body, body["type"], did, sha(canonical(body)).hex()

def root_of(leaves):
    row = [sha(b"\x00" + bytes([kind]) + bytes.fromhex(digest)) for kind, digest in leaves] or [sha(b"")]
    while len(row) > 1:  # An odd one out goes up as it is: the same as RFC 6962's split at the largest power of two.
        row = [sha(b"\x01" + row[i] + row[i + 1]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    return row[0]

def checkpoint(text):
    body, _, signatures = text.partition("\n\n")
    origin, size, root = body.split("\n")
    key = public_key(origin.split("/")[0])
    mark = sha(origin.encode() + b"\n\x01" + bytes(key))[:4]
    lines = (line.removeprefix("— ").rsplit(" ", 1) for line in signatures.strip().split("\n"))
    found = [raw for name, text in lines if name == origin and (raw := base64.b64decode(text))[:4] == mark]
    check(found, "a checkpoint without its node's signature")
    key.verify((body + "\n").encode(), found[0][4:])
    return origin, int(size), base64.b64decode(root)

def read(path):
    """Header, documents, logs and forked nodes; refused when a hash, a head or a signature does not fit."""
    with open(path, "rb") as file: lines = file.read().split(b"\n")
    check(lines.pop() == b"" and lines, "the file is cut off")
    end = {"lines": len(lines) - 1, "sha256": sha(b"".join(line + b"\n" for line in lines[:-1])).hex()}
    check(json.loads(lines[-1]) == {"end": end}, "the file was changed: its end line does not fit")
    header, docs, logs, forked = json.loads(lines[0])["header"], {}, {}, set()
    check(header["format"] == "lecs-ledger-1", "not a ledger export")
    for line in lines[1:-1]:
        ((key, value),) = json.loads(line).items()
        if key == "document": docs.update((doc.digest, doc) for doc in [Doc(json.loads(value))])
        elif key == "log": leaves, heads = logs.setdefault(value["origin"], ([], []))
        elif key == "leaf": leaves.append(tuple(value))
        elif key == "checkpoint": heads.append(checkpoint(value))
    for origin, (leaves, heads) in logs.items():
        base, branch, _ = origin.partition("~")
        check((base, len(leaves), root_of(leaves)) in heads, "a log without a signed head that fits all its leaves")
        if branch or any(size > len(leaves) or root_of(leaves[:size]) != root for _, size, root in heads):
            forked.add(base.split("/")[0])
    check(docs.keys() <= {x for leaves, _ in logs.values() for kind, x in leaves if kind == 0}, "a document in no log")
    return header, docs, logs, forked

# --- numbers ---------------------------------------------------------------------------------------------------------
def half_even(numerator, denominator=1): return round(Fraction(numerator) / denominator)  # Python's `round` is.

def nano(text): return int(Fraction(text) * NANO)

def plain(units): return "-" * (units < 0) + f"{abs(units) // UNIT}.{abs(units) % UNIT:012d}".rstrip("0").rstrip(".")

@cache
def halving(days, life):
    share = D28.divide(Decimal(days * NANO), Decimal(life))
    return half_even(Fraction(D28.exp(D28.multiply(-share, D28.ln(Decimal(2))))) * FACTOR)

def later(time, days): return (datetime.fromisoformat(time) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

# --- who may do what -------------------------------------------------------------------------------------------------
class Commons:
    """The documents that a cut holds (or all), the charter's states, and whose statements count."""
    def __init__(self, header, docs, logs, forked, cut=None):
        self.source, self.logs, self.forked, self.memory = (header, docs, logs, forked), logs, forked, {}
        ours = sorted((name, d) for name, d in docs.items() if d.body["audience"] == header["commons"])
        self.docs = {n: d for n, d in ours if cut is None or n == header["charter"] or self.inside(n, cut)}
        self.voices = defaultdict(list)
        for d in self.of("Approval"): self.voices[d.body["act"]].append((d.signer, d.digest))
        self.follow(header["charter"])
        self.closings()

    def of(self, *kinds): return [d for d in self.docs.values() if d.kind in kinds]
    def inside(self, digest, cut):
        key = json.dumps(cut)
        if key not in self.memory:
            self.memory[key] = {name for origin, (leaves, _) in self.logs.items() for entry in cut
                if origin.partition("~")[0] == entry["log"] and root_of(leaves[: entry["size"]]).hex() == entry["root"]
                for _, name in leaves[: entry["size"]]}
        return digest in self.memory[key]

    def follow(self, digest):
        check(digest in self.docs and self.docs[digest].kind == "Charter", "the charter is not in the file")
        self.now, self.removed, self.before, changes = self.docs[digest].body, {}, [], self.of("CharterChange")
        while found := [(d, *x) for d in changes if digest in d.body["previous"] and (x := self.changed(d))]:
            check(len(found) == 1 and len(found[0][0].body["previous"]) == 1, "the charter forked: not judged here")
            self.before.append((self.now, self.removed, found[0][0].body["upTo"]))
            digest, (_, self.now, self.removed) = found[0][0].digest, found[0]

    def changed(self, change):
        said, now, floor = change.body, self.now, self.now["floor"]
        here = {(role, key) for role, name in LISTS.items() for key in now[name]}
        added, gone = ({(e["role"], e["key"]) for e in said[part]} for part in ("added", "removed"))
        lists = {name: sorted(k for of, k in (here - gone) | added if of == role) for role, name in LISTS.items()}
        body = {**now, **said["fields"], **lists}
        speakers = {change.signer, *(key for key, _ in self.voices[change.digest])} & set(now["stewards"])
        right = (len(speakers) >= now["threshold"], gone <= here, not added & (here | self.removed.keys()),
                 len(body["stewards"]) >= body["threshold"], body["nodes"],
                 (w := body["floor"])["tokensPerDay"] >= floor["tokensPerDay"], w["queueHours"] <= floor["queueHours"],
                 now["enactment"] == "stewards" or body["enactment"] == "chambers",
                 all(e["successor"] in lists[LISTS[e["role"]]] for e in said["removed"] if "successor" in e))
        return (body, {**self.removed, **dict.fromkeys(gone, said["upTo"])}) if all(right) else None

    def counted(self, role, voices, body, removed):
        old = {k for k, d in voices if (role, k) in removed and self.inside(d, removed[role, k])}
        return old | {k for k, _ in voices if k in body[LISTS[role]]}

    def holds(self, role, doc): return bool(self.counted(role, [(doc.signer, doc.digest)], self.now, self.removed))
    def carried(self, doc, role, governed=False, heard=None):
        """Enough voices in the state now, or in one before among what its cut holds."""
        def within(voices, cut): return [v for v in voices if cut is None or self.inside(v[1], cut)]
        voices = within([(doc.signer, doc.digest), *self.voices[doc.digest]], heard)
        return any(len(self.counted(role, within(voices, cut), body, removed)) >= body[NEEDED[role]]
                   for body, removed, cut in [(self.now, self.removed, None), *self.before]
                   if not governed or body["enactment"] == "stewards")

    def end(self, epoch): return later("1970-01-01T00:00:00Z", (epoch + 1) * self.days)
    def epoch(self, day): return (date.fromisoformat(day) - date(1970, 1, 1)).days // self.days
    def closings(self):
        self.days, found, self.votes = self.now["settlementDays"], defaultdict(list), {}
        for d in self.of("ClosingCut"):
            number = d.body.get("epoch")
            if (number is None or number < self.epoch(d.body["time"][:10])) and self.carried(d, "steward"):
                found[d.body["closes"], d.body["proposal"] if number is None else number].append(d)
        self.epochs = dict(sorted((n, ds[0]) for (step, n), ds in found.items() if step == "epoch" and len(ds) == 1))
        self.last = max(self.epochs, default=None)
        for key, rivals in found.items():
            held = ([d for d in rivals if self.inside(d.digest, e.body["upTo"])] for e in self.epochs.values())
            first = rivals if len(rivals) == 1 else next(filter(None, held), [])
            if key[0] != "epoch" and len(first) == 1: self.votes[key] = first[0]

class Settings:
    """Parameters: steps are (since, digest, name, value)."""
    def __init__(self, floor):
        self.steps, self.floor = [], {"floor-tokens-per-day": (max, floor["tokensPerDay"] * NANO),
                                      "floor-queue-hours": (min, floor["queueHours"] * NANO)}

    def bounded(self, name, x): return self.floor[name][0](x, self.floor[name][1]) if name in self.floor else x

    def stated(self, name, time):
        _, by, _, text = max([("", "", "", TABLE[name][1]), *(x for x in self.steps if x[2] == name and x[0] <= time)])
        value = self.bounded(name, nano(text))
        return value, by if by and value == nano(text) else "charter" if name in self.floor else "default"

    def at(self, name, time): return self.stated(name, time)[0]

# --- members ---------------------------------------------------------------------------------------------------------
class Members:
    def __init__(self, c, s, time):
        self.convicted = {d.body["respondent"] for d in c.of("DisputeOpened") if upheld(c, d)}
        named = {*c.now["stewards"], *c.now["members"]} - self.convicted
        given, taken, sides, self.edges, self.groups = defaultdict(list), {}, *(defaultdict(set) for _ in range(3))
        for d in c.of("Vouch"):
            who, member, when = d.signer, d.body["member"], d.body["time"]
            if d.body["word"] == "withdraw": taken[who, member] = max(when, taken.get((who, member), ""))
            elif who != member: given[who].append((when, d.digest, member))
        self.liable = Counter({v: len({x[2] for x in vouches} & self.convicted) for v, vouches in given.items()})
        for voucher, vouches in given.items():
            count = s.at("vouches-per-year", time) // NANO - self.liable[voucher]
            for year in {v[0][:4] for v in vouches} if voucher not in self.convicted else ():
                for when, _, member in sorted(v for v in vouches if v[0][:4] == year)[: max(0, count)]:
                    if when > taken.get((voucher, member), "") and member not in self.convicted:
                        self.edges[voucher].add(member)
        self.persons = (trusted(c, s, time, named, self.edges) | named) - self.convicted
        for d in c.of("MemberBinding"):
            person, node, side = d.body["person"], d.body.get("node"), d.body["side"]
            if d.signer == d.body[side] and (side == "person" or c.holds("node", d)):
                if "organisation" in d.body: self.groups[person].add(d.body["organisation"])
                if node: sides[node, person].add(side)
        both = [pair for pair, said in sides.items() if len(said) == 2]
        self.owner = {node: person for node, person in both if sum(n == node for n, _ in both) == 1}

    def person(self, key): return self.owner.get(key, key)
    def apart(self, one, other): return one != other and not self.groups[one] & self.groups[other]

def upheld(c, opened):
    """Whether the last decision about an identity upheld the dispute."""
    made = [d for d in c.of("DisputeDecided") if d.body["dispute"] == opened.digest]
    first = [d for d in made if "appeal" not in d.body and c.carried(d, "moderator")][:1]
    appeals = {d.digest for f in first for d in c.of("DisputeAppealed") if d.body["time"] <= f.body["appealBy"] and
               (d.body["dispute"], d.body["decision"]) == (opened.digest, f.digest) and
               d.signer in (opened.signer, opened.body["respondent"])}
    last = [d for d in made if d.body.get("appeal") in appeals and c.carried(d, "steward")] + first
    return opened.body["about"] == "identity" and bool(last) and last[0].body["finding"] == "upheld"

def trusted(c, s, time, named, edges):
    """Who is carried, taken one by one in the fixed order: a unit of flow each, by any augmenting path."""
    turn, far, step, room, carried = (c.last or 0) * c.days // 91, {}, 0, defaultdict(dict), set()
    def rank(key): return sha(f"{c.now['cohortSeed']}:{turn}:{key}".encode())
    layer = sorted(named, key=rank)[: s.at("seeds", time) // NANO]
    while layer:
        far.update(dict.fromkeys(layer, step))
        layer, step = {o for key in layer for o in edges[key] if o not in far}, step + 1
    for key, d in far.items():
        most = max(1, s.at("seed-capacity", time) // NANO // (s.at("fan-out", time) // NANO) ** min(d, 32))
        ways = [("source", (key, 0), most if d == 0 else 0), ((key, 0), (key, 1), most - 1)]
        for here, there, free in ways + [((key, 1), (o, 0), 10**9) for o in edges[key]]:
            room[here][there] = free
            room[there].setdefault(here, 0)
    for key in sorted(far, key=lambda key: (far[key], rank(key))):
        came, queue, place = {"source": None}, ["source"], (key, 0)
        for here in queue:
            fresh = [there for there, free in room[here].items() if free and there not in came]
            came.update(dict.fromkeys(fresh, here))
            queue += fresh
        if place in came: carried.add(key)
        while came.get(place):
            back = came[place]
            room[back][place], room[place][back], place = room[back][place] - 1, room[place][back] + 1, back
    return carried

# --- credits ---------------------------------------------------------------------------------------------------------
def lines_of(c, m, enacted):
    """(epoch or None, day, digest, account, payer, units, jobs, tokens) of each day that both sides settled alike."""
    said, lines = defaultdict(lambda: defaultdict(lambda: defaultdict(list))), []
    found = [(d, "" if c.carried(d, "steward", True) else enacted.get(d.digest)) for d in c.of("ReferenceTable")]
    tables = [(d.body["fromDay"], d.body["version"], d.digest, since) for d, since in found if since is not None]
    follows = [c.docs[x].body.get("previous", x) for _, _, x, _ in tables if x not in enacted]
    check(len(set(follows)) == len(follows), "two tables follow one: not judged here")
    def rows(day):
        end = c.epochs[c.epoch(day)].body if c.epoch(day) in c.epochs else None
        def soon(x, since): return since <= end["time"] if since else c.carried(x, "steward", True, end["upTo"])
        fit = (c.docs[x] for first, _, x, t in sorted(tables)[::-1] if first <= day and (not end or soon(c.docs[x], t)))
        return {(r["model"], r["quantisation"], r["job"]): r for d in [*fit][:1] for r in d.body["rows"]}
    for d in c.of("Settlement"):
        b = d.body
        member = b["side"] == "submitter" and (c.holds("member", d) or d.signer in m.persons)
        if d.signer == b[b["side"]] and (c.holds("node", d) or member):
            content = {n: b[n] for n in ("audience", "day", "worker", "submitter", "receipts", "root", "totals")}
            said[b["day"], b["worker"], b["submitter"]][canonical(content)][b["side"]].append(d.digest)
    for day in said.values():
        agreed = [(text, sides) for text, sides in day.items() if len(sides) == 2]
        for text, sides in agreed if len(agreed) == 1 else ():
            b, units, tokens = json.loads(text), 0, 0
            account, payer, table = m.person(b["worker"]), m.person(b["submitter"]), rows(b["day"])
            for t in b["totals"]:
                tokens += t["read"] + t["written"] + t["trained"]
                if (r := table.get((t["model"], t["quantisation"], t["job"]))) and account != payer:
                    parts = (half_even(t[n] * NANO * UNIT, nano(r[n]) * 3600) for n in ("read", "written", "trained"))
                    units += min(10**9 * UNIT, sum(parts))
            def ok(e, sides=sides): return all(any(c.inside(x, e.body["upTo"]) for x in ds) for ds in sides.values())
            epoch = next((n for n, e in c.epochs.items() if 0 <= n - c.epoch(b["day"]) <= 31 // c.days and ok(e)), None)
            lines.append((epoch, b["day"], sha(text).hex(), account, payer, units, b["receipts"], tokens))
    return lines

class Books:
    """Accounts, frozen ones, and the credit that weighs in votes."""
    def __init__(self, c, m, s, enacted, time):
        self.c, self.m, self.s, self.lines = c, m, s, lines_of(c, m, enacted)
        p, f = s.at("audit-rate", time), s.at("deterred-share", time)
        self.jobs, self.parts, self.fault = -(-NANO * NANO // (p * f)), s.at("providers", time) // NANO, {}
        said, good, bad = defaultdict(set), defaultdict(set), defaultdict(set)
        for d in c.of("AuditRuling"):
            if c.carried(d, "moderator"): said[d.body["ruling"]].add(d.body["verdict"])
        for d in c.of("AuditVerdict"):
            auditor, account, word = m.person(d.signer), m.person(d.body["worker"]), d.body["verdict"]
            if c.holds("node", d) and m.apart(auditor, account) and d.digest not in said["set-aside"]:
                if word == "consistent": good[account].add(d.body["receipt"])
                if word == "inconsistent": bad[account].add(auditor)
                enough = len(bad[account]) >= s.at("auditors-to-freeze", time) // NANO
                if enough or (word == "inconsistent" and d.digest in said["stands"]): self.fault[account] = "audits"
        self.fault.update({m.person(node): "fork" for node in c.forked})
        audited = Counter({a: len(r) * NANO // p for a, r in good.items() if a not in self.fault})
        self.weighing = self.weigh(audited, time) if c.last is not None else {}

    def left(self, sums, now):
        """The sum of {epoch: units}, each decayed to the end of epoch ``now``."""
        total, factor = 0, FACTOR
        for epoch in range(now, min(sums) - 1, -1) if sums else ():
            total += half_even(sums.get(epoch, 0) * factor, FACTOR)
            factor = half_even(factor * halving(self.c.days, self.s.at("half-life-days", self.c.end(epoch))), FACTOR)
        return total

    def split(self, lines, spends, now):
        """(balance, escrow, spent) at the end of epoch ``now``."""
        sums, jobs = defaultdict(Counter), 0
        for line in sorted((x for x in lines if x[0] is not None and x[0] <= now), reverse=True):
            sums["held" if jobs < self.jobs else "free"][line[0]] += line[5]
            jobs += line[6]
        for epoch, units in spends: sums["spent"][epoch] += units
        free, held, gone = (self.left(sums[kind], now) for kind in ("free", "held", "spent"))
        return free - gone, held, gone

    def account(self, name):
        own, now, asked, spends = [x for x in self.lines if x[3] == name], self.c.last, Counter(), []
        for d in self.c.of("PrioritySpend") if now is not None and name in self.m.persons else ():
            key = (d.body["epoch"], d.body["provider"])
            if d.signer == name and key[0] <= now + 1: asked[key] += nano(d.body["amount"]) * 1000
        for epoch in sorted({epoch for epoch, _ in asked}):
            part = max(0, self.split(own, spends, epoch - 1)[0]) // self.parts
            spends += [(epoch, min(part, units)) for (e, _), units in asked.items() if e == epoch and part]
        ahead = sum(units for epoch, units in spends if epoch > now)
        balance, escrow, spent = self.split(own, [x for x in spends if x[0] <= now], now)
        amounts = {"balance": balance - ahead, "escrow": escrow, "spent": spent + ahead,
                   "pending": sum(x[5] for x in own if x[0] is None)}
        return {**{k: plain(v) for k, v in amounts.items()}, "frozen": self.fault.get(name, "")}

    def weigh(self, budget, time):
        c, m, now, asked, sums = self.c, self.m, self.c.last, Counter(), defaultdict(Counter)
        for x in self.lines: asked[x[4], x[1]] += x[7] if x[3] != x[4] else 0
        for epoch, day, _, account, payer, units, jobs, _ in sorted(x for x in self.lines if x[0] is not None):
            budget[account] -= jobs
            old = (now - epoch) * c.days * NANO >= self.s.at("age-days", time) and account in m.persons
            near = payer in m.edges[account] or account in m.edges[payer] or not m.apart(account, payer)
            if budget[account] >= 0 and old and payer in m.persons and not near:
                floor, whole = self.s.at("floor-tokens-per-day", c.end(c.epoch(day))), asked[payer, day] * NANO
                sums[account][epoch] += half_even(units * min(floor, whole), whole or 1)
        return {account: self.left(epochs, now) for account, epochs in sums.items()}

    def weights(self, time):
        most, together = (self.s.at(name, time) * 1000 for name in ("weight-cap", "organisation-cap"))
        alone, totals = {}, Counter()
        for person, units in self.weighing.items():
            power = D28.exp(D28.multiply(LOG10_2, D28.ln(Decimal(f"{units}e-12")))) if units else 0
            alone[person] = half_even(min(most, half_even(Fraction(power) * UNIT)), 2 ** min(self.m.liable[person], 64))
            totals.update(dict.fromkeys(self.m.groups[person], alone[person]))
        heaviest = {person: max((totals[group] for group in self.m.groups[person]), default=0) for person in alone}
        return {p: n for p, u in alone.items() if (n := half_even(u * together, max(together, heaviest[p])))}

# --- votes -----------------------------------------------------------------------------------------------------------
def void(c, body):
    s, scope = Settings(c.now["floor"]), body["scope"]
    for name, value in ((x["name"], nano(x["value"])) for x in body["effect"]["parameters"]):
        of, _, least, most = TABLE.get(name, ("", "0", "0", "0"))
        if not of: return "unknown-parameter"
        if of != scope: return "outside-the-scope"
        if not nano(least) <= value <= nano(most): return "out-of-bounds"
        if s.bounded(name, value) != value: return "below-the-minimum"
    kinds = [c.docs[act].kind if act in c.docs else "" for act in body["effect"]["acts"]]
    return "" if all(kind in SCOPES[scope][1] for kind in kinds) else "outside-the-scope"

def ballots(c, proposal, first, second, voters):
    mine, said = defaultdict(list), {}
    for d in c.of("VoteCommitment"):
        if d.body["proposal"] == proposal and d.signer in voters and c.inside(d.digest, first.body["upTo"]):
            mine[d.signer].append(d)
    for voter, own in mine.items():
        last = [d for d in own if d.digest not in {o.body.get("previous") for o in own}]
        if len(last) == 1: said[voter] = "unrevealed"
        for d in c.of("VoteReveal") if second and len(last) == 1 else ():
            plainly = {"choice": d.body["choice"], "nonce": d.body["nonce"], "proposal": proposal, "voter": voter}
            cited = (d.signer, d.body["proposal"], d.body["commitment"]) == (voter, proposal, last[0].digest)
            heard = c.inside(d.digest, second.body["upTo"]) and not c.inside(d.digest, first.body["upTo"])
            fits = sha(canonical(plainly)).hex() == last[0].body["commitment"]
            if cited and heard and fits: said[voter] = d.body["choice"]
    return said

def decide(c, s, d, enacted):
    """(state, reason, counts, enacts_at) of one proposal."""
    first, second = (c.votes.get((step, d.digest)) for step in ("commitments", "reveals"))
    if first is None: return "open", "", {}, ""
    time, cut, acts, counts = first.body["time"], first.body["upTo"], d.body["effect"]["acts"], {}
    then = Commons(*c.source, cut=cut)
    m = Members(then, s, time)
    own = [o for o in then.of("Proposal") if o.signer == d.signer and o.body["epoch"] == d.body["epoch"]]
    wrong = [reason for no, reason in (
        (then.now["enactment"] != "chambers", "stewards-enact"), (not c.inside(d.digest, cut), "not-in-the-cut"),
        (d.signer not in m.persons, "not-by-a-member"), (not all(c.inside(a, cut) for a in acts), "not-in-the-cut"),
        (len(own) > s.at("proposals-per-epoch", time) // NANO, "too-many")) if no]
    if wrong: return "void", wrong[0], {}, ""
    said, due = ballots(c, d.digest, first, second, m.persons), {a: t for a, t in enacted.items() if t <= time}
    table = any(x.digest in due or then.carried(x, "steward", True) for x in then.of("ReferenceTable"))
    for name in SCOPES[d.body["scope"]][0] if table or d.body["scope"] != "credits" else ("contributor",):
        weights = Books(then, m, s, due, time).weights(time) if name == "technical" else dict.fromkeys(m.persons, UNIT)
        sums = {w: sum(weights.get(v, 0) for v, x in said.items() if x == w) for w in WORDS}
        every, cast = sum(weights.values()), sum(sums.values())
        needed = Fraction(s.at(f"quorum-{name}", time) * every, NANO)
        wanted = sums["yes"] * 2 * NANO > (cast - sums["abstain"]) * (NANO + s.at("penetration", time))
        counts[name] = {**{k: plain(v) for k, v in sums.items()}, "electorate": plain(every),
                        "passed": every > 0 and cast >= needed and wanted,
                        "quorum": {"needed": plain(-(-needed // 1)), "reached": cast >= needed}}
    if second is None or second.body["time"] < time: return "counting", "", counts, ""
    if not all(count["passed"] for count in counts.values()): return "rejected", "", counts, ""
    return "adopted", "", counts, later(second.body["time"], s.at("time-lock-days", time) // NANO)

def figures(c, as_of=None):
    """Everything, in the form of the program's own report."""
    s, enacted, proposals = Settings(c.now["floor"]), {}, {}
    closed = {name: d.body["time"] for (step, name), d in c.votes.items() if step == "reveals"}
    stewards = {d.digest for d in c.of("Proposal") if c.carried(d, "steward", True)}
    for d in sorted(c.of("Proposal"), key=lambda d: (d.digest not in stewards, closed.get(d.digest, "~"), d.digest)):
        result = ("adopted", "", {}, d.body["time"]) if d.digest in stewards else decide(c, s, d, enacted)
        if reason := void(c, d.body): result = ("void", reason, {}, "")
        proposals[d.digest] = (d.body["scope"], *result)
        if result[0] == "adopted":
            s.steps += [(result[3], d.digest, x["name"], x["value"]) for x in d.body["effect"]["parameters"]]
            for act in d.body["effect"]["acts"] if result[2] else (): enacted.setdefault(act, result[3])
    time = as_of or max((d.body["time"] for d in [*c.epochs.values(), *c.votes.values()]), default="")
    due = {act: since for act, since in enacted.items() if since <= time}
    m = Members(c, s, time)
    books = Books(c, m, s, due, time)
    spenders = {d.signer for d in c.of("PrioritySpend") if d.signer in m.persons and c.last is not None}
    names = {x[3] for x in books.lines} | {*books.fault} | spenders
    stated = {name: s.stated(name, time) for name in TABLE}
    return {
        "format": "lecs-governance-1", "as_of": time, "epoch": -1 if c.last is None else c.last,
        "floor": {n: plain(stated[f"floor-{n}"][0] * 1000) for n in ("tokens-per-day", "queue-hours")},
        "parameters": {n: {"value": plain(value * 1000), "set_by": by} for n, (value, by) in stated.items()},
        "acts": [act for since, act in sorted((since, act) for act, since in due.items())],
        "members": sorted(m.persons), "credits": {name: books.account(name) for name in names},
        "weights": {name: plain(units) for name, units in books.weights(time).items()},
        "proposals": {name: {"proposal": name, "scope": scope, "reason": reason, "enacts_at": when, "chambers": counts,
                             "state": "in-force" if state == "adopted" and when <= time else state}
                      for name, (scope, state, reason, counts, when) in proposals.items()}}

def main(arguments):
    try: result = figures(Commons(*read(arguments[0])), arguments[2] if arguments[1:2] == ["--as-of"] else None)
    except Refused as error: return f"refused: {error}"
    except Exception as error: return f"refused: not an export that can be read ({type(error).__name__})"
    sys.stdout.write(json.dumps(result, indent=1, sort_keys=True) + "\n")
    return None

if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
