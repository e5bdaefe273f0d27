// The one script of the desk. Every page works without it; with it the browser makes the withdrawal code and signs
// with a key that nobody can copy out of it. No library, no request to anywhere else, nothing is stored but keys.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const bytes = (text) => new TextEncoder().encode(text);
  const hex = (data) => [...new Uint8Array(data)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  const sha = (data) => crypto.subtle.digest("SHA-256", data);
  const token = () => document.body.dataset.token;

  // --- canonical JSON (RFC 8785) for the profile: ASCII keys, no floats, no null -----------------------------------
  const canonical = (value) => {
    if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
    if (value && typeof value === "object") {
      return "{" + Object.keys(value).filter((k) => value[k] !== undefined).sort().map((k) => JSON.stringify(k) + ":" + canonical(value[k])).join(",") + "}";
    }
    return JSON.stringify(value);
  };

  // --- base58btc and did:key ----------------------------------------------------------------------------------------
  const B58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  const base58 = (data) => {
    let number = BigInt("0x" + (hex(data) || "0")), text = "";
    while (number > 0n) { text = B58[Number(number % 58n)] + text; number /= 58n; }
    for (const byte of data) { if (byte !== 0) break; text = "1" + text; }
    return text;
  };
  const did = (raw) => "did:key:z" + base58(Uint8Array.of(0xed, 1, ...raw));
  const rawOf = async (key) => new Uint8Array(await crypto.subtle.exportKey("raw", key));

  const able = async () => {
    try {
      const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
      return Boolean(pair.privateKey);
    } catch { return false; }
  };

  // --- the withdrawal code: 160 bits, Crockford base32 and a check symbol; as substrate/record/codes.py -------------
  const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ", CHECK = ALPHABET + "*~$=U";
  const writeCode = (secret) => {
    const number = BigInt("0x" + hex(secret));
    let text = "";
    for (let shift = 155n; shift >= 0n; shift -= 5n) text += ALPHABET[Number((number >> shift) & 31n)];
    text += CHECK[Number(number % 37n)];
    return text.match(/.{1,4}/g).join("-");
  };
  const withdrawalKey = async (secret) => {
    const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
    const info = bytes("p2p-lecs/withdrawal-key/v1");
    const seed = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info }, base, 256);
    const pkcs8 = Uint8Array.of(...unhex("302e020100300506032b657004220420"), ...new Uint8Array(seed));
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, { name: "Ed25519" }, true, ["sign"]);
    const { x } = await crypto.subtle.exportKey("jwk", key);
    return did(Uint8Array.from(atob(x.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)));
  };

  // --- keys in this browser: never extractable, one per name, a fresh one where there is no name --------------------
  const store = (mode, act) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("lecs-desk", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys", { keyPath: "who" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const change = opening.result.transaction("keys", mode);
      const asked = act(change.objectStore("keys"));
      change.oncomplete = () => { opening.result.close(); resolve(asked.result); };
      change.onerror = () => reject(change.error);
    };
  });
  const keyFor = async (kind, name) => {
    const who = kind === "anonymous" ? "once " + crypto.randomUUID() : kind + "\n" + name;
    const found = await store("readonly", (keys) => keys.get(who));
    if (found) return found;
    const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
    return { who, pair, key: did(await rawOf(pair.publicKey)), contributions: [] };
  };

  const post = async (path, body) => {
    const answer = await fetch(path, {
      method: "POST", credentials: "same-origin",
      headers: { "content-type": "application/json", "x-desk-token": token() }, body: canonical(body),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  // --- pages ---------------------------------------------------------------------------------------------------------
  const fileIntoText = () => {
    const file = $("file"), text = $("text");
    if (file) file.addEventListener("change", async () => { if (file.files[0]) text.value = await file.files[0].text(); });
  };

  const selectionIntoWords = () => {
    const kept = $("kept"), words = $("words");
    if (!kept || !words) return;
    document.addEventListener("selectionchange", () => {
      const chosen = document.getSelection();
      if (!chosen.isCollapsed && kept.contains(chosen.anchorNode) && kept.contains(chosen.focusNode)) {
        words.value = chosen.toString().trim().slice(0, 400);
      }
    });
  };

  const makeCode = async () => {
    const code = $("code"), made = $("made");
    if (!code || !made || code.tagName !== "P" || !(await able())) return;
    const secret = crypto.getRandomValues(new Uint8Array(20));
    const key = await withdrawalKey(secret);
    code.textContent = writeCode(secret);
    made.value = key;
    $("maker").textContent = code.dataset.made;
    $("picture").hidden = true; // It shows the other code, which is not used.
  };

  const sign = async (form) => {
    const own = await keyFor(form.dataset.kind, form.dataset.name);
    const base = form.dataset.base || "/give";
    const asked = await post(base + "/prepare", { key: own.key });
    const record = asked.record;
    const hmac = await crypto.subtle.importKey("raw", unhex(asked.salt), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const commitment = hex(await crypto.subtle.sign("HMAC", hmac, bytes($("kept").textContent)));
    const shown = [commitment, form.dataset.tier, form.dataset.purposes, own.key].join("|");
    const named = record.contributor ? record.contributor.key : record.key;
    const bound = record.content ? record.content.commitment.value : record.commitment;
    const said = [bound, record.tier, record.purposes.join(" "), named].join("|");
    if (shown !== said) throw new Error("not what is shown");
    const options = {
      type: "DataIntegrityProof", cryptosuite: "eddsa-jcs-2022", created: asked.created, proofPurpose: "assertionMethod",
      verificationMethod: own.key + "#" + own.key.slice("did:key:".length), "@context": record["@context"],
      domain: asked.domain, challenge: asked.challenge,
    };
    const input = new Uint8Array(64);
    input.set(new Uint8Array(await sha(bytes(canonical(options)))), 0);
    input.set(new Uint8Array(await sha(bytes(canonical(record)))), 32);
    const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, own.pair.privateKey, input));
    if (record.content) own.contributions.push(record.content.id);
    await store("readwrite", (keys) => keys.put(own)); // First: a key that signed must not be lost.
    const done = await post(base + "/signed", { record: { ...record, proof: { ...options, proofValue: "z" + base58(signature) } } });
    location.assign(done.location);
  };

  const signHere = async () => {
    const form = $("sign");
    if (!form || !(await able())) return;
    let failed = false;
    $("how").hidden = true;
    $("how-own").hidden = false;
    form.addEventListener("submit", (event) => {
      if (failed || !event.submitter || event.submitter.value !== "give") return;
      event.preventDefault();
      sign(form).catch(() => {
        failed = true;
        $("how").hidden = false;
        $("how-own").hidden = true;
        $("trouble").hidden = false;
      });
    });
  };

  const openByKey = () => {
    const button = $("open-by-key");
    if (!button) return;
    button.addEventListener("click", async () => {
      let found = 0;
      try {
        for (const own of await store("readonly", (keys) => keys.getAll())) {
          const asked = await post("/my/challenge", {});
          const said = bytes("lecs-open-1\n" + asked.domain + "\n" + asked.challenge);
          const signature = hex(await crypto.subtle.sign({ name: "Ed25519" }, own.pair.privateKey, said));
          found += (await post("/my/key", { key: own.key, signature, contributions: own.contributions })).found;
        }
      } catch { found = 0; }
      if (found) location.assign("/my"); else $("no-key").hidden = false;
    });
  };

  // --- an invitation: its code stands behind the # of the link, which no browser sends ------------------------------
  const codeFromLink = () => {
    const field = $("join-code"), code = location.hash.slice(1);
    if (!field || !code) return;
    field.value = decodeURIComponent(code);
    history.replaceState(null, "", location.pathname);
  };

  // --- passkeys of moderators: the browser's own words for them, nothing is kept here --------------------------------
  const passkeys = () => {
    const login = $("passkey-login"), add = $("passkey-add"), trouble = $("passkey-trouble");
    const fail = () => { trouble.hidden = false; };
    if (login) login.addEventListener("click", async () => {
      try {
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await post("/desk/passkey/ask", {}));
        const said = await navigator.credentials.get({ publicKey });
        location.assign((await post("/desk/passkey/login", said.toJSON())).location);
      } catch { fail(); }
    });
    if (add) add.addEventListener("click", async () => {
      try {
        const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await post("/desk/passkey/new", {}));
        const made = await navigator.credentials.create({ publicKey });
        location.assign((await post("/desk/passkey/add", made.toJSON())).location);
      } catch { fail(); }
    });
  };

  document.documentElement.classList.add("scripted");
  passkeys();
  codeFromLink();
  addEventListener("hashchange", codeFromLink);
  fileIntoText();
  selectionIntoWords();
  makeCode();
  signHere();
  openByKey();
  const wrong = $("wrong");
  if (wrong) wrong.focus();
})();
