"use strict";
// Draws every chart of the page: in the theme of the reader, anew when that changes, in the light one for paper.
// The arrow keys walk along a chart that has the focus, and its numbers stand in a table for whoever asks.
(() => {
  const partner = new Map(Object.entries(JSON.parse(document.getElementById("palette").textContent)));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)");
  const paperWidth = 680;
  const mostRows = 2000;
  const spoken = document.getElementById("spoken");
  let printing = false;

  function themed(value) {
    if (typeof value === "string") return partner.get(value) ?? value;
    if (Array.isArray(value)) return value.map(themed);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, themed(inner)]));
  }

  const charts = [...document.querySelectorAll("figure.chart")].map((figure) => ({
    plot: figure.querySelector(".plot"),
    words: figure.querySelector("figcaption"),
    picker: figure.querySelector("select"),
    numbers: figure.querySelector("details"),
    views: JSON.parse(figure.querySelector("script").textContent),
    shown: 0,
    at: -1,
  }));

  function draw(chart) {
    const view = chart.views[chart.shown];
    const { data, layout } = dark.matches && !printing ? themed(view.figure) : view.figure;
    // A finger on a chart scrolls the page; a mouse may zoom.
    const asked = { ...layout, dragmode: touch.matches ? false : "zoom" };
    if (printing) asked.width = Math.min(chart.plot.clientWidth, paperWidth);
    Plotly.react(chart.plot, data, asked, { responsive: true, displayModeBar: false, displaylogo: false });
    chart.plot.setAttribute("aria-label", `${chart.plot.dataset.title}. ${view.caption}`);
    chart.words.textContent = view.caption;
    chart.at = -1;
    tabulate(chart);
  }

  // -- the numbers of a chart as a table ------------------------------------------------------------------------------

  const isDrawn = (trace) => trace.visible !== "legendonly" && trace.visible !== false;
  const words = (markup) => new DOMParser().parseFromString(String(markup), "text/html").body.textContent;

  // One column per trace; the places on the axis are the rows.
  function columnsOf(figure) {
    const made = [];
    for (const trace of figure.data) {
      const bounds = trace.meta?.bounds;
      if (bounds) {
        made.push({ name: `${trace.name}, low`, at: bounds.x, values: bounds.low });
        made.push({ name: `${trace.name}, high`, at: bounds.x, values: bounds.high });
      } else if (trace.hoverinfo !== "skip" && trace.x?.length) {
        const across = trace.orientation === "h";
        made.push({ name: trace.name, at: across ? trace.y : trace.x, values: across ? trace.x : trace.y });
      }
    }
    return made;
  }

  // Traces that have the same place several times (dots of a cloud) are listed point by point.
  function rowsOf(columns) {
    if (columns.some(({ at }) => new Set(at).size < at.length)) {
      return columns.flatMap(({ name, at, values }) => at.map((x, row) => [name, x, values[row]]));
    }
    const rows = new Map();
    columns.forEach(({ at, values }, column) => {
      at.forEach((x, row) => {
        if (!rows.has(x)) rows.set(x, [x, ...columns.map(() => null)]);
        rows.get(x)[column + 1] = values[row];
      });
    });
    const made = [...rows.values()];
    const ordered = made.every(([x]) => typeof x === "number") || figureIsInTime(made);
    return ordered ? made.sort((a, b) => (a[0] < b[0] ? -1 : 1)) : made;
  }

  const figureIsInTime = (rows) => rows.every(([x]) => /^\d{4}-\d\d-\d\d/.test(String(x)));

  function shownNumber(value) {
    if (value === null || value === undefined) return "–";
    return typeof value === "number" ? String(Number(value.toPrecision(6))) : words(value);
  }

  function tabulate(chart) {
    chart.numbers.querySelector(".scroll")?.remove();
    if (!chart.numbers.open) return;
    const figure = chart.views[chart.shown].figure;
    const columns = columnsOf(figure);
    const rows = rowsOf(columns);
    const isList = rows.length > 0 && columns.length + 1 !== rows[0].length || rows.some((row) => row[0] === columns[0].name);
    const axis = figure.layout.xaxis?.title?.text ?? "";
    const titles = isList ? ["", axis, ""] : [axis, ...columns.map(({ name }) => words(name))];
    const table = document.createElement("table");
    table.createCaption().textContent = `Numbers of: ${chart.plot.dataset.title}`;
    const head = table.createTHead().insertRow();
    for (const title of titles) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = title;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows.slice(0, mostRows)) {
      const line = body.insertRow();
      row.forEach((value) => { line.insertCell().textContent = shownNumber(value); });
    }
    const box = document.createElement("div");
    box.className = "scroll";
    box.tabIndex = 0;
    box.append(table);
    chart.numbers.append(box);
  }

  // -- a chart under the keyboard ---------------------------------------------------------------------------------------

  // The trace that the arrows walk along: of those that show something when pointed at, the longest.
  function walked(plot) {
    const traces = plot.data.map((trace, curve) => ({ curve, length: trace.x?.length ?? 0, trace }));
    const known = traces.filter(({ trace, length }) => length && isDrawn(trace) && trace.hoverinfo !== "skip");
    return known.sort((a, b) => b.length - a.length)[0];
  }

  function walk(chart, event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const end = { Home: 0, End: Infinity }[event.key];
    if (event.key === "Escape") {
      Plotly.Fx.unhover(chart.plot);
      chart.at = -1;
    }
    const along = walked(chart.plot);
    if ((step === undefined && end === undefined) || !along || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = end ?? (chart.at < 0 && step < 0 ? Infinity : chart.at + step);
    chart.at = Math.max(0, Math.min(along.length - 1, next));
    const x = along.trace.x[chart.at];
    Plotly.Fx.hover(chart.plot, [{ curveNumber: along.curve, pointNumber: chart.at }]);
    const said = chart.plot.data
      .filter((trace) => isDrawn(trace) && trace.hoverinfo !== "skip" && trace.x?.length && trace.orientation !== "h")
      .map((trace) => [trace.name, trace.y[[...trace.x].indexOf(x)]])
      .filter(([, y]) => y !== undefined && y !== null);
    const bar = along.trace.orientation === "h" ? [[along.trace.y[chart.at], x]] : said;
    const place = along.trace.orientation === "h" ? "" : `${words(x)}: `;
    spoken.textContent = place + bar.map(([name, y]) => `${words(name)} ${shownNumber(y)}`).join(", ");
  }

  // Charts that show the same series follow each other.
  function pick(label) {
    for (const chart of charts) {
      const place = chart.views.findIndex((view) => view.label === label);
      if (!chart.picker || place < 0) continue;
      chart.shown = place;
      chart.picker.value = String(place);
      draw(chart);
    }
  }

  const all = () => charts.forEach(draw);
  for (const chart of charts) {
    chart.picker?.addEventListener("change", () => pick(chart.views[Number(chart.picker.value)].label));
    chart.plot.addEventListener("keydown", (event) => walk(chart, event));
    chart.plot.addEventListener("blur", () => Plotly.Fx.unhover(chart.plot));
    chart.numbers.addEventListener("toggle", () => tabulate(chart));
  }
  dark.addEventListener("change", all);
  addEventListener("beforeprint", () => { printing = true; all(); });
  addEventListener("afterprint", () => { printing = false; all(); });
  all();
})();
