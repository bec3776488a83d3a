// What is live on every page: one stream, and the elements that say what they show.
"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  // Who has signed out leaves nothing of what there is to weigh; what was done is sent later.
  if (location.pathname === "/signin") localStorage.removeItem("qingyun-weigh");
  const all = (selector, root = document) => root.querySelectorAll(selector);
  const percent = (x) => (x === null || x === undefined ? "—" : `${Math.round(100 * x)} %`);
  const mass = (x) => (x === null || x === undefined ? "—" : x.toFixed(2));
  const said = (element, text) => {
    if (!element || element.textContent === String(text)) return;
    element.textContent = text;
    element.classList.remove("fresh");
    void element.offsetWidth;
    element.classList.add("fresh");
  };
  const live = (name, text) => all(`[data-live="${name}"]`).forEach((e) => said(e, text));
  const ago = (t) => {
    if (!t) return "—";
    const s = Math.max(0, Math.round(Date.now() / 1000 - t));
    const [unit, size] = s < 120 ? ["s", 1] : s < 7200 ? ["min", 60] : s < 172800 ? ["h", 3600] : ["d", 86400];
    return words.unit[unit].replace("{n}", Math.floor(s / size));
  };
  const state = (element, status) => {
    if (!element) return;
    said(element, words.status[status] || status);
    element.className = `tag state ${status}`;
  };
  const seen = (element, t) => {
    if (!element) return;
    element.dataset.t = t || "";
    element.textContent = ago(t);
  };

  const district = (d) => {
    for (const [name, n] of Object.entries(d.boards)) live(name, n);
    if (d.alarms) {
      live("open", d.alarms.open);
      live("unseen", d.alarms.unseen);
      all(".count[data-live=unseen]").forEach((e) => { e.hidden = !d.alarms.unseen; });
    }
    if (d.today && d.today.date !== document.body.dataset.date) {
      // Another day than this page is of: the first of its readings have come.
      if (d.today.coverage && !new URLSearchParams(location.search).get("date")) location.reload();
    } else if (d.today) {
      const t = d.today.hauled_t;
      live("hauled", t === null ? "—" : t >= 100 ? t.toFixed(1) : t.toFixed(3));
      live("coverage", d.today.coverage === null ? "—" : `${(100 * d.today.coverage).toFixed(1)} %`);
    }
  };
  let rowOf = null; // site → its row or tile; of 2,800 that are told, few stand here
  const sites = (rows) => {
    rowOf ??= new Map([...all("[data-site]")].map((e) => [e.dataset.site, e]));
    document.dispatchEvent(new CustomEvent("sites", { detail: rows })); // for map.js
    for (const r of rows) {
      const row = rowOf.get(r.site);
      if (!row) continue;
      if (row.classList.contains("tile")) {
        const near = r.share === null ? "" : r.share >= 1 ? "full" : r.share >= 0.8 ? "high" : "ok";
        row.className = `tile ${r.status} ${near}`;
        continue;
      }
      const cell = (name) => row.querySelector(`[data-field="${name}"]`);
      state(cell("status"), r.status);
      said(cell("fill"), percent(r.fill));
      said(cell("kg"), mass(r.kg));
      said(cell("limit"), r.limit || "—");
      seen(cell("seen"), r.seen);
    }
  };
  const site = (d) => {
    all('[data-live="status"]').forEach((e) => state(e, d.now.status));
    for (const board of d.boards) {
      const card = document.querySelector(`[data-device="${board.device}"]`);
      if (!card) continue;
      state(card.querySelector('[data-field="status"]'), board.status);
      card.classList.toggle("silent", !Object.keys(board.health).length && !Object.keys(board.values).length);
      seen(card.querySelector('[data-field="seen"]'), board.seen);
      all("[data-health]", card).forEach((e) => said(e, board.health[e.dataset.health] ?? "—"));
      const list = card.querySelector(".values");
      for (const [name, value] of Object.entries(board.values)) {
        let item = list.querySelector(`[data-channel="${name}"]`);
        if (!item) {
          item = document.createElement("li");
          item.dataset.channel = name;
          item.append(Object.assign(document.createElement("b"), { textContent: name }), " ", document.createElement("span"));
          list.append(item);
        }
        said(item.querySelector("span"), value);
        let bad = item.querySelector(".warn");
        if (board.bad[name] && !bad) {
          bad = Object.assign(document.createElement("span"), { className: "warn" });
          item.append(" ", bad);
        }
        if (bad) said(bad, board.bad[name] || "");
      }
      for (const bin of board.bins) {
        const line = card.querySelector(`[data-bin-now="${bin.bin}"]`);
        if (!line) continue;
        line.querySelector("meter").value = bin.fill ?? 0;
        said(line.querySelector('[data-field="text"]'), `${percent(bin.fill)} · ${bin.kg === null ? "—" : `${mass(bin.kg)} kg`}`);
      }
    }
    document.dispatchEvent(new Event("site")); // site.js draws the day anew
  };

  const clock = (t) => {
    const local = (x) => new Date((x + 8 * 3600) * 1000).toISOString();
    const [at, now] = [local(t), local(Date.now() / 1000)];
    return at.slice(0, 10) === now.slice(0, 10) ? at.slice(11, 19) : at.slice(0, 16).replace("T", " ");
  };
  const put = (text, values) => Object.entries(values).reduce((all, [name, value]) => all.replace(`{${name}}`, value), text);

  // The stream to this browser, and the broker behind the server: whether what stands here is live.
  const SILENT_S = 25; // the server says something every 10 s
  const follow = (topic, mark) => {
    const [text, beside] = mark.querySelectorAll("span");
    const take = { district, sites, site };
    let source = null;
    let link = null;
    let heard = Date.now() / 1000;
    const show = () => {
      const cut = Date.now() / 1000 - heard > SILENT_S || source.readyState === EventSource.CLOSED || (link && source.readyState !== EventSource.OPEN);
      const name = cut ? "cut" : link ? link.state : "connecting";
      const times = { at: clock(heard), since: clock(link?.since ?? heard), heard: clock(link?.heard ?? heard) };
      const words_ = put(words.link[name], times) + (name === "away" && link.problem ? ` (${link.problem})` : "");
      if (text.textContent !== words_) text.textContent = words_;
      beside.textContent = name === "live" ? `· ${put(words.link.last, times)}` : "";
      mark.className = `link ${name}`;
      document.body.classList.toggle("stale", name === "cut" || name === "away");
    };
    const connect = () => {
      source?.close();
      source = new EventSource(`/live?topic=${encodeURIComponent(topic)}&lang=${document.documentElement.lang.slice(0, 2)}`);
      const on = (name, told) => source.addEventListener(name, (event) => {
        heard = Date.now() / 1000;
        told(JSON.parse(event.data));
        show();
      });
      on("link", (said) => { link = said; });
      for (const [name, told] of Object.entries(take)) on(name, told);
      source.onerror = show;
    };
    connect();
    setInterval(() => {
      // A browser gives up for good where a proxy says that the server is away.
      if (source.readyState === EventSource.CLOSED || Date.now() / 1000 - heard > SILENT_S) connect();
      show();
    }, 5000);
    addEventListener("pagehide", () => source.close());
  };
  const mark = document.querySelector("[data-live=link]");
  if (mark) follow(document.body.dataset.topic, mark);

  // A command: nothing else can be asked for until the board has answered, and how long that may take is said.
  for (const form of all("form[data-wait]")) {
    form.addEventListener("submit", () => {
      const note = form.querySelector(".waiting");
      const began = Date.now();
      note.querySelector("span").textContent = put(words.js.waiting, { most: form.dataset.wait });
      note.hidden = false;
      const count = () => { note.lastElementChild.textContent = `· ${put(words.js.waited, { n: Math.round((Date.now() - began) / 1000) })}`; };
      count();
      setInterval(count, 1000);
      // Once the form is sent: a button that is disabled says nothing.
      setTimeout(() => all("[data-wait] button").forEach((b) => { b.disabled = true; }));
    });
  }
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  setInterval(() => all('[data-field="seen"]').forEach((e) => { if (e.dataset.t) e.textContent = ago(Number(e.dataset.t)); }), 5000);
  const again = document.querySelector("[data-again]");
  if (again) setTimeout(() => location.reload(), 1000 * Number(again.dataset.again));
})();
