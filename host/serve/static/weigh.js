// The page at the platform: what is weighed, the weight at rest, one touch. What is booked is decided
// by the server from stored readings; this page only names a reading, or a moment.
"use strict";
import { Later, add, all, asked, newId, put, remove, send } from "./weigh-queue.js";
import { codeIn, jpeg, look } from "./weigh-scan.js";

const words = JSON.parse(document.getElementById("words").textContent);
const $ = (id) => document.getElementById(id);
const say = (key, values = {}) => Object.entries(values).reduce((t, [k, v]) => t.replaceAll(`{${k}}`, v), words[key] || key);
const kg = (g) => (g / 1000).toFixed(3);
const SEEN_S = 10; // so long after it was shown a reading is what was touched at
const SILENT_S = 25; // the server says something every 10 s
const OLD_S = 660; // a scale that is well says something every 5 min
const THERE_G = 500; // less than that before it is an empty platform
const KEPT = "qingyun-weigh";
const PLACE = "qingyun-weigh-place";

let me = null; // user, csrf, stores, printer, offset: ms of the server's clock before this one's
let place = null; // store, platform
let task = null; // what: in or out; waste or label
let live = null; // boards, as the server told last
let step = null; // what the platform's last reading would be booked as
let picture = null;
let showing = null; // the n of the act whose result is shown
let heard = 0;
let failed = false;
let busy = false;
let source = null;
let stopLooking = null;

const now = () => (Date.now() + (me?.offset || 0)) / 1000;
const offline = () => !navigator.onLine || failed || Date.now() - heard > SILENT_S * 1000;
const read = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
const write = (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full: asked again */ } };

const ask = async (path, options) => {
  try {
    const answer = await asked(path, options);
    heard = Date.now();
    failed = false;
    return answer;
  } catch (error) {
    if (error instanceof Later) failed = true;
    throw error;
  }
};

// One section at a time; the heading of it is said to who does not see it.
const open = (name) => {
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== name;
  if (name !== "scan" && stopLooking) { stopLooking(); stopLooking = null; }
  scrollTo(0, 0);
  draw();
};
const shown = (name) => !$(name).hidden;

const note = (element, text, kind = "") => {
  element.hidden = !text;
  if (element.textContent !== text) element.textContent = text;
  element.className = `note ${kind}`.trim();
};

// A touch that cannot be undone is asked for twice.
const twice = (button, does) => {
  const text = button.textContent;
  let armed = 0;
  button.onclick = () => {
    if (Date.now() - armed < 5000) { button.textContent = text; armed = 0; does(); return; }
    armed = Date.now();
    button.textContent = words.sure;
    setTimeout(() => { if (armed && Date.now() - armed >= 5000) { button.textContent = text; armed = 0; } }, 5100);
  };
};

// Who is here, and what may be weighed

const signIn = () => {
  localStorage.removeItem(KEPT);
  location.href = "/signin?next=/weigh";
};

const refresh = async () => {
  const began = Date.now();
  const said = await ask("/weigh/now");
  if (said.status === 401) { signIn(); return; }
  if (said.status !== 200) { note($("net"), say("role"), "bad"); return; }
  const offset = said.at * 1000 - (began + Date.now()) / 2;
  me = { user: said.user, whose: said.whose, csrf: said.csrf, stores: said.stores, printer: said.printer, offset };
  write(KEPT, { ...me, csrf: "" });
};

const platformOf = (choice) => {
  const store = me?.stores.find((s) => s.store === choice?.store);
  const platform = store?.platforms.find((p) => p.platform === choice?.platform);
  return platform ? { store, platform } : null;
};

const follow = () => {
  const at = platformOf(place);
  source?.close();
  source = null;
  if (!at) return;
  source = new EventSource(`/live?topic=${encodeURIComponent(`weigh:${at.store.site}`)}&lang=${document.documentElement.lang.slice(0, 2)}`);
  source.addEventListener("weigh", (event) => { alive(); live = JSON.parse(event.data); draw(); lookUp(); });
  source.addEventListener("link", (event) => {
    alive();
    // Without the broker what was told last is not what there is: the stored readings are.
    if (!["live", "quiet"].includes(JSON.parse(event.data).state)) live = null;
  });
};
const alive = () => { heard = Date.now(); failed = false; };

