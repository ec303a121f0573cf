// What the page draws: bars, histograms with a brush, the heat map.

// Bars over bins, and a brush over the bars. `chosen` gets positions between bins, and whether the same drag goes on.
function histogram(label, chosen) {
  const picture = svg("svg", { class: "bc-histogram", preserveAspectRatio: "none", role: "img", "aria-label": label });
  const bars = svg("g"), brush = svg("rect", { class: "bc-brush", y: 0, height: 100 });
  picture.append(bars, brush);
  let size = 1, start = null, dragged = null;
  const place = (event) => {
    const box = picture.getBoundingClientRect();
    return Math.min(size - 1e-6, Math.max(0, ((event.clientX - box.left) / box.width) * size));
  };
  const show = ([low, high]) => { brush.setAttribute("x", low); brush.setAttribute("width", Math.max(high - low, 0)); };
  picture.addEventListener("pointerdown", (event) => {
    start = place(event);
    picture.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  picture.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const at = place(event);
    const goesOn = dragged !== null;
    dragged = [Math.floor(Math.min(start, at)), Math.ceil(Math.max(start, at) + 1e-9)];
    show(dragged);
    chosen(dragged, goesOn);
  });
  const end = () => { if (dragged) chosen(dragged, true); start = dragged = null; };
  picture.addEventListener("pointerup", end);
  picture.addEventListener("pointercancel", end);
  picture.addEventListener("dblclick", () => chosen([0, size]));
  return {
    node: picture,
    // `textOf` says what a bar stands for.
    update(counts, edges, exact, textOf) {
      const span = [Math.floor(exact[0]), Math.ceil(exact[1])];
      size = counts.length;
      picture.setAttribute("viewBox", `0 0 ${size} 100`);
      while (bars.childNodes.length < size) {
        const bar = svg("rect", { width: 0.88 });
        bar.append(svg("title"));
        bars.append(bar);
      }
      while (bars.childNodes.length > size) bars.lastChild.remove();
      const top = Math.max(1, ...counts);
      counts.forEach((count, at) => {
        const bar = bars.childNodes[at], height = (96 * count) / top;
        bar.setAttribute("x", at + 0.06);
        bar.setAttribute("y", 100 - height);
        bar.setAttribute("height", height);
        bar.classList.toggle("bc-out", at < span[0] || at >= span[1]);
        setText(bar.firstChild, `${textOf(at)}: ${number(count)} calls`);
      });
      if (start === null) show(span[0] === 0 && span[1] === size ? [0, 0] : exact);
    },
  };
}

// Where the chosen values lie among the edges: 1.5 is the middle of the second bin.
function spanOf(control) {
  const { edges } = control, last = edges.length - 1;
  if (control.kind === "days") {
    const from = control.low == null ? 0 : Math.max(0, edges.findLastIndex((edge) => edge <= control.low));
    const to = control.high == null ? -1 : control.last_days.findIndex((day) => day >= control.high);
    return [from, to < 0 ? last : Math.max(to + 1, from)];
  }
  if (control.kind === "hours") return [control.low ?? 0, control.high == null ? last : control.high + 1];
  const place = (value) => {
    const at = edges.findLastIndex((edge) => edge <= value);
    return at < 0 ? 0 : at >= last ? last : at + (value - edges[at]) / (edges[at + 1] - edges[at]);
  };
  return [control.low == null ? 0 : place(control.low), control.high == null ? last : place(control.high)];
}

function valuesOf(control, [from, to]) {
  const last = control.edges.length - 1;
  const low = from <= 0 ? null : control.edges[from];
  const high = to >= last ? null : control.kind === "hours" ? to - 1
    : control.kind === "days" ? control.last_days[to - 1] : control.edges[to];
  return low === null && high === null ? null : [low, high];
}

