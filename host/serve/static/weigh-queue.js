// What was done on this phone, in the order in which it was done, until the server has booked it.
"use strict";
const NAME = "qingyun-weigh";

const opened = new Promise((resolve, reject) => {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("acts", { keyPath: "n", autoIncrement: true });
  asked.onsuccess = () => resolve(asked.result);
  asked.onerror = () => reject(asked.error);
});

// One transaction: on the disk before it resolves.
const within = async (mode, work) => {
  const db = await opened;
  return new Promise((resolve, reject) => {
    const transaction = db.transaction("acts", mode, { durability: "strict" });
    const asked = work(transaction.objectStore("acts"));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
};

export const all = () => within("readonly", (acts) => acts.getAll());
export const add = (act) => within("readwrite", (acts) => acts.add(act));
export const put = (act) => within("readwrite", (acts) => acts.put(act));
export const remove = (n) => within("readwrite", (acts) => acts.delete(n));

export const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (x) => x.toString(16).padStart(2, "0")).join("");

// Nobody there, or a server that is busy: the same is sent again.
export class Later extends Error {}

const answered = async (path, options) => {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20000);
  let answer;
  try {
    answer = await fetch(path, { ...options, signal: stop.signal });
  } catch {
    throw new Later();
  } finally {
    clearTimeout(timer);
  }
  const full = answer.status === 507;  // of photographs: a person decides
  if ((answer.status >= 500 && !full) || answer.status === 429) throw new Later();
  return answer;
};

// The JSON of an answer; {status} where the server refuses.
export const asked = async (path, options = {}) => {
  const answer = await answered(path, options);
  if (answer.redirected && new URL(answer.url).pathname === "/signin") return { status: 401 };
  if (!(answer.headers.get("content-type") || "").startsWith("application/json")) return { status: answer.status };
  try {
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    throw new Later();
  }
};

const bring = async (act, me) => {
  const head = { "x-csrf": me.csrf };
  if (act.picture) {
    const kept = await asked("/weigh/photo", { method: "POST", headers: { ...head, "content-type": act.picture.type }, body: act.picture });
    if (kept.status === 401 || kept.status === 403) return kept;
    if (!kept.photo) return { state: "refused", why: "photo_kept", status: kept.status };
    act.photo = kept.photo;
    delete act.picture;
    await put(act);
  }
  const { id, user, what, store, platform, waste, at, shown, code, photo } = act;
  const body = JSON.stringify({ id, user, do: what, store, platform, waste, at, shown, code, photo });
  return asked("/weigh/act", { method: "POST", headers: { ...head, "content-type": "application/json" }, body });
};

// Send what waits, each after the one before; what was told of each is kept with it. An act that
// waits for readings holds up those of its platform alone. me: who is signed in; told: after each.
export const send = async (me, told) => {
  const held = new Set();
  for (const act of await all()) {
    if (act.user !== me.user || act.state !== "waiting" || held.has(act.platform)) continue;
    const answer = await bring(act, me);
    if (answer.status === 401 || answer.status === 403) return answer.status;
    const again = (await all()).find((a) => a.n === act.n);
    if (!again) continue;
    if (answer.state === "wait") {
      held.add(act.platform);
      await put({ ...act, text: answer.text });
    } else if (answer.state === "done") {
      await put({ ...act, state: "done", text: "", answer });
    } else {
      await put({ ...act, state: "refused", text: answer.text || "", answer: { why: answer.why || "other" } });
    }
    await told(act.n);
  }
  return 200;
};