// The reading that stands on the page: the one that the broker told, else the last that is stored
const told = () => {
  const at = platformOf(place);
  const board = at && live?.boards[at.platform.device];
  if (!board?.life) return null;
  const grams = board.grams[at.platform.channel];
  const bad = board.bad[at.platform.channel] || "";
  return grams === undefined && !bad ? null : { life: board.life, seq: board.seq, t: board.t, grams, bad, status: board.status };
};
const reading = () => {
  const heardOf = told();
  if (heardOf) return heardOf;
  if (step?.seq === undefined) return null;
  const status = live?.boards[platformOf(place)?.platform.device]?.status || "";
  return { life: step.life, seq: step.seq, t: step.t, grams: step.gross_g, bad: "", status };
};

let looking = false;
const lookUp = async () => {
  if (looking || !place || !shown("scale")) return;
  looking = true;
  try {
    const r = told();
    const query = new URLSearchParams({ platform: place.platform });
    if (r && !r.bad && r.grams !== undefined) {
      for (const [name, value] of Object.entries({ life: r.life, seq: r.seq, grams: r.grams })) query.set(name, value);
    }
    const said = await ask(`/weigh/step?${query}`);
    if (said.status === 401) { signIn(); return; }
    if (said.state) step = { ...said, at: Date.now() };
  } catch { /* later */ } finally {
    looking = false;
    draw();
  }
  if (step?.state === "wait") setTimeout(lookUp, 700);
};

// Whether what stands on the page may be booked; why not, and how grave that is
const judged = () => {
  const r = reading();
  if (offline()) {
    const fresh = step?.state === "ready" && r && step.seq === r.seq && Date.now() - step.at < SEEN_S * 1000;
    return { may: true, text: say("offline_touch"), kind: "warn", read: fresh ? r : null };
  }
  if (!r) return { may: false, text: say("no_reading"), kind: "warn" };
  if (r.status === "offline" || r.status === "twin" || r.status === "safe" || r.status === "updating") return { may: false, text: say(`board.${r.status}`), kind: "bad" };
  if (r.bad === "moving") return { may: false, text: say("moving"), kind: "warn", old: true };
  if (r.bad) return { may: false, text: say("fault", { fault: say(`q.${r.bad}`) }), kind: "bad", old: true };
  if (r.t && now() - r.t > OLD_S) return { may: false, text: say("stale", { n: Math.round((now() - r.t) / 60) }), kind: "bad", old: true };
  if (!step || step.seq !== r.seq || step.life !== r.life) return { may: false, text: say("looking"), kind: "" };
  if (step.state === "named") return { may: false, text: say("named", { by: step.by, kg: step.kg, what: step.what }), kind: "good" };
  if (step.state !== "ready") return { may: false, text: step.text || say("looking"), kind: step.state === "wait" ? "" : "warn" };
  const down = task?.what === "out" && task.stands;
  if (step.up === down) return { may: false, text: say(down ? "take_off" : "put_on"), kind: "" };
  return { may: true, text: say("at_rest"), kind: "good", read: r };
};

// How the mass comes about: what stood there before, and the drum itself
const net = () => {
  const values = { gross: kg(step.gross_g), before: kg(step.before_g), tare: kg(task?.tare_g || 0) };
  const less = task?.tare_g && step.net_g > task.tare_g ? task.tare_g : 0;
  if (!step.up) return say("net_down", { ...values, kg: kg(step.net_g - less) });
  const there = Math.abs(step.before_g) >= THERE_G;
  return say(there ? (less ? "net_there_tare" : "net_there") : less ? "net_tare" : "net", { ...values, kg: kg(step.net_g - less) });
};

