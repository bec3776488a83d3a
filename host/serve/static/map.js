// The map: points and clusters of the sites, live by the stream of page.js, which dispatches "sites".
const words = JSON.parse(document.getElementById("words").textContent);
const root = document.querySelector("[data-map]");
const fixed = root.dataset.map === "fixed"; // on the wall nobody touches it
const given = JSON.parse(document.getElementById("points").textContent);
const marks = given.marks;
const EMPTY = { type: "FeatureCollection", features: [] };
const SLOW_MS = 1000; // between two drawings of what is live
const WITHIN = 8; // pixels around a finger
let take = null; // what does with live rows what is to be done
const early = [];
document.addEventListener("sites", ({ detail }) => (take ? take(detail) : early.push(...detail)));

const problem = (name) => {
  if (name !== "tiles") {
    root.classList.add("none-drawn"); // and all that is said of what is on it
    document.body.dataset.drawn = "no";
  }
  for (const e of document.querySelectorAll(`[data-map-problem="${name}"]`)) e.hidden = false;
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const COLOURS = { alarm: "bad", full: "bad", offline: "other", high: "warn", unknown: "dim", ok: "good" };

// A sign: each state has a shape of its own beside its colour and letter. Sizes in CSS pixels.
const shape = (ink, mark, x, y, r) => {
  ink.beginPath();
  if (mark === "full") ink.roundRect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8, r * 0.15);
  else if (mark === "offline") [[0, -1.1], [1.1, 0], [0, 1.1], [-1.1, 0]].forEach(([i, j]) => ink.lineTo(x + i * r, y + j * r));
  else if (mark === "high") ink.roundRect(x - r * 0.9, y - r, r * 1.8, r * 1.9, [r * 0.7, r * 0.7, r * 0.15, r * 0.15]);
  else ink.arc(x, y, r, 0, 7);
  ink.closePath();
};
const image = ([wide, high], draw) => {
  const scale = Math.max(2, Math.ceil(devicePixelRatio));
  const canvas = Object.assign(document.createElement("canvas"), { width: wide * scale, height: high * scale });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  ink.scale(scale, scale);
  Object.assign(ink, { textAlign: "center", textBaseline: "middle", lineWidth: 1.5, lineJoin: "round" });
  draw(ink, wide, high);
  return [ink.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: scale }];
};
const letter = (ink, text, x, y, size) => {
  ink.font = `700 ${size}px ${getComputedStyle(document.body).fontFamily}`;
  ink.fillText(text, x, y + size * 0.05);
};
const sign = (ink, mark, x, y, r, text) => {
  shape(ink, mark, x, y, r);
  ink.fillStyle = mark === "unknown" ? colour("card") : colour(COLOURS[mark]);
  ink.strokeStyle = mark === "unknown" ? colour("dim") : colour("card");
  ink.fill();
  ink.stroke();
  ink.fillStyle = mark === "unknown" ? colour("dim") : colour("card");
  if (text) letter(ink, text, x, y, r);
};
const ofSite = (mark, alarm) => image([34, 34], (ink) => {
  const text = ["full", "offline", "unknown"].includes(mark) ? words.sign[mark] : "";
  sign(ink, mark, 16, 18, 12, text);
  if (alarm) sign(ink, "alarm", 27, 7, 6.5, "!");
});
const ofCluster = (mark) => image([56, 56], (ink) => {
  shape(ink, "ok", 26, 30, 20);
  Object.assign(ink, { fillStyle: colour("card"), strokeStyle: colour(COLOURS[mark]), lineWidth: 4 });
  ink.fill();
  ink.stroke();
  ink.lineWidth = 1.5;
  sign(ink, mark, 43, 12, 10, mark === "alarm" ? "!" : words.sign[mark]);
});
// The name of a town as a picture: from the shapes of its letters it takes the library far longer.
const NAME_PX = fixed ? 18 : 14;
const ofTown = (name) => image([NAME_PX * (name.length + 1), NAME_PX * 1.5], (ink, wide, high) => {
  Object.assign(ink, { font: `600 ${NAME_PX}px ${getComputedStyle(document.body).fontFamily}`, lineWidth: 3, strokeStyle: colour("bg"), fillStyle: colour("ink") });
  ink.strokeText(name, wide / 2, high / 2);
  ink.fillText(name, wide / 2, high / 2);
});
const images = (map) => {
  const put = (name, [data, options]) => (map.hasImage(name) ? map.updateImage(name, data) : map.addImage(name, data, options));
  for (const mark of marks) for (const alarm of [0, 1]) put(`site-${mark}-${alarm}`, ofSite(mark, alarm));
  for (const { name } of given.towns) put(`town-${name}`, ofTown(name));
  ["alarm", ...marks].forEach((mark, rank) => put(`cluster-${rank}`, ofCluster(mark)));
};