// The two ends of a brush, for the keyboard too. `set` gets positions between bins.
function sliderPair(label, set) {
  const slider = (side) => h("input", { type: "range", min: 0, step: 1, "aria-label": `${label} ${side}`,
    class: `bc-slider bc-${side}`, oninput: () => {
      let low = Number(ends[0].value), high = Number(ends[1].value);
      if (low >= high) {
        if (side === "from") low = high - 1; else high = low + 1;
        ends[0].value = low; ends[1].value = high;
      }
      set([low, high]);
    } });
  const ends = [slider("from"), slider("to")];
  return {
    node: h("div", { class: "bc-sliders" }, ...ends),
    update(last, span, textOf) {
      ends.forEach((each, at) => {
        each.max = last;
        each.value = at ? Math.ceil(span[1]) : Math.floor(span[0]);
        each.setAttribute("aria-valuetext", textOf(Number(each.value), at));
      });
    },
  };
}

// Words below a chart, each at its position among the bins.
function axisOf(ticks, last, node) {
  const key = JSON.stringify(ticks);
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.replaceChildren(...ticks.map(([at, text]) => h("span", { style: `left: ${(100 * at) / last}%` }, text)));
}

function panel(name, title, ...parts) {
  const note = h("p", { class: "bc-note" });
  const node = h("section", { class: "bc-panel", "data-view": name, "aria-label": title }, h("h4", {}, title), ...parts, note);
  return { node, note };
}

function bars(name, title, clicked) {
  const list = h("div", { class: "bc-bars" });
  const { node, note } = panel(name, title, list);
  const rows = [];
  const stops = roving(list, () => rows.map((row) => row.node).filter((each) => !each.hidden));
  return {
    node,
    update(data) {
      node.hidden = !data;
      if (!data) return;
      const top = Math.max(1, ...data.bars.map((bar) => bar.n_calls));
      while (rows.length < data.bars.length) {
        const row = { label: h("span", { class: "bc-name" }), bar: h("span", { class: "bc-bar" }), count: h("span", { class: "bc-count" }) };
        const parts = [row.label, h("span", { class: "bc-track" }, row.bar), row.count];
        row.node = h("button", { type: "button", class: "bc-row", onclick: () => clicked(row.data) }, ...parts);
        rows.push(row);
        list.append(row.node);
      }
      rows.forEach((row, at) => {
        const bar = row.data = data.bars[at];
        row.node.hidden = !bar;
        if (!bar) return;
        setText(row.label, bar.label);
        row.node.title = `${bar.label}: ${number(bar.n_calls)} calls, ${(100 * bar.share).toFixed(1)} %`;
        row.bar.style.width = `${(100 * bar.n_calls) / top}%`;
        row.bar.hidden = !bar.n_calls;
        setText(row.count, number(bar.n_calls));
        row.node.setAttribute("aria-pressed", String(bar.chosen));
      });
      node.classList.toggle("bc-some", data.bars.some((bar) => bar.chosen));
      stops.refresh();
      setText(note, data.note);
    },
  };
}

function talkTimes(send) {
  let now = null;
  const drawn = histogram("Calls by talk time; drag to choose", (span, goesOn) => send("set", "talk_time", valuesOf(now, span), goesOn));
  const axis = h("div", { class: "bc-axis", "aria-hidden": "true" });
  const { node, note } = panel("talk_time", "Talk time", h("div", { class: "bc-range bc-large" }, drawn.node), axis);
  return {
    node,
    update(control) {
      node.hidden = !control;
      if (!control) return;
      now = control;
      drawn.update(control.counts, control.edges, spanOf(control), (at) => `${control.edges[at]} to ${control.edges[at + 1]} s`);
      const last = control.edges.length - 1, step = Math.max(1, Math.ceil(last / 8)), ticks = [];
      for (let at = 0; at < last; at += step) ticks.push([at, at === 0 ? "0 s" : String(control.edges[at])]);
      axisOf(ticks, last, axis);
      setText(note, `${control.note}; the last bar reaches ${number(control.edges[last])} s. Drag to choose, double-click for all.`);
    },
  };
}

const inWords = (day, options) => new Date(`${day}T12:00:00`).toLocaleDateString("en-GB", options);

