// A control for each filter.

function optionsControl(control, send) {
  let now = control, rows = [], drawn = "";
  const list = h("div", { class: "bc-options" });
  const stops = roving(list, () => rows.map((row) => row.box));
  // The kernel looks for it: of thousands of choices the page has only some.
  const find = control.total <= 12 ? null : h("input", { type: "search", placeholder: `Find among ${number(control.total)}`,
    "aria-label": `Find in ${control.label}`, oninput: later(() => send("find", control.name, find.value), TYPING_MS) });
  const note = h("p", { class: "bc-note", role: "status" });
  const tick = (box) => {
    if (control.single && box.checked) rows.forEach((other) => { if (other.box !== box) other.box.checked = false; });
    send("tick", control.name, rows.flatMap((row) => (row.box.checked ? [row.place] : [])));
  };
  function draw() {
    const focused = rows.find((row) => row.box === focusNear(list))?.place;
    rows = now.labels.map((label, at) => {
      const box = h("input", { type: "checkbox", onchange: () => tick(box) }), count = h("span", { class: "bc-count" });
      const node = h("label", { class: "bc-option", title: label }, box, h("span", { class: "bc-name" }, label), count);
      return { box, count, node, place: now.places[at] };
    });
    list.replaceChildren(...rows.map((row) => row.node));
    const stop = stops.refresh();
    if (focused !== undefined) (rows.find((row) => row.place === focused)?.box ?? stop ?? find)?.focus();
  }
  return {
    parts: [find, list, note],
    update(fresh) {
      now = fresh;
      if (drawn !== String(now.places)) draw();
      drawn = String(now.places);
      rows.forEach((row, at) => {
        setText(row.count, number(now.counts[at]));
        row.node.classList.toggle("bc-none", now.counts[at] === 0);
        row.box.checked = now.chosen[at] === true;
        row.box.indeterminate = now.chosen[at] === null;
      });
      if (find) setValue(find, now.find);
      const all = now.find ? `${number(now.n_found)} of ${number(now.total)} choices have “${now.find}”` : `${number(now.total)} choices`;
      const more = now.n_found > now.labels.length ? `${number(now.labels.length)} shown of ${all}; find the others` : now.find ? all : "";
      setText(note, more);
      note.hidden = !more;
    },
  };
}

function rangeControl(control, send) {
  let now = control;
  const set = (span, goesOn) => send("set", control.name, valuesOf(now, span), goesOn);
  const drawn = histogram(`${control.label}: calls by value; drag to choose`, set);
  const hours = control.kind === "hours";
  const sliders = sliderPair(control.label, set);
  const exact = later(() => {
    const read = (node) => (node.value === "" ? null : Number(node.value));
    const pair = numbers.map(read);
    send("set", control.name, pair.every((each) => each === null) ? null : pair);
  }, TYPING_MS);
  const box = (side) => h("input", { type: "number", min: 0, max: hours ? 23 : null, step: "any",
    placeholder: side === "from" ? "least" : "most", "aria-label": `${control.label} ${side}, exactly`, oninput: exact });
  const numbers = [box("from"), box("to")];
  const note = h("p", { class: "bc-note" });
  return {
    parts: [h("div", { class: "bc-range" }, drawn.node, sliders.node),
      h("div", { class: "bc-pair" }, numbers[0], h("span", {}, "to"), numbers[1],
        h("span", {}, hours ? "h" : "s")), note],
    update(fresh) {
      now = fresh;
      const span = spanOf(fresh), last = fresh.edges.length - 1;
      drawn.update(fresh.counts, fresh.edges, span, (at) => `${fresh.edges[at]} to ${fresh.edges[at + 1]} ${hours ? "h" : "s"}`);
      const shown = [fresh.low, fresh.high];
      sliders.update(last, span, (place, at) =>
        (hours ? `${shown[at] ?? fresh.edges[place]} o'clock` : `${shown[at] ?? fresh.edges[place]} seconds`));
      setValue(numbers[0], fresh.low == null ? "" : String(fresh.low));
      setValue(numbers[1], fresh.high == null ? "" : String(fresh.high));
      setText(note, fresh.note ?? "");
    },
  };
}

function daysControl(control, send) {
  const set = later(() => {
    const pair = days.map((day) => day.value || null);
    send("set", control.name, pair.every((each) => each === null) ? null : pair);
  }, TYPING_MS);
  const day = (side) => h("input", { type: "date", "aria-label": `${control.label} ${side}`, oninput: set });
  const days = [day("from"), day("to")];
  return {
    parts: [h("div", { class: "bc-pair" }, h("label", {}, "from", days[0]), h("label", {}, "to", days[1]))],
    update(now) {
      days.forEach((each) => { each.min = now.least ?? ""; each.max = now.most ?? ""; });
      setValue(days[0], now.low ?? "");
      setValue(days[1], now.high ?? "");
    },
  };
}

function textControl(control, send) {
  const set = later(() => send("set", control.name, field.value), TYPING_MS);
  const field = h("input", { type: "search", "aria-label": control.label, placeholder: control.single
    ? (control.name === "search_string" ? "any part of a text" : "exactly") : "one or more, with commas", oninput: set });
  return { parts: [field], update(now) { setValue(field, now.value); } };
}

const KINDS = { options: optionsControl, range: rangeControl, hours: rangeControl, days: daysControl, text: textControl };