const feature = (site) => {
  const alike = ["ok", "high"].includes(marks[site.mark]);
  return {
    type: "Feature",
    properties: {
      site: site.site,
      rank: site.alarm ? 0 : 1 + site.mark,
      icon: `site-${marks[site.mark]}-${site.alarm}`,
      text: alike && site.fill !== null ? String(site.fill) : "",
    },
    geometry: { type: "Point", coordinates: site.at },
  };
};
const collection = (features) => ({ type: "FeatureCollection", features });
const named = (town) => ({ type: "Feature", properties: { name: town.name }, geometry: { type: "Point", coordinates: town.hull.reduce((top, p) => (p[1] > top[1] ? p : top)) } });
const around = (town) => ({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [[...town.hull, town.hull[0]]] } });

const style = () => {
  const raster = given.tiles.map((tiles, n) => [`tiles-${n}`, { type: "raster", tiles: [tiles], tileSize: 256, maxzoom: 18 }]);
  const font = ["sans-serif"];
  const always = { "icon-allow-overlap": true, "icon-ignore-placement": true, "text-allow-overlap": true, "text-ignore-placement": true, "icon-image": "", "text-font": font };
  const worst = ["min", ["get", "rank"]];
  return {
    version: 8,
    sources: {
      ...Object.fromEntries(raster),
      towns: { type: "geojson", data: collection(given.towns.filter((t) => t.hull.length > 2).map(around)) },
      names: { type: "geojson", data: collection(given.towns.map(named)) },
      sites: { type: "geojson", data: EMPTY, cluster: true, clusterRadius: 42, clusterMaxZoom: 14, clusterProperties: { worst } },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("bg") } },
      ...raster.map(([id]) => ({ id, type: "raster", source: id, paint: { "raster-fade-duration": 0 } })),
      { id: "towns", type: "fill", source: "towns", paint: { "fill-color": colour("card"), "fill-outline-color": colour("line") } },
      { id: "names", type: "symbol", source: "names", layout: { "icon-image": ["concat", "town-", ["get", "name"]], "icon-anchor": "bottom" } },
      { id: "sites", type: "symbol", source: "sites", filter: ["!", ["has", "point_count"]], layout: { ...always, "icon-image": ["get", "icon"], "text-field": ["get", "text"], "text-size": 11, "text-offset": [-0.1, 0.1], "symbol-sort-key": ["-", 9, ["get", "rank"]] }, paint: { "text-color": colour("card") } },
      { id: "clusters", type: "symbol", source: "sites", filter: ["has", "point_count"], layout: { ...always, "icon-image": ["concat", "cluster-", ["get", "worst"]], "text-field": ["to-string", ["get", "point_count"]], "text-size": 14, "text-offset": [-0.14, 0.14], "symbol-sort-key": ["-", 9, ["get", "worst"]] }, paint: { "text-color": colour("ink") } },
    ],
  };
};
const recolour = (map) => {
  images(map);
  const paints = [["ground", "background-color", "bg"], ["towns", "fill-color", "card"], ["towns", "fill-outline-color", "line"], ["sites", "text-color", "card"], ["clusters", "text-color", "ink"]];
  for (const [layer, name, from] of paints) map.setPaintProperty(layer, name, colour(from));
};

