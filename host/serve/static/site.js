// The curves of a site's day: gross weight and fill, events and gaps marked.
"use strict";
(() => {
  const words = JSON.parse(document.getElementById("words").textContent).js;
  const COLOURS = { deposit: "--good", collection: "--bad", returned: "--dim", removal: "--warn", unattributed: "--other", emptied: "--bad" };
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const hour = (t) => new Date((t + 8 * 3600) * 1000).toISOString().slice(11, 16);

  const marks = (day) => ({
    hooks: {
      drawClear: [(u) => {
        const { left, top, width, height } = u.bbox;
        u.ctx.fillStyle = css("--gap");
        u.ctx.globalAlpha = 0.45;
        for (const g of day.gaps) {
          const x0 = Math.max(left, u.valToPos(g.from, "x", true));
          const x1 = Math.min(left + width, u.valToPos(g.to, "x", true));
          if (x1 > x0) u.ctx.fillRect(x0, top, x1 - x0, height);
        }
        u.ctx.globalAlpha = 1;
      }],
      draw: [(u) => {
        const { left, top, width, height } = u.bbox;
        const size = 5 * devicePixelRatio;
        let free = left; // where the next figure may stand
        for (const e of day.events) {
          const x = u.valToPos(e.t, "x", true);
          if (x < left || x > left + width) continue;
          const up = e.kind === "deposit";
          const y = up ? top + height - 1 : top + 1;
          u.ctx.fillStyle = css(COLOURS[e.kind] || "--dim");
          u.ctx.beginPath();
          u.ctx.moveTo(x - size, y);
          u.ctx.lineTo(x + size, y);
          u.ctx.lineTo(x, up ? y - 1.6 * size : y + 1.6 * size);
          u.ctx.fill();
          if (!up && e.kg) {
            u.ctx.font = `${12 * devicePixelRatio}px sans-serif`;
            const said = Number(e.kg).toFixed(1);
            const wide = u.ctx.measureText(said).width;
            const beside = x + size + 2 + wide < left + width ? x + size + 2 : x - size - 2 - wide;
            if (beside < free) continue;
            u.ctx.fillText(said, beside, y + 2 * size);
            free = beside + wide + size;
          }
        }
      }],
    },
  });

  // day: curve, events and gaps of this bin, and t0. What it gives draws another state of them.
  const draw = (figure, day) => {
    const box = figure.querySelector(".plot");
    const { curve, t0 } = day;
    box.classList.toggle("empty", !curve || curve.t.length === 0);
    if (!curve || curve.t.length === 0) {
      if (!("silent" in figure.dataset)) box.textContent = words.no_readings;
      return (next) => draw(figure, next);
    }
    box.textContent = "";
    const ink = css("--ink");
    const line = css("--line");
    const grid = { stroke: line, width: 1 };
    const step = uPlot.paths.stepped({ align: 1 });
    const series = [{ label: words.time, value: (_, t) => (t ? hour(t) : "—") }];
    // Whole hours: these divide the 8 h between UTC and Shanghai.
    const axes = [{ stroke: ink, grid, incrs: [3600, 7200, 14400, 28800], values: (_, ts) => ts.map(hour) }];
    if (curve.kg) {
      series.push({ label: `${words.weight} kg`, scale: "kg", stroke: css("--brand"), width: 1.5, paths: step, points: { show: curve.t.length < 3 } });
      axes.push({ scale: "kg", stroke: ink, grid, size: 52, values: (_, v) => v.map((x, i) => (i === v.length - 1 ? `${x} kg` : `${x}`)) });
    }
    if (curve.fill) {
      series.push({ label: words.fill, scale: "%", stroke: css("--warn"), width: 1.2, spanGaps: true, points: { show: false } });
      axes.push({ scale: "%", side: curve.kg ? 1 : 3, stroke: ink, grid: curve.kg ? { show: false } : grid, values: (_, v) => v.map((x) => `${x}%`) });
    }
    const options = {
      width: Math.max(280, box.clientWidth),
      height: 200,
      cursor: { sync: { key: "day" } },
      scales: { x: { time: false, range: () => [t0, t0 + 86400] }, kg: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] }, "%": { range: [0, 105] } },
      series,
      axes,
      plugins: [marks(day)],
    };
    const data = (c) => [c.t, c.kg, c.fill].filter(Boolean);
    const plot = new uPlot(options, data(curve), box);
    addEventListener("resize", () => plot.setSize({ width: Math.max(280, box.clientWidth), height: 200 }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
    const shown = (next) => {
      Object.assign(day, next);
      plot.setData(data(next.curve));
      return shown;
    };
    return shown;
  };

  // The tables below the curves, as the server writes them now; what was unfolded stays so.
  const renew = async () => {
    const answer = await fetch(location, { credentials: "same-origin" });
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const parts = (root) => root.querySelectorAll("[data-curve] figcaption, main > section:not([data-live]):not(:has([data-curve]))");
    const fresh = parts(made);
    parts(document).forEach((part, i) => {
      if (!fresh[i] || part.innerHTML === fresh[i].innerHTML) return;
      const key = (details) => details.closest("tr")?.textContent;
      const open = new Set([...part.querySelectorAll("details[open]")].map(key));
      part.replaceChildren(...fresh[i].childNodes);
      part.querySelectorAll("details").forEach((d) => { d.open = open.has(key(d)); });
    });
  };

  const start = async () => {
    const figures = [...document.querySelectorAll("[data-curve]")];
    if (!figures.length) return;
    const missing = (figure) => {
      figure.querySelector(".plot").textContent = words.no_charts;
      return () => missing(figure);
    };
    let shown = figures.map((figure) => (window.uPlot ? (day) => draw(figure, day) : missing(figure)));
    let last = "";
    const look = async () => {
      const answer = await fetch(figures[0].dataset.curve, { credentials: "same-origin" });
      const text = answer.ok ? await answer.text() : last;
      if (text === last) return;
      const first = !last;
      last = text;
      const day = JSON.parse(text);
      const t0 = Date.parse(`${day.date}T00:00:00+08:00`) / 1000;
      shown = figures.map((figure, i) => {
        const mine = (list) => list.filter((x) => x.bin === figure.dataset.bin);
        return shown[i]({ curve: mine(day.curves)[0], events: mine(day.events), gaps: mine(day.gaps), t0 });
      });
      document.body.dataset.drawn = "yes";
      if (!first) await renew();
    };
    await look();
    const date = document.querySelector("input[name=date]");
    if (!date || date.value !== date.max) return;
    // Today: when a board has said something, soon after, and once more when it is stored for sure.
    const waits = [3000, 6000];
    let turn = waits.length;
    const later = () => setTimeout(() => look().catch(() => {}).finally(() => { if (++turn < waits.length) later(); }), waits[turn]);
    document.addEventListener("site", () => {
      const idle = turn >= waits.length;
      turn = idle ? 0 : -1;
      if (idle) later();
    });
  };
  start();
})();
