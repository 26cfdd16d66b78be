// Draws every figure of a page in the width that it has: one layout for a page and one for a phone stand in the
// figure (layout.meta); its title and note are broken here, by how wide the letters really are.
"use strict";

// px: below this width the narrow layout; a line of the title, of its note and of the legend
const PHONE = 700, HEAD = 21, NOTE = 18, ENTRY = 20;
const SCHEMES = document.currentScript?.dataset.schemes ? JSON.parse(document.currentScript.dataset.schemes) : null;
const DARK = matchMedia("(prefers-color-scheme: dark)");
const PEN = document.createElement("canvas").getContext("2d");

function merged(base, patch) {
  const both = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    const deep = value && typeof value === "object" && !Array.isArray(value);
    both[key] = deep ? merged(both[key] || {}, value) : value;
  }
  return both;
}

function broken(text, width, font) {
  PEN.font = font;
  const lines = [];
  for (const word of text.replaceAll(" %", "\u00a0%").split(" ")) {
    const longer = lines.length ? lines.at(-1) + " " + word : word;
    if (lines.length && PEN.measureText(longer).width <= width) lines[lines.length - 1] = longer; else lines.push(word);
  }
  return text ? lines : [];
}

// Columns of panels: labels and values keep their width, and the plots share the rest evenly.
function spread(layout, width) {
  const { sides, places } = layout.meta, { l, r } = layout.margin;
  const each = (width - sides.flat().reduce((sum, side) => sum + side, 0)) / sides.length;
  let at = -l;
  const ends = sides.map(([left, right]) => {
    const start = at + left;
    at = start + each + right;
    return [start, start + each].map((end) => Math.min(1, Math.max(0, end / (width - l - r))));
  });
  for (const [i, place] of places.entries()) layout[`xaxis${i ? i + 1 : ""}`].domain = ends[place];
}

// Rows of the legend: one, or as many as entries as wide as the widest need.
function legendRows(data, inside, font) {
  PEN.font = font;
  const wide = data.filter((trace) => trace.showlegend).map((trace) => 46 + PEN.measureText(trace.name).width);
  if (wide.reduce((sum, entry) => sum + entry, 0) <= inside) return wide.length ? 1 : 0;
  return Math.ceil(wide.length / Math.max(1, Math.floor(inside / Math.max(...wide))));
}

function fitted(figure, width, paper) {
  let layout = structuredClone(figure.layout);
  const meta = layout.meta;
  if (!meta?.narrow) return { ...layout, width: undefined, autosize: true };
  if (width < PHONE && !paper) layout = merged(layout, structuredClone(meta.narrow));
  if (layout.meta.sides?.length > 1) spread(layout, width);
  const family = layout.template.layout.font.family, room = width - 2 * layout.title.pad.l - 4;
  const heads = meta.titles.map((title) => broken(title, room, `bold 15px ${family}`));
  const note = broken(meta.note, room, `13px ${family}`);
  const colour = layout.title.text.match(/font-size:13px;color:([^']+)/)?.[1];
  const titled = (head) => [...head.map((line) => `<b>${line}</b>`),
    ...note.map((line) => `<span style='font-size:13px;color:${colour}'>${line}</span>`)].join("<br>");
  const tall = Math.max(...heads.map((head) => head.length));
  const more = HEAD * (tall - layout.meta.lines[0]) + NOTE * (note.length - layout.meta.lines[1]);
  const inside = width - layout.margin.l - layout.margin.r;
  const below = ENTRY * (legendRows(figure.data, inside, `13px ${family}`) - layout.meta.lines[2]);
  layout.height += more + below;
  layout.margin.t += more;
  layout.margin.b += below;
  layout.title.text = titled(heads[meta.start]);
  layout.title.y = 1 - 22 / layout.height;
  for (const [i, step] of (layout.sliders?.[0].steps || []).entries()) step.args[1]["title.text"] = titled(heads[i]);
  return { ...layout, width: undefined, autosize: true };
}

function inScheme(part, dark) {
  if (!dark || !SCHEMES) return part;
  let text = JSON.stringify(part);
  for (const [name, colour] of Object.entries(SCHEMES.light)) text = text.replaceAll(colour, SCHEMES.dark[name]);
  return JSON.parse(text);
}

const FIGURES = [...document.querySelectorAll(".plot")].map((place) => {
  const source = place.querySelector("script");
  const figure = JSON.parse(source.textContent);
  place.replaceChildren();
  return { place, figure, drawn: "" };
});

function draw() {
  const paper = document.documentElement.classList.contains("printing"), dark = DARK.matches && !paper;
  for (const item of FIGURES) {
    const width = item.place.clientWidth, now = `${width} ${dark} ${paper}`;
    if (!width || item.drawn === now) continue; // no width: in what is still folded
    item.drawn = now;
    const active = item.place.layout?.sliders?.[0].active;
    const layout = inScheme(fitted(item.figure, width, paper), dark);
    const config = { responsive: !paper, displaylogo: false, displayModeBar: width < PHONE ? false : "hover",
      modeBarButtonsToRemove: ["lasso2d", "select2d"] };
    if (active !== undefined) layout.sliders[0].active = active; // leave the slider where the reader put it
    item.place.style.minHeight = `${layout.height}px`;
    Plotly.react(item.place, inScheme(structuredClone(item.figure.data), dark), layout, config);
    if (active !== undefined) Plotly.update(item.place, ...layout.sliders[0].steps[active].args);
  }
}

/** On paper figures are light, as wide as the page and never higher than half of it. */
function printed() {
  document.documentElement.classList.add("printing");
  document.body.style.width = "660px";
  draw();
  for (const { place } of FIGURES) place.style.zoom = Math.min(1, 500 / place.offsetHeight, 660 / place.scrollWidth);
}

function shown() {
  document.documentElement.classList.remove("printing");
  document.body.style.width = "";
  for (const { place } of FIGURES) place.style.zoom = "";
  draw();
}

let waiting;
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(draw, 120); });
addEventListener("toggle", draw, true); // something was unfolded
addEventListener("beforeprint", printed);
addEventListener("afterprint", shown);
DARK.addEventListener("change", draw);
draw();