const draw = () => {
  const away = offline();
  $("who").hidden = !me;
  if (me) $("who").textContent = me.whose ? `${me.user} · ${me.whose}` : me.user;
  const at = platformOf(place);
  $("where").textContent = at ? `${at.store.name} · ${at.platform.platform}` : "";
  if (me) note($("net"), say(away ? "net_off" : "net_on"), away ? "bad" : "good");
  if (!shown("scale")) return;
  const r = reading();
  const j = judged();
  $("scale-title").textContent = task ? say(task.what === "out" ? "out_of" : "in_of", { name: task.name }) : "";
  note($("scale-was"), task?.was ? say("was", { kg: task.was, code: task.code }) : "");
  $("gross").textContent = r && r.grams !== undefined && !(away && !j.read) ? kg(r.grams) : "–";
  $("gross").className = j.old ? "old" : "";
  note($("state"), j.text, j.kind);
  const knows = !away && (step?.state === "ready") && r && step.seq === r.seq && j.may;
  $("net-kg").hidden = !knows;
  if (knows) $("net-kg").textContent = net();
  $("touch").disabled = !j.may || busy;
  $("touch").textContent = say(away ? "touch_off" : task?.what === "out" ? "touch_out" : "touch_in");
  $("unweighed").hidden = !(task?.what === "out" && !task.stands);
  $("photo-text").textContent = say(picture ? "photo_taken" : "photo");
};

// Choosing

const tiles = (title, rows) => {
  $("choose-title").textContent = title;
  $("tiles").replaceChildren(...rows.map(({ text, more, does }) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "key";
    const name = document.createElement("span");
    name.textContent = text;
    button.append(name);
    if (more) { const small = document.createElement("small"); small.textContent = more; button.append(small); }
    button.onclick = does;
    item.append(button);
    return item;
  }));
  open("choose");
};

const choosePlace = () => {
  const places = me.stores.flatMap((s) => s.platforms.map((p) => ({ s, p })));
  $("go-out").hidden = true;
  if (!places.length) { note($("net"), say("no_store"), "bad"); return; }
  const take = ({ s, p }) => { place = { store: s.store, platform: p.platform }; write(PLACE, place); step = null; live = null; follow(); chooseWaste(); };
  if (places.length === 1) { take(places[0]); return; }
  tiles(say("which_platform"), places.map((x) => ({ text: x.s.name, more: x.p.platform, does: () => take(x) })));
};

const chooseWaste = () => {
  const at = platformOf(place);
  if (!at) { choosePlace(); return; }
  $("go-out").hidden = false;
  const rows = at.platform.wastes.map((w) => ({
    text: w.name,
    more: [w.code, w.type, w.zone].filter(Boolean).join(" · "),
    does: () => { task = { what: "in", ...w }; picture = null; open("scale"); lookUp(); },
  }));
  const other = me.stores.reduce((n, s) => n + s.platforms.length, 0) > 1;
  if (other) rows.push({ text: say("other_platform"), more: "", does: () => { place = null; choosePlace(); } });
  tiles(say("which_waste"), rows);
};

// A label that is scanned or typed, to weigh out what it is on

const startScan = async () => {
  open("scan");
  $("typed").value = "";
  note($("scan-note"), say("camera_starts"));
  const decode = async (blob) => (await ask("/weigh/scan", { method: "POST", headers: { "x-csrf": me.csrf, "content-type": blob.type }, body: blob })).codes || [];
  try {
    const stop = await look($("video"), decode, (code) => { if (shown("scan")) take(code); });
    if (!shown("scan")) { stop(); return; }
    stopLooking = stop;
    note($("scan-note"), say("camera_on"));
  } catch {
    note($("scan-note"), say("no_camera"), "warn");
  }
};

let taking = false;
const take = async (code) => {
  if (!code || taking) return;
  taking = true;
  try {
    const said = await ask(`/weigh/label/${encodeURIComponent(code)}`);
    if (said.status !== 200) { note($("scan-note"), say("why.no_label"), "bad"); return; }
    const stands = said.platform && me.stores.find((s) => s.store === said.store)?.platforms.find((p) => p.platform === said.platform);
    if (stands) { place = { store: said.store, platform: said.platform }; follow(); }
    const waste = platformOf(place)?.platform.wastes.find((w) => w.waste === said.waste);
    task = { what: "out", code, name: said.name, was: said.kg, tare_g: waste?.tare_g || 0, stands: Boolean(said.platform) };
    open("scale");
    lookUp();
  } catch {
    task = { what: "out", code, name: code, was: "", tare_g: 0, stands: false };
    open("scale");
  } finally {
    taking = false;
  }
};

