// Opens the page at the platform without a network: its own files, which are the same for everybody.
// Whatever is asked of the server otherwise goes there, and is never kept.
"use strict";
const CACHE = "qingyun-weigh-1";
const FILES = ["page.css", "weigh.css", "weigh.js", "weigh-queue.js", "weigh-scan.js", "icon.svg"].map((name) => `/static/${name}`);
const PAGE = "/weigh";
const WAIT_MS = 4000; // for a network that is there and does not answer

// A page for somebody who has to sign in first is another one.
const right = (answer) => answer.ok && !answer.redirected && answer.type === "basic";

self.addEventListener("install", (event) => {
  const fill = async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES);
    const page = await fetch(PAGE); // the one that brought this worker came before it
    if (right(page)) await cache.put(PAGE, page);
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("qingyun-weigh-") && name !== CACHE);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

const fresh = async (request, key) => {
  const cache = await caches.open(CACHE);
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), WAIT_MS);
  try {
    const answer = await fetch(request, { signal: stop.signal });
    if (right(answer)) await cache.put(key, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(key);
    if (kept) return kept;
    throw error;
  } finally {
    clearTimeout(timer);
  }
};

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === PAGE && event.request.mode === "navigate") event.respondWith(fresh(event.request, PAGE));
  else if (FILES.includes(url.pathname)) event.respondWith(fresh(event.request, url.pathname));
});
