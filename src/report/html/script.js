"use strict";
// Tables can be sorted, jobs narrowed, and all that the pages show be found. Without this script the page holds the same, in the order it was written.

const key = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent.trim();
};

const sort = (table, column, numeric, descending) => {
  const body = table.tBodies[0];
  const compare = (a, b) => {
    const [left, right] = [key(a, column), key(b, column)];
    // What has no figure comes last, whichever way.
    if (left === "" || right === "") return (left === "") - (right === "");
    const order = numeric ? left - right : left.localeCompare(right, "en", { numeric: true });
    return descending ? -order : order;
  };
  body.append(...[...body.rows].sort(compare));
};

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    if ("plain" in header.dataset) return;
    const numeric = [...table.tBodies[0].rows].some((row) => row.cells[column]?.dataset.sort);
    // No <button>: browsers leave it out where a printed table repeats its header.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const now = header.getAttribute("aria-sort");
      const descending = now ? now === "ascending" : numeric;
      headers.forEach((other) => other.removeAttribute("aria-sort"));
      header.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, numeric, descending);
    });
  });
}

for (const tools of document.querySelectorAll("[data-tools]")) {
  const rows = [...document.getElementById(tools.dataset.tools).tBodies[0].rows];
  const [search, department, output] = ["input", "select", "output"].map((name) => tools.querySelector(name));
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase();
      const fits = !department?.value || row.cells[1].textContent === department.value;
      row.hidden = !(fits && words.every((word) => text.includes(word)));
      shown += !row.hidden;
    }
    // Rows that are searched for are all seen, however many.
    rows[0]?.closest(".scroll").classList.toggle("searched", shown < rows.length);
    output.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} jobs`;
  };
  search.addEventListener("input", filter);
  department?.addEventListener("change", filter);
  tools.hidden = false;
}
