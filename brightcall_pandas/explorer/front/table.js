// The table of calls: sorted by its headers, searched, paged; a click on a cell chooses its value.

function callTable(send, report) {
  // What was asked for counts at once: the next click may come before the answer.
  function ask(name, value) {
    now = { ...now, ...value };
    send("table", name, value);
  }
  const change = (name, value) => ask(name, { [name]: value });
  const find = h("input", { type: "search", placeholder: "Find in the table", "aria-label": "Find in the table", class: "bc-find",
    oninput: later(() => change("find", find.value), TYPING_MS) });
  const size = h("select", { "aria-label": "Rows of a page", onchange: () => change("size", Number(size.value)) });
  const button = (label, name, action) => h("button", { type: "button", class: "bc-button", "data-do": name, onclick: action }, label);
  const back = button("‹ Back", "page-back", () => change("page", now.page - 1));
  const next = button("Next ›", "page-next", () => change("page", now.page + 1));
  const place = h("span", { class: "bc-count", role: "status" });
  const copyRows = button("Copy rows", "copy-rows", async () => {
    await copy([now.names, ...now.rows].map((row) => row.map((cell) => cell.replace(/[\t\r\n]+/g, " ")).join("\t")).join("\n"));
    report(now.rows.length === 1 ? "1 row copied, with its headings" : `${number(now.rows.length)} rows copied, with their headings`);
  });
  const list = h("div", { class: "bc-options" });
  const columns = h("details", { class: "bc-columns" }, h("summary", { class: "bc-button" }, "Columns"), list);
  columns.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !columns.open) return;
    event.stopPropagation();
    columns.open = false;
    columns.firstChild.focus();
  });
  const head = h("tr", { role: "row" }), body = h("tbody", { role: "rowgroup" });
  const table = h("table", { role: "grid", "aria-label": "Calls that pass" }, h("thead", { role: "rowgroup" }, head), body);
  const { node, note } = panel("table", "Calls",
    h("div", { class: "bc-tools", role: "toolbar", "aria-label": "The table" }, find, columns, copyRows, h("span", { class: "bc-group" }, back, place, next, size)),
    h("div", { class: "bc-scroll" }, table));
  node.classList.add("bc-wide");
  let now = null, cells = [];
  const stops = roving(body, () => cells, () => now.names.filter((name) => now.picks[name]).length || 1);

  function drawHead() {
    const sorted = focusNear(head)?.closest?.("th")?.dataset.column;
    head.replaceChildren(...now.names.map((name, at) => {
      const mine = now.sort === name, order = !mine ? "none" : now.descending ? "descending" : "ascending";
      // First click ascending, second descending, third the order of the frame.
      const click = () => ask("sort", now.sort !== name ? { sort: name, descending: false } : now.descending ? { sort: "", descending: false } : { sort: name, descending: true });
      return h("th", { scope: "col", role: "columnheader", "aria-sort": order, "data-column": name, class: now.numeric[at] ? "bc-number" : null },
        h("button", { type: "button", class: "bc-sort", title: `Sort by ${name}`, onclick: click }, name, h("span", { "aria-hidden": "true" },
          { none: "", ascending: " ▲", descending: " ▼" }[order])));
    }));
    if (sorted) [...head.children].find((each) => each.dataset.column === sorted)?.firstChild.focus();
  }

  // Every cell of a column that can be chosen is a button, an empty one too: arrows go from row to row.
  function drawBody() {
    const focused = cells.indexOf(focusNear(body));
    cells = [];
    body.replaceChildren(...now.rows.map((row, line) => h("tr", { role: "row" }, ...row.map((text, at) => {
      const name = now.names[at], attributes = { role: "gridcell", class: now.numeric[at] ? "bc-number" : null };
      if (!now.picks[name]) return h("td", attributes, text);
      const dead = text === "" || (text === "not known" && now.numeric[at]); // an outcome may be called so
      const cell = h("button", { type: "button", class: "bc-pick", "aria-disabled": dead ? "true" : null,
        "aria-label": dead ? `no ${name}` : null, title: dead ? null : `Only calls with ${name} ${text}`,
        onclick: () => { if (!dead) send("pick", name, now.positions[line]); } }, text || "\u00a0");
      cells.push(cell);
      return h("td", attributes, cell);
    }))));
    const stop = stops.refresh();
    if (focused >= 0) (cells[focused] ?? stop)?.focus();
  }

  function drawColumns() {
    const boxes = now.choices.map((name) => {
      const box = h("input", { type: "checkbox", onchange: () => change("columns", boxes.flatMap((each, at) => (each.checked ? [now.choices[at]] : []))) });
      list.append(h("label", { class: "bc-option" }, box, h("span", { class: "bc-name" }, name)));
      return box;
    });
    roving(list, () => boxes).refresh();
    size.replaceChildren(...now.sizes.map((rows) => h("option", { value: rows }, `${rows} rows`)));
    return (shown) => boxes.forEach((box, at) => { box.checked = shown.includes(now.choices[at]); });
  }

  let tick = null, keys = ["", ""];
  return {
    node,
    update(data) {
      now = data;
      tick ??= drawColumns();
      tick(data.names);
      const fresh = [JSON.stringify([data.names, data.sort, data.descending]), JSON.stringify([data.names, data.positions, data.rows])];
      if (fresh[0] !== keys[0]) drawHead();
      if (fresh[1] !== keys[1]) drawBody();
      keys = fresh;
      setValue(find, data.find);
      size.value = String(data.size);
      back.disabled = data.page === 0;
      next.disabled = data.page >= data.n_pages - 1;
      setText(place, `page ${number(data.page + 1)} of ${number(data.n_pages)}`);
      setText(note, `${data.note}. Click on a heading to sort, on a cell for the calls with its value.`);
    },
  };
}
