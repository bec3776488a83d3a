// The wall: one panel after the other, figures anew each minute, and whether they are old.
const words = JSON.parse(document.getElementById("words").textContent);
const body = document.body;
const EVERY_S = Number(body.dataset.every);
const ANEW_S = 60;
const OLD_S = Number(body.dataset.oldS); // without an answer, or without figures computed anew
const RELOAD_S = 6 * 3600; // a new version, and sites that were added
const now = document.querySelector("[data-now]");
const old = document.querySelector("[data-old]");
// The time by the server: the clock of a screen may be wrong.
let ahead = 0;
const time = () => Date.now() / 1000 + ahead;
const set = () => { ahead += Number(document.querySelector("[data-told]").dataset.told) - time(); };
set();
const began = time();
let answered = began;
let signedOut = false;
let shown = "map";
let turn = 0;
let held = false;

// All of a panel is on the screen: what has many rows is drawn smaller.
const LEAST = 0.45;
const fit = (panel) => {
  for (let size = 1; size >= LEAST; size -= 0.05) {
    panel.style.fontSize = size < 1 ? `${size}em` : "";
    if (panel.scrollHeight <= panel.clientHeight) return;
  }
};
const panels = () => [...document.querySelectorAll("[data-panel]")];
const show = (name) => {
  shown = name;
  for (const panel of panels()) {
    panel.classList.toggle("shown", panel.dataset.panel === name);
    if (panel.dataset.panel === name && name !== "map") fit(panel);
  }
};
const step = (by) => {
  const names = panels().map((panel) => panel.dataset.panel);
  turn += 1;
  body.classList.remove(`at-${(turn - 1) % 5}`);
  body.classList.add(`at-${turn % 5}`);
  show(names[(names.indexOf(shown) + by + names.length) % names.length]);
};

const clock = (t) => new Date((t + 8 * 3600) * 1000).toISOString().slice(11, 16); // in Shanghai
const tell = () => {
  const t = time();
  const computed = Number(document.querySelector("[data-computed]")?.dataset.computed || 0);
  const since = t - answered > OLD_S ? answered : computed && t - computed > OLD_S ? computed : 0;
  const text = signedOut ? words.js.wall_signed_out : since ? words.js.wall_old.replace("{at}", clock(since)) : "";
  if (old.textContent !== text) old.textContent = text;
  old.hidden = !text;
  document.querySelector("[data-clock]").textContent = clock(t);
};
const anew = async () => {
  try {
    const answer = await fetch("/wall/now", { cache: "no-store" });
    signedOut = answer.redirected || answer.status === 401 || answer.status === 403;
    if (answer.ok && !signedOut) {
      const came = new DOMParser().parseFromString(await answer.text(), "text/html");
      now.replaceChildren(...came.body.childNodes);
      show(shown);
      set();
      answered = time();
      body.dataset.anew = Number(body.dataset.anew ?? 0) + 1;
      if (answered - began > RELOAD_S) location.reload();
    }
  } catch { /* the network is away: told below once it lasts */ }
  tell();
};

body.classList.add("rotating");
show(shown);
tell();
setInterval(() => { if (!held) step(1); }, 1000 * EVERY_S);
setInterval(anew, 1000 * ANEW_S);
setInterval(tell, 1000);
// Nothing needs a hand; where there is a keyboard, it may hold a panel or go on.
addEventListener("keydown", ({ key }) => {
  if (key === " ") held = !held;
  else if (key === "ArrowRight") step(1);
  else if (key === "ArrowLeft") step(-1);
  else if (key === "f" || key === "F") document.documentElement.requestFullscreen?.();
  else if (key === "r") anew();
  else return;
  body.dataset.held = held;
});
addEventListener("resize", () => show(shown));
const full = document.querySelector("[data-full]");
const whether = () => { full.hidden = Boolean(document.fullscreenElement) || !document.fullscreenEnabled || matchMedia("(display-mode: fullscreen)").matches; };
full.addEventListener("click", () => document.documentElement.requestFullscreen());
document.addEventListener("fullscreenchange", whether);
whether();
const awake = () => { if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {}); };
document.addEventListener("visibilitychange", awake);
awake();