// One touch

const touch = async (what, read) => {
  if (busy) return;
  busy = true;
  draw();
  const act = {
    id: newId(), user: me.user, what, store: place.store, platform: place.platform, waste: task.waste || "", code: task.code || "",
    at: now(), shown: read ? { life: read.life, seq: read.seq, grams: read.grams } : null, photo: "", picture, name: task.name, state: "waiting", text: "",
  };
  try {
    showing = await add(act);
  } catch {
    note($("state"), say("cannot_keep"), "bad");
    busy = false;
    return;
  }
  picture = null;
  step = null;
  await result();
  await flush();
  busy = false;
  await result();
};

let sending = false;
const flush = async () => {
  if (sending || !me) return;
  sending = true;
  try {
    if (!me.csrf) await refresh();
    const run = () => send(me, async () => { alive(); await result(); await pending(); });
    const status = navigator.locks ? await navigator.locks.request("qingyun-weigh", { ifAvailable: true }, (lock) => (lock ? run() : 200)) : await run();
    if (status === 401) signIn();
    else if (status === 403) await refresh();
  } catch (error) {
    if (error instanceof Later) failed = true; else throw error;
  } finally {
    sending = false;
    await pending();
    draw();
  }
};

const explain = (act) => act.text || (act.answer?.why ? say(`why.${act.answer.why}`) : say("kept"));

const result = async () => {
  if (showing === null) return;
  const act = (await all()).find((a) => a.n === showing);
  if (!act) return;
  const done = act.state === "done";
  const { answer = {} } = act;
  const stuck = done && !answer.out && answer.code;
  $("result-title").textContent = say(done ? (answer.out ? "booked_out" : "booked_in") : act.state === "refused" ? "not_booked" : "waits");
  $("result-kg").textContent = done ? answer.kg : "–";
  $("result-name").textContent = done ? answer.name : act.name;
  $("result-code").textContent = answer.code || "";
  const differs = answer.difference !== undefined ? say("difference", { was: answer.was, kg: answer.difference }) : "";
  note($("result-more"), done ? differs : explain(act), done ? "" : act.state === "refused" ? "bad" : "warn");
  $("print").hidden = !(stuck && me.printer);
  for (const name of ["paper", "spoiled"]) $(name).hidden = !stuck;
  $("trace").hidden = !(done && answer.code);
  $("trace").href = `/label/${answer.code}`;
  $("without").hidden = !(act.state === "refused" && act.picture);
  $("without").onclick = () => again({ ...act, picture: null });
  $("next").textContent = say(act.state === "refused" ? "understood" : "next");
  if (!shown("result")) { open("result"); $("result-title").focus(); }
};

const paper = (code) => {
  const form = document.createElement("form");
  form.method = "post"; form.action = `/label/${code}/pdf`; form.target = "_blank";
  const csrf = document.createElement("input");
  csrf.type = "hidden"; csrf.name = "csrf"; csrf.value = me.csrf;
  form.append(csrf);
  document.body.append(form);
  form.submit();
  form.remove();
};

const form = (path, fields) => fetch(path, { method: "POST", body: new URLSearchParams({ csrf: me.csrf, ...fields }) });

const onPrinter = async (code) => {
  const answer = await form(`/label/${code}/print`, {}).catch(() => null);
  note($("result-more"), say(answer?.ok ? "printed" : "not_printed"), answer?.ok ? "good" : "bad");
};

const anew = async () => {
  const act = (await all()).find((a) => a.n === showing);
  const answer = await form(`/label/${act.answer.code}/void`, { reason: words.spoiled }).catch(() => null);
  if (!answer?.ok) { note($("result-more"), say("not_anew"), "bad"); return; }
  const code = codeIn(new URL(answer.url).pathname);
  await put({ ...act, answer: { ...act.answer, code } });
  await result();
  note($("result-more"), say("anew"), "good");
};

