// A control for each filter.

function optionsControl(control, send) {
  const boxes = [], counts = [], rows = [];
  const list = h("div", { class: "bc-options" });
  control.labels.forEach((label, place) => {
    const box = h("input", { type: "checkbox", onchange: () => {
      if (control.single && box.checked) boxes.forEach((other) => { if (other !== box) other.checked = false; });
      send("tick", control.name, boxes.flatMap((each, at) => (each.checked ? [at] : [])));
    } });
    const count = h("span", { class: "bc-count" });
    const row = h("label", { class: "bc-option", title: label }, box, h("span", { class: "bc-name" }, label), count);
    boxes.push(box); counts.push(count); rows.push(row);
    list.append(row);
  });
  const stops = roving(list, () => boxes.filter((_, at) => !rows[at].hidden));
  stops.refresh();
  let find = null;
  if (control.labels.length > 12) {
    find = h("input", { type: "search", placeholder: `Find among ${number(control.total)}`,
      "aria-label": `Find in ${control.label}`, oninput: () => {
        const part = find.value.toLowerCase();
        rows.forEach((row, at) => { row.hidden = !control.labels[at].toLowerCase().includes(part); });
        stops.refresh();
      } });
  }
  const more = control.total > control.labels.length
    ? h("p", { class: "bc-note" }, `${number(control.labels.length)} of ${number(control.total)} choices shown`) : null;
  return {
    parts: [find, list, more],
    update(now) {
      now.counts.forEach((count, at) => {
        setText(counts[at], number(count));
        rows[at].classList.toggle("bc-none", count === 0);
        boxes[at].checked = now.chosen[at] === true;
        boxes[at].indeterminate = now.chosen[at] === null;
      });
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