// Mondays, firsts of months or of years: as many as there is room for.
function dayTicks(edges) {
  const last = edges.length - 1;
  const kinds = [
    [(day) => new Date(`${day}T12:00:00`).getDay() === 1, { day: "numeric", month: "short" }],
    [(day, before) => !before || day.slice(0, 7) !== before.slice(0, 7), { month: "short", year: "2-digit" }],
    [(day, before) => !before || day.slice(0, 4) !== before.slice(0, 4), { year: "numeric" }],
  ];
  const found = kinds.map(([is, words]) => edges.slice(0, last).flatMap((day, at) =>
    (is(day, edges[at - 1]) && at < 0.94 * last ? [[at, inWords(day, words)]] : [])));
  return found.find((ticks) => ticks.length && ticks.length <= 10) ?? [[0, edges[0]]];
}

function dayChart(send) {
  let now = null;
  const set = (span, goesOn) => send("set", "day", valuesOf(now, span), goesOn);
  const drawn = histogram("Calls by day; drag to choose days", set), sliders = sliderPair("Days of the chart", set);
  const axis = h("div", { class: "bc-axis", "aria-hidden": "true" });
  const { node, note } = panel("days", "Days", h("div", { class: "bc-range bc-low" }, drawn.node, sliders.node), axis);
  node.classList.add("bc-wide");
  return {
    node,
    update(data) {
      node.hidden = !data;
      if (!data) return;
      now = data;
      const span = spanOf(data), last = data.edges.length - 1;
      const named = (at) => {
        const [from, to] = [data.edges[at], data.last_days[at]];
        const words = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
        return from === to ? inWords(from, words) : `${inWords(from, words)} to ${inWords(to, words)}`;
      };
      drawn.update(data.counts, data.edges, span, named);
      sliders.update(last, span, (place, at) => (at ? data.last_days[place - 1] : data.edges[place]) ?? "");
      axisOf(dayTicks(data.edges), last, axis);
      setText(note, `${data.note}. Drag to choose, double-click for all.`);
    },
  };
}

function heatMap(send) {
  const grid = h("div", { class: "bc-heat", role: "grid" });
  const { node, note } = panel("heatmap", "Weekday and hour", grid);
  const cells = [];
  const stops = roving(grid, () => cells, () => 24);
  const a_day = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: value < 1 ? 2 : 1 });
  function build(data) {
    data.days.forEach((day, row) => {
      const line = h("div", { class: "bc-line", role: "row" }, h("span", { class: "bc-day", role: "rowheader" }, day.slice(0, 3)));
      for (let hour = 0; hour < 24; hour++) {
        const cell = h("button", { type: "button", class: "bc-cell", role: "gridcell", onclick: () => send("cell", "", [row, hour]) });
        cells.push(cell);
        line.append(cell);
      }
      grid.append(line);
    });
    const hours = Array.from({ length: 24 }, (_, hour) => h("span", { class: "bc-hour" }, hour % 6 ? "" : String(hour)));
    grid.append(h("div", { class: "bc-line", "aria-hidden": "true" }, h("span"), ...hours));
    stops.refresh();
  }
  return {
    node,
    update(data) {
      node.hidden = !data;
      if (!data) return;
      if (!cells.length) build(data);
      const means = data.a_day.flat(), counts = data.counts.flat(), days = data.n_days.flat(), chosen = data.chosen.flat();
      const top = Math.max(0, ...means.filter((each) => each !== null));
      grid.classList.toggle("bc-some", chosen.includes(false));
      means.forEach((mean, at) => {
        const cell = cells[at], name = `${data.days[Math.floor(at / 24)]} ${at % 24}:00`;
        const text = mean === null ? `${name}: no such day` : `${name}: ${a_day(mean)} calls a day (${number(counts[at])} on ${a_day(days[at])} days)`;
        cell.style.setProperty("--heat", `${Math.round((100 * (mean ?? 0)) / (top || 1))}%`);
        cell.classList.toggle("bc-nil", mean === null);
        cell.title = text;
        cell.setAttribute("aria-label", text);
        cell.setAttribute("aria-selected", String(chosen[at] && chosen.includes(false)));
      });
      const best = means.indexOf(top);
      const most = top ? `; most on ${data.days[Math.floor(best / 24)]} at ${best % 24}:00, ${a_day(top)} a day` : "";
      grid.setAttribute("aria-label", `Calls a day by weekday and hour${most}`);
      setText(note, `${data.note}${most}. Click to choose.`);
    },
  };
}