const next = async () => {
  const act = (await all()).find((a) => a.n === showing);
  if (act && act.state !== "waiting") await remove(act.n);
  showing = null;
  await pending();
  if (task?.what === "in" && act?.state !== "refused") { step = null; open("scale"); lookUp(); } else chooseWaste();
};

const again = async (act) => {
  await put({ ...act, state: "waiting", text: "" });
  await flush();
};

// What is kept on this phone

const pending = async () => {
  const acts = (await all()).filter((a) => a.n !== showing);
  $("list-open").hidden = !acts.length;
  $("list-open").textContent = say("pending", { n: acts.length });
  $("acts").replaceChildren(...acts.map((act) => {
    const item = document.createElement("li");
    item.className = act.state;
    const line = (text) => { const p = document.createElement("p"); p.textContent = text; item.append(p); };
    const key = (text, does, sure = false) => {
      const b = document.createElement("button");
      b.type = "button"; b.className = "key second"; b.textContent = text;
      if (sure) twice(b, does); else b.onclick = does;
      item.append(b);
    };
    const when = new Date(act.at * 1000).toLocaleString(document.documentElement.lang, { timeZone: "Asia/Shanghai", hour12: false });
    line(`${act.answer?.name || act.name} · ${when}`);
    if (act.user !== me.user) { line(say("of_other", { user: act.user })); return item; }
    if (act.state === "done") {
      line(`${act.answer.kg} kg · ${act.answer.code}`);
      key(say("show"), async () => { showing = act.n; task = null; await result(); });
    } else {
      line(explain(act));
      if (act.state === "refused") key(say("again"), () => again(act));
      if (act.state === "refused" && act.picture) key(say("without_photo"), () => again({ ...act, picture: null }));
      key(say("drop"), async () => { await remove(act.n); await pending(); if ($("list-open").hidden) chooseWaste(); }, true);
    }
    return item;
  }));
};

// Keys

$("go-out").onclick = startScan;
$("typed-go").onclick = () => take(codeIn($("typed").value).toUpperCase());
$("typed").onkeydown = (event) => { if (event.key === "Enter") $("typed-go").click(); };
$("scan-back").onclick = () => chooseWaste();
$("scale-back").onclick = () => chooseWaste();
$("list-back").onclick = () => chooseWaste();
$("list-open").onclick = async () => { await pending(); open("list"); };
$("touch").onclick = () => { const j = judged(); if (j.may) touch(task.what, j.read); };
$("unweighed").onclick = () => touch("out-unweighed", null);
$("next").onclick = next;
$("paper").onclick = () => paper($("result-code").textContent);
$("print").onclick = () => onPrinter($("result-code").textContent);
twice($("spoiled"), anew);
$("photo").onchange = async (event) => {
  const file = event.target.files[0];
  if (!file) return;
  try {
    const image = await createImageBitmap(file);
    picture = await jpeg(image, image.width, image.height, 1600);
  } catch {
    note($("state"), say("why.photo"), "bad");
  }
  event.target.value = "";
  draw();
};

const start = async () => {
  navigator.serviceWorker?.register("/weigh-worker.js", { scope: "/weigh" }).catch(() => {});
  navigator.storage?.persist?.().catch(() => {});
  me = read(KEPT);
  try { await refresh(); } catch { if (!me) { note($("net"), say("never"), "bad"); return; } }
  if (!me) return;
  place = read(PLACE);
  if (platformOf(place)) { follow(); chooseWaste(); } else { place = null; choosePlace(); }
  await pending();
  await flush();
};

setInterval(draw, 1000);
setInterval(async () => {
  if (!me) return;
  if (offline() || !me.csrf) await refresh().catch(() => {});
  if (source?.readyState === EventSource.CLOSED && !offline()) follow();
  if (!offline()) lookUp();
  if ((await all()).some((a) => a.state === "waiting" && a.user === me.user)) await flush();
}, 3000);
addEventListener("online", () => { failed = false; if (source?.readyState !== EventSource.OPEN) follow(); flush(); });
addEventListener("offline", draw);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
start();
