"use strict";
// Tables that can be sorted: a button in each title of a column, worked with a mouse or the keyboard.
(() => {
  const missing = "–";

  // A cell's own key first; else its text as a number (1,234.5 or 12%), else its text.
  function keyOf(cell) {
    if (cell.dataset.key !== undefined) return Number(cell.dataset.key);
    const text = cell.textContent.trim();
    if (text === missing || text === "") return null;
    const number = Number(text.replace(/[,%\s]/g, ""));
    return Number.isNaN(number) ? text : number;
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), "en", { numeric: true });
  }

  function sort(table, column, descending) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, key: keyOf(row.cells[column]) }));
    // What is missing stays last in both directions.
    rows.sort((a, b) => {
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return descending ? compare(b.key, a.key) : compare(a.key, b.key);
    });
    body.append(...rows.map(({ row }) => row));
  }

  function makeSortable(table) {
    const titles = [...table.tHead.rows[0].cells];
    titles.forEach((title, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...title.childNodes);
      title.append(button);
      button.addEventListener("click", () => {
        const descending = title.getAttribute("aria-sort") === "ascending";
        for (const other of titles) other.removeAttribute("aria-sort");
        title.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
    });
  }

  // A box is a stop of the keyboard only where it has something to scroll.
  const boxes = [...document.querySelectorAll(".scroll, .wide, pre")];
  function reach() {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  document.querySelectorAll("table[data-sortable]").forEach(makeSortable);
  addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
  reach();
})();
