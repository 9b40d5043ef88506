"use strict";
// Draws the charts in the colours of the style sheet, and shows of them what the reader chooses.

const figures = JSON.parse(document.getElementById("figures").textContent);
const charts = [...document.querySelectorAll("div.chart")];
const root = document.documentElement;
const touch = matchMedia("(pointer: coarse)").matches;
const PRINT_WIDTH = 680;
const PRINT_HEIGHT = 0.72;
const PIXELS_OF_A_ROW = 3;
const config = {
  responsive: true,
  displaylogo: false,
  displayModeBar: touch ? true : "hover",
  modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
};

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function loadLibrary() {
  const script = document.createElement("script");
  script.textContent = await unpack(document.getElementById("library").textContent);
  document.head.append(script);
}

const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

// What the forms that concern a chart say: a set of values for each name.
function chosen(name) {
  const choices = {};
  for (const form of document.querySelectorAll(`form[data-chart~="${name}"]`)) {
    for (const { name: key } of form.elements) if (key) choices[key] = new Set();
    for (const [key, value] of new FormData(form)) choices[key].add(value);
  }
  return choices;
}

// The truth is of no model, and an empty choice stands for all.
function isShown(meta, choices) {
  return Object.entries(choices).every(([key, values]) => !(key in meta) || values.has("") || values.has(meta[key]));
}

function coloured(trace) {
  const name = trace.meta.colour;
  if (name === "heat") return { ...trace, colorscale: [[0, colour("shade")], [1, colour("accent")]] };
  const one = colour(name);
  const painted = { ...trace, marker: { ...trace.marker, color: one } };
  if (trace.type === "bar") return painted;
  return { ...painted, line: { ...trace.line, color: one }, fillcolor: `${one}33` };
}

function axis(given) {
  return {
    ...given,
    automargin: true,
    gridcolor: colour("rule"),
    linecolor: colour("quiet"),
    spikecolor: colour("quiet"),
    zerolinecolor: colour("rule"),
    rangeslider: given.rangeslider && { ...given.rangeslider, bgcolor: colour("raised"), bordercolor: colour("rule") },
    tickfont: { color: colour("quiet") },
    title: { ...given.title, font: { color: colour("quiet"), size: 13 } },
  };
}

function layoutOf(layout, choices) {
  const shapes = (layout.shapes || [])
    .filter((shape) => !shape.name || isShown({ series: shape.name }, choices))
    .map((shape) => ({ ...shape, fillcolor: colour("shade"), line: { ...shape.line, color: colour("model-0") } }));
  return {
    ...layout,
    shapes,
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
    dragmode: touch ? false : "zoom",
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, color: colour("ink"), size: 13 },
    hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("rule"), font: { color: colour("ink") } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("quiet"), activecolor: colour("accent") },
  };
}

// Where the reader has zoomed to stays while it is of the same rows.
function rowsOf(choices) {
  return JSON.stringify(Object.entries(choices).map(([key, values]) => key === "model" || [...values]));
}

// The newest rows that there is room for; the slider below has the others.
function newest(traces, width) {
  const truths = traces.map((trace) => trace.meta).filter((meta) => meta.row);
  if (truths.length !== 1) return {};
  const [{ start, end, row }] = truths;
  return { range: [Math.max(start, end - (width / PIXELS_OF_A_ROW) * row), end] };
}

// The drawing is a picture with words; the buttons beside it stay buttons.
function describe(chart) {
  const [picture, ...layers] = chart.querySelectorAll("svg.main-svg");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", chart.dataset.words);
  for (const layer of layers) layer.setAttribute("aria-hidden", "true");
}

function draw(chart, onPaper) {
  const { data, layout } = figures[chart.dataset.chart];
  const choices = chosen(chart.dataset.chart);
  const traces = data.filter((trace) => isShown(trace.meta, choices)).map(coloured);
  const width = onPaper ? PRINT_WIDTH : chart.clientWidth;
  const drawn = layoutOf(layout, choices);
  drawn.uirevision = rowsOf(choices);
  Object.assign(drawn.xaxis, newest(traces, width));
  if (onPaper) {
    Object.assign(drawn, { width, height: PRINT_HEIGHT * layout.height, autosize: false });
    drawn.xaxis.rangeslider = { visible: false };
  }
  Plotly.react(chart, traces, drawn, config);
  describe(chart);
}

const drawAll = (onPaper) => charts.forEach((chart) => draw(chart, onPaper));

async function start() {
  await loadLibrary();
  drawAll();
  document.addEventListener("change", (event) => {
    const concerned = event.target.closest("form[data-chart]")?.dataset.chart.split(" ") ?? [];
    charts.filter((chart) => concerned.includes(chart.dataset.chart)).forEach((chart) => draw(chart));
  });
  // Enter on a choice is no wish to leave the page.
  document.addEventListener("submit", (event) => event.preventDefault());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
  addEventListener("beforeprint", () => {
    root.dataset.onPaper = "";
    drawAll(true);
  });
  addEventListener("afterprint", () => {
    delete root.dataset.onPaper;
    drawAll();
  });
  root.dataset.drawn = "";
}

start().catch((error) => {
  for (const chart of charts) {
    chart.style.minHeight = 0;
    chart.textContent = `This browser cannot draw the chart (${error.message}); its numbers are in the tables.`;
  }
});
