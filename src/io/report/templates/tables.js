"use strict";
(() => {
  window.addEventListener("error", event => { document.documentElement.dataset.error = event.message; });

  // Tables: a heading sorts by its column, once more the other way.
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
    const value = (row, column) => {
      const cell = row.cells[column];
      return cell.dataset.value === undefined ? cell.textContent : cell.dataset.value;
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const rows = [...body.rows];
        const numbers = rows.every(row => isFinite(parseFloat(value(row, column))) || value(row, column) === "–");
        const down = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : numbers;
        const order = (a, b) => numbers
          ? (parseFloat(value(a, column)) || 0) - (parseFloat(value(b, column)) || 0)
          : value(a, column).localeCompare(value(b, column));
        rows.sort((a, b) => (down ? -1 : 1) * order(a, b));
        heads.forEach(other => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...rows);
      });
    });
  }
})();
