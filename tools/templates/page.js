// Draw every figure of the page from the JSON inside its place, fitted to the width that it has.
"use strict";

const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] };
const NARROW = 560;

// A title states a finding, so it is a sentence: break it into lines that fit (unless it has lines already).
function wrap(text, width, size) {
  const limit = Math.max(20, Math.floor(width / (size * 0.52)));
  const lines = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? line + " " + word : word;
    if (longer.replace(/<[^>]*>/g, "").length > limit && line) { lines.push(line); line = word; } else { line = longer; }
  }
  return [...lines, line];
}

function fit(figure, width) {
  const layout = structuredClone(figure.layout || {});
  const base = (layout.template && layout.template.layout) || {};
  delete layout.width;
  layout.autosize = true;
  const narrow = width < NARROW;
  const margin = Object.assign({ l: 80, r: 80, t: 100, b: 80 }, base.margin, layout.margin);
  const title = typeof layout.title === "string" ? { text: layout.title } : layout.title;
  if (title && title.text && !title.text.includes("<br>")) {
    const given = (title.font && title.font.size) || (base.title && base.title.font && base.title.font.size) || 17;
    const size = narrow ? Math.min(given, 15) : given;
    const lines = wrap(title.text, width - 40, size);
    layout.title = Object.assign({}, title, { text: lines.join("<br>"), font: Object.assign({}, title.font, { size }) });
    margin.t = Math.max(margin.t, 40 + lines.length * size * 1.35);
  } else if (title && narrow) {
    layout.title = Object.assign({}, title, { font: Object.assign({}, title.font, { size: 14 }) });
  }
  if (narrow) {
    margin.l = Math.min(margin.l, 48);
    margin.r = Math.min(margin.r, 16);
    const legend = Object.assign({}, base.legend, layout.legend);
    const placed = legend.yref === "container"; // the figure made room for it at its foot
    if (!placed && (!legend.orientation || legend.orientation === "v")) {
      layout.legend = Object.assign({}, layout.legend, { orientation: "h", x: 0, xanchor: "left", y: -0.28, yanchor: "top" });
    }
    for (const axis of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) layout[axis].automargin = true;
  }
  layout.margin = margin;
  return layout;
}

const FIGURES = [...document.querySelectorAll(".plot")].map((place) => {
  const source = place.querySelector("script");
  const figure = JSON.parse(source.textContent);
  source.remove();
  return { place, figure, width: 0 };
});

function draw() {
  for (const item of FIGURES) {
    const width = item.place.clientWidth;
    if (!width || width === item.width) continue; // no width: in a solution that is still folded
    item.width = width;
    const active = item.place.layout?.sliders?.[0].active;
    const config = { ...CONFIG, displayModeBar: width < NARROW ? false : "hover" }; // it would cover a narrow title
    Plotly.react(item.place, structuredClone(item.figure.data), fit(item.figure, width), config);
    if (active !== undefined) { // leave the slider where the reader put it
      Plotly.update(item.place, ...item.figure.layout.sliders[0].steps[active].args);
      Plotly.relayout(item.place, { "sliders[0].active": active });
    }
  }
}

let waiting;
addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(draw, 120); });
addEventListener("toggle", draw, true); // a solution was unfolded
draw();