const bounds = (sites) => {
  const xs = sites.map((s) => s.at[0]);
  const ys = sites.map((s) => s.at[1]);
  return [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
};
const AT = /^(-?[0-9.]{1,12}),(-?[0-9.]{1,12}),([0-9.]{1,6})$/;
const asked = () => {
  const [, x, y, zoom] = (AT.exec(new URLSearchParams(location.search).get("at") ?? "") ?? []).map(Number);
  return Math.abs(x) <= 180 && Math.abs(y) <= 85 && zoom <= 22 ? { center: [x, y], zoom } : null;
};
// Where the map stands goes into the address, the form and the links to the same page.
const keep = (map) => {
  const { lng, lat } = map.getCenter();
  const at = `${lng.toFixed(5)},${lat.toFixed(5)},${map.getZoom().toFixed(2)}`;
  const moved = (href) => {
    const url = new URL(href, location.href);
    url.searchParams.set("at", at);
    return url.pathname + url.search.replaceAll("%2C", ",");
  };
  history.replaceState(null, "", moved(location.href));
  for (const e of document.querySelectorAll("a[data-at]")) e.setAttribute("href", moved(e.href));
  for (const e of document.querySelectorAll("input[name=at]")) e.value = at;
};

const said = (site) => [words.mark[marks[site.mark]], ...(site.alarm ? [words.mark.alarm] : [])].join(" · ");
const paint = (element, mark, alarm) => {
  element.className = `sign ${mark}${alarm ? " alarmed" : ""}`;
  element.textContent = words.sign[mark];
};
const make = (tag, values = {}, ...children) => {
  const e = Object.assign(document.createElement(tag), values);
  e.append(...children);
  return e;
};
const MOST = 5;
const spot = document.querySelector("[data-spot]");
const show = (sites) => {
  spot.replaceChildren(...sites.slice(0, MOST).map((site) => {
    const badge = make("span", { ariaHidden: "true" });
    paint(badge, marks[site.mark], site.alarm);
    const link = make("a", { href: `/sites/${encodeURIComponent(site.site)}` }, badge, ` ${site.site} ${site.name}`);
    const facts = [site.town, said(site), site.limit || (site.fill === null ? "" : `${site.fill} %`)];
    return make("article", {}, make("h2", {}, link), make("p", { textContent: facts.filter(Boolean).join(" · ") }));
  }));
  if (sites.length > MOST) spot.append(make("p", { textContent: words.js.more_sites.replace("{n}", sites.length - MOST) }));
  spot.hidden = !sites.length;
  spot.dataset.sites = sites.map((s) => s.site).join(" ");
};

// How many sites are drawn: of each cluster its number, of each point one.
const drawn = (map) => {
  const seen = new Map();
  for (const f of map.queryRenderedFeatures({ layers: ["sites", "clusters"] })) {
    const p = f.properties;
    seen.set(p.cluster ? `c${p.cluster_id}` : p.site, p.cluster ? p.point_count : 1);
  }
  return [...seen.values()].reduce((sum, n) => sum + n, 0);
};

const begin = async () => {
  if (!document.createElement("canvas").getContext("webgl2")) return problem("webgl");
  const gl = await import("/static/built/maplibre-gl.mjs");
  const all = new Map(given.sites.map(([site, name, town, x, y, mark, alarm, fill]) => [site, { site, name, town: given.town_names[town], at: x === null ? null : [x, y], mark, alarm, fill, limit: "" }]));
  const placed = [...all.values()].filter((s) => s.at);
  const data = () => collection(placed.map((s) => feature(s)));
  const whole = placed.length ? { bounds: bounds(placed), fitBoundsOptions: { padding: { top: 50, bottom: 40, left: 40, right: fixed ? 40 : 80 }, maxZoom: 15 } } : { center: [121.23, 31.03], zoom: 9 };
  const made = style();
  made.sources.sites.data = data();
  let map;
  try {
    map = new gl.Map({
      container: root, style: made, ...(asked() ?? whole), interactive: !fixed, maxZoom: 19, fadeDuration: 0, validateStyle: false,
      attributionControl: false, renderWorldCopies: false, dragRotate: false, touchPitch: false, pitchWithRotate: false,
      locale: { "Map.Title": root.dataset.title }, transformRequest: (url, kind) => (kind === "Tile" ? { url, referrerPolicy: "origin" } : { url }),
    });
  } catch {
    return problem("webgl");
  }
  images(map);
  map.touchZoomRotate.disableRotation();
  map.on("error", (event) => {
    if (event.sourceId?.startsWith("tiles-")) problem("tiles");
    else if (!map.isStyleLoaded()) problem("failed");
  });
  const first = () => {
    if (!map.isSourceLoaded("sites")) return;
    const n = drawn(map);
    if (!n && placed.some((s) => map.getBounds().contains(s.at))) return;
    map.off("render", first);
    Object.assign(root.dataset, { drawn: n, ms: Math.round(performance.now()) });
    document.body.dataset.drawn = "yes";
  };
  map.on("render", first);
  map.on("moveend", () => { if (!fixed) keep(map); });
  map.on("click", async ({ point: { x, y } }) => {
    const found = map.queryRenderedFeatures([[x - WITHIN, y - WITHIN], [x + WITHIN, y + WITHIN]], { layers: ["sites", "clusters"] });
    const cluster = found.find((f) => f.properties.cluster);
    if (!cluster) return show(found.map((f) => all.get(f.properties.site)));
    const zoom = await map.getSource("sites").getClusterExpansionZoom(cluster.properties.cluster_id);
    map.easeTo({ center: cluster.geometry.coordinates, zoom: Math.max(zoom, map.getZoom() + 1), duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 300 });
  });
  map.on("mousemove", ({ point }) => { map.getCanvas().style.cursor = map.queryRenderedFeatures(point, { layers: ["sites", "clusters"] }).length ? "pointer" : ""; });
  for (const knob of document.querySelectorAll("[data-zoom]")) {
    knob.addEventListener("click", () => {
      const by = Number(knob.dataset.zoom);
      if (by) map.zoomTo(map.getZoom() + by);
      else if (placed.length) map.fitBounds(whole.bounds, whole.fitBoundsOptions);
    });
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape" && spot) show([]); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => recolour(map));

  let waiting = 0;
  const redraw = () => {
    waiting = 0;
    map.getSource("sites")?.setData(data());
    root.dataset.live = Number(root.dataset.live ?? 0) + 1;
    const counts = Object.fromEntries(["alarm", ...marks].map((m) => [m, 0]));
    for (const s of all.values()) {
      counts[marks[s.mark]] += 1;
      counts.alarm += s.alarm;
    }
    for (const e of document.querySelectorAll("[data-count]")) e.textContent = counts[e.dataset.count];
    if (spot && !spot.hidden) show(spot.dataset.sites.split(" ").map((s) => all.get(s)));
  };
  take = (rows) => {
    let changed = false;
    for (const row of rows) {
      const site = all.get(row.site);
      if (!site) continue;
      const now = { mark: marks.indexOf(row.mark), alarm: row.alarm === given.gravest ? 1 : 0, fill: row.fill === null ? null : Math.round(100 * row.fill) };
      site.limit = row.limit;
      if (Object.entries(now).every(([k, v]) => site[k] === v)) continue;
      Object.assign(site, now);
      changed = true;
      const line = document.querySelector(`[data-site="${row.site}"] [data-field=sign]`);
      if (line) {
        paint(line.firstElementChild, row.mark, now.alarm);
        line.lastElementChild.textContent = said(site);
      }
    }
    if (changed && !waiting) waiting = setTimeout(redraw, SLOW_MS);
  };
  take(early);
  // For tests and the console.
  root.map = map;
};
begin().catch((error) => {
  console.warn("map:", error);
  problem("failed");
});
