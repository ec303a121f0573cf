/* On a phone each row of a table of words is a block of its own (site.css): tell its cells what column they are of,
   and keep for screen readers what another display takes from them. */
for (const table of document.querySelectorAll("article .table-wrapper > table")) {
  const heads = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  const roles = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };
  for (const [tag, role] of Object.entries(roles)) {
    for (const each of tag === "table" ? [table] : table.querySelectorAll(tag)) each.setAttribute("role", role);
  }
  if (heads.length > 2) [...table.querySelectorAll("thead th")].slice(1).forEach((head) => head.classList.add("elsewhere"));
  if (!heads.some(Boolean)) table.tHead?.remove();
  for (const row of table.querySelectorAll("tbody tr")) {
    [...row.cells].forEach((cell, column) => {
      if (column && heads.length > 2 && heads[column]) {
        (cell.querySelector(":scope > p") ?? cell).dataset.column = heads[column];
      }
      if (!cell.textContent.trim()) cell.classList.add("empty");
    });
  }
}

/* Numbers and times in the tables of notebooks stay on one line; sentences wrap, and their column begins at the left. */
for (const cell of document.querySelectorAll("table.dataframe td")) {
  const length = cell.textContent.length;
  if (length > 40) cell.classList.add("long");
  if (length <= 40 && !(length > 24 && /[a-z] [a-z]/.test(cell.textContent))) continue;
  const fromEnd = cell.parentElement.cells.length - cell.cellIndex;
  for (const row of cell.closest("table").rows) row.cells[row.cells.length - fromEnd]?.classList.add("words");
}
