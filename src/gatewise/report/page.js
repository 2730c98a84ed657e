"use strict";
// Draws every chart of the page: in the theme of the reader, anew when that changes, in the light one for paper.
(() => {
  const partner = new Map(Object.entries(JSON.parse(document.getElementById("palette").textContent)));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)");
  const paperWidth = 680;
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
    views: JSON.parse(figure.querySelector("script").textContent),
    shown: 0,
  }));

  function draw(chart) {
    const view = chart.views[chart.shown];
    const { data, layout } = dark.matches && !printing ? themed(view.figure) : view.figure;
    // A finger on a chart scrolls the page; a mouse may zoom.
    const asked = { ...layout, dragmode: touch.matches ? false : "zoom" };
    if (printing) asked.width = Math.min(chart.plot.clientWidth, paperWidth);
    Plotly.react(chart.plot, data, asked, { responsive: true, displayModeBar: false, displaylogo: false });
    chart.plot.setAttribute("aria-label", view.caption);
    chart.words.textContent = view.caption;
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
  }
  dark.addEventListener("change", all);
  addEventListener("beforeprint", () => { printing = true; all(); });
  addEventListener("afterprint", () => { printing = false; all(); });
  all();
})();
