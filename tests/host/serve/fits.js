// What does not fit the screen, in words. Each function is called with `small`: fingers are expected.
(small) => {
  const out = [];
  const width = document.documentElement.clientWidth;
  const page = document.documentElement.scrollWidth;
  const named = (e) => `${e.tagName.toLowerCase()} "${(e.textContent || e.value || "").trim().slice(0, 40)}"`;
  const shown = (selector) => [...document.querySelectorAll(selector)]
    .filter((e) => e.checkVisibility() && e.type !== "hidden" && !e.closest(".skip"))
    .map((e) => [e, e.getBoundingClientRect()]);
  if (page > width) out.push(`the page is ${page} px wide`);
  // Curves hold layers that are wider on purpose; what is drawn in them is no element.
  for (const [e, box] of shown("body *:not(option, svg *, .plot *)")) {
    if (box.left < -1 || box.right > width + 1) out.push(`beside the screen: ${named(e)}`);
    const cuts = getComputedStyle(e).overflowX !== "visible" || e.matches("input");
    if (cuts && !e.matches("pre, .bars") && e.scrollWidth > e.clientWidth + 1) out.push(`cut off: ${named(e)}`);
  }
  const texts = shown("svg.bars text");
  for (const [e, box] of texts) {
    const around = e.ownerSVGElement.getBoundingClientRect();
    if (box.left < around.left || box.right > around.right + 1 || box.bottom > around.bottom) out.push(`outside its chart: ${named(e)}`);
    for (const [other, b] of texts) {
      const apart = box.right <= b.left || b.right <= box.left || box.bottom <= b.top || b.bottom <= box.top;
      if (e !== other && !apart) out.push(`on one another: ${named(e)} ${named(other)}`);
    }
  }
  scrollTo(0, 0);
  for (const [e, box] of shown("header a, header button")) {
    const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (there?.closest("a, button") !== e) out.push(`cannot be reached: ${named(e)}`);
  }
  // A link in running text may be as high as its line.
  for (const [e, box] of shown("a, button, input, select, summary")) {
    const inText = e.matches("a") && e.closest("p:not(.path, .big), li:not(:has(.tile)), dd, h1, h2, td");
    if (small && !inText && (box.height < 43.5 || box.width < 43.5)) out.push(`too small for a finger: ${named(e)} ${Math.round(box.width)} x ${Math.round(box.height)}`);
  }
  return out;
}
