"use strict";

// Sort a table by a click on a heading, filter its rows, and find the page of a domain. Without this all pages work.

const words = () => decodeURIComponent(location.hash.slice(1)).replace(/^q=/, "");

for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll("th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[column].textContent;
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => text(a).localeCompare(text(b), undefined, { numeric: true }) * (down ? -1 : 1));
      table.tBodies[0].append(...rows);
    });
  });
}

const filter = document.getElementById("filter");
if (filter) {
  const rows = [...document.querySelectorAll("table.filtered tbody tr")];
  const apply = () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  };
  filter.addEventListener("input", apply);
  filter.value = words();
  apply();
}

const find = document.getElementById("find");
if (find) {
  const pages = [...document.querySelectorAll("#pages a[data-last]")];
  find.addEventListener("keydown", (event) => {
    const wanted = find.value.trim().toLowerCase();
    if (event.key !== "Enter" || !wanted) return;
    // Names are sorted by code point, as they are compared here.
    const page = pages.find((each) => each.dataset.last >= wanted) ?? pages.at(-1);
    if (page) location.href = `${page.getAttribute("href")}#q=${encodeURIComponent(wanted)}`;
  });
}
