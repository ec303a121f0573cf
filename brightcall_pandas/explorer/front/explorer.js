// Draws what the kernel sends, and sends what a person does. It keeps no data: the model has no synced traits,
// so a notebook that is saved with its state holds none. Nothing is fetched from anywhere.

const SVG = "http://www.w3.org/2000/svg";
const REACHED = new Set(["input", "button", "summary"]);
const PATIENCE_MS = 4000;
const TYPING_MS = 250;
const ONE_STEP_MS = 1000; // changes of one control that follow each other as fast as this are one step of undo

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // JupyterLab takes arrows and letters for its own shortcuts, unless the very element says no.
  if (REACHED.has(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

function svg(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

const number = (value) => value.toLocaleString("en-GB");
const setText = (node, text) => { if (node.textContent !== text) node.textContent = text; };
const setValue = (node, value) => { if (document.activeElement !== node && node.value !== value) node.value = value; };

// One request at a time; of those that wait, the last for each control wins. `busy` hears whether one is open.
// Requests of one `step` are undone together. The page numbers them: to the kernel they may come late and far apart.
function requestQueue(model, busy) {
  const mine = Math.random().toString(36).slice(2);
  let count = 0, open = null, timer = null, step = 0, last = null;
  const waiting = new Map();
  function next() {
    clearTimeout(timer);
    open = null;
    const [key] = waiting.keys();
    busy(key !== undefined);
    if (key === undefined) return;
    const message = waiting.get(key);
    waiting.delete(key);
    open = message.number = `${mine}-${++count}`;
    model.send(message);
    timer = setTimeout(next, PATIENCE_MS);
  }
  return {
    send(action, name, value, sameStep = false) {
      const key = `${action === "tick" || action === "clear" ? "set" : action} ${name ?? ""}`;
      const now = performance.now();
      if (last?.key !== key || (!sameStep && now - last.at > ONE_STEP_MS)) step += 1;
      last = { key, at: now };
      waiting.delete(key);
      waiting.set(key, { do: action, name, value, step: `${mine}-${step}` });
      if (open === null) next();
    },
    answered(answer) { if (answer === open && open !== null) next(); },
    isWaiting(name) { return waiting.has(`set ${name}`); },
  };
}

function later(task, pause) {
  let timer = null;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => task(...given), pause); };
}

// ---- controls -------------------------------------------------------------------------------------------

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
  let find = null;
  if (control.labels.length > 12) {
    find = h("input", { type: "search", placeholder: `Find among ${number(control.total)}`,
      "aria-label": `Find in ${control.label}`, oninput: () => {
        const part = find.value.toLowerCase();
        rows.forEach((row, at) => { row.hidden = !control.labels[at].toLowerCase().includes(part); });
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
    update(counts, edges, exact, unit) {
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
        setText(bar.firstChild, `${edges[at]} to ${edges[at + 1]}${unit}: ${number(count)} calls`);
      });
      if (start === null) show(span[0] === 0 && span[1] === size ? [0, 0] : exact);
    },
  };
}

// Where the chosen values lie among the edges: 1.5 is the middle of the second bin.
function spanOf(control) {
  const { edges } = control, last = edges.length - 1;
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
  const high = to >= last ? null : control.kind === "hours" ? to - 1 : control.edges[to];
  return low === null && high === null ? null : [low, high];
}

function rangeControl(control, send) {
  let now = control;
  const set = (span, goesOn) => send("set", control.name, valuesOf(now, span), goesOn);
  const drawn = histogram(`${control.label}: calls by value; drag to choose`, set);
  const hours = control.kind === "hours";
  const slider = (side) => h("input", { type: "range", min: 0, step: 1, "aria-label": `${control.label} ${side}`,
    class: `bc-slider bc-${side}`, oninput: () => {
      let low = Number(sliders[0].value), high = Number(sliders[1].value);
      if (low >= high) {
        if (side === "from") low = high - 1; else high = low + 1;
        sliders[0].value = low; sliders[1].value = high;
      }
      set([low, high]);
    } });
  const sliders = [slider("from"), slider("to")];
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
    parts: [h("div", { class: "bc-range" }, drawn.node, h("div", { class: "bc-sliders" }, ...sliders)),
      h("div", { class: "bc-pair" }, numbers[0], h("span", {}, "to"), numbers[1],
        h("span", {}, hours ? "h" : "s")), note],
    update(fresh) {
      now = fresh;
      const span = spanOf(fresh), last = fresh.edges.length - 1;
      drawn.update(fresh.counts, fresh.edges, span, hours ? " h" : " s");
      sliders.forEach((each, at) => {
        each.max = last;
        each.value = at ? Math.ceil(span[1]) : Math.floor(span[0]);
        const shown = (at ? fresh.high : fresh.low) ?? fresh.edges[each.value];
        each.setAttribute("aria-valuetext", hours ? `${shown} o'clock` : `${shown} seconds`);
      });
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

// ---- views ----------------------------------------------------------------------------------------------

function panel(name, title, ...parts) {
  const note = h("p", { class: "bc-note" });
  const node = h("section", { class: "bc-panel", "data-view": name, "aria-label": title }, h("h4", {}, title), ...parts, note);
  return { node, note };
}

function bars(name, title, clicked) {
  const list = h("div", { class: "bc-bars" });
  const { node, note } = panel(name, title, list);
  const rows = [];
  return {
    node,
    update(data) {
      node.hidden = !data;
      if (!data) return;
      const top = Math.max(1, ...data.bars.map((bar) => bar.n_calls));
      while (rows.length < data.bars.length) {
        const row = { label: h("span", { class: "bc-name" }), bar: h("span", { class: "bc-bar" }), count: h("span", { class: "bc-count" }) };
        const parts = [row.label, h("span", { class: "bc-track" }, row.bar), row.count];
        row.node = clicked ? h("button", { type: "button", class: "bc-row", onclick: () => clicked(row.data) }, ...parts)
          : h("div", { class: "bc-row" }, ...parts);
        rows.push(row);
        list.append(row.node);
      }
      rows.forEach((row, at) => {
        const bar = row.data = data.bars[at];
        row.node.hidden = !bar;
        if (!bar) return;
        setText(row.label, bar.label);
        row.node.title = `${bar.label}: ${number(bar.n_calls)} calls${bar.share == null ? "" : `, ${(100 * bar.share).toFixed(1)} %`}`;
        row.bar.style.width = `${(100 * bar.n_calls) / top}%`;
        row.bar.hidden = !bar.n_calls;
        setText(row.count, number(bar.n_calls));
        if (clicked) row.node.setAttribute("aria-pressed", String(bar.chosen));
      });
      node.classList.toggle("bc-some", data.bars.some((bar) => bar.chosen));
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
      drawn.update(control.counts, control.edges, spanOf(control), " s");
      const last = control.edges.length - 1, step = Math.max(1, Math.ceil(last / 8));
      const ticks = [];
      for (let at = 0; at < last; at += step) ticks.push([at, control.edges[at]]);
      const key = ticks.join();
      if (axis.dataset.key !== key) {
        axis.dataset.key = key;
        axis.replaceChildren(...ticks.map(([at, value]) =>
          h("span", { style: `left: ${(100 * at) / last}%` }, at === 0 ? "0 s" : String(value))));
      }
      setText(note, `${control.note}; the last bar reaches ${number(control.edges[last])} s. Drag to choose, double-click for all.`);
    },
  };
}

function heatMap() {
  const grid = h("div", { class: "bc-heat", role: "img" });
  const { node, note } = panel("heatmap", "Weekday and hour", grid);
  const cells = [];
  return {
    node,
    update(data) {
      node.hidden = !data;
      if (!data) return;
      if (!cells.length) {
        data.days.forEach((day) => {
          grid.append(h("span", { class: "bc-day" }, day));
          for (let hour = 0; hour < 24; hour++) { const cell = h("span", { class: "bc-cell" }); cells.push(cell); grid.append(cell); }
        });
        grid.append(h("span"));
        for (let hour = 0; hour < 24; hour++) grid.append(h("span", { class: "bc-hour" }, hour % 6 ? "" : String(hour)));
      }
      const counts = data.counts.flat(), top = Math.max(...counts);
      counts.forEach((count, at) => {
        cells[at].style.setProperty("--heat", `${Math.round((100 * count) / (top || 1))}%`);
        cells[at].title = `${data.days[Math.floor(at / 24)]} ${at % 24}:00: ${number(count)} calls`;
      });
      const best = counts.indexOf(top);
      const most = top ? `; most on ${data.days[Math.floor(best / 24)]} at ${best % 24}:00` : "";
      grid.setAttribute("aria-label", `Calls by weekday and hour${most}`);
      setText(note, `${data.note}${top ? `; most in a cell: ${number(top)}` : ""}`);
    },
  };
}

function firstRows() {
  const head = h("tr"), body = h("tbody");
  const { node, note } = panel("table", "First rows",
    h("div", { class: "bc-scroll", tabindex: 0, role: "region", "aria-label": "First rows" }, h("table", {}, h("thead", {}, head), body)));
  node.classList.add("bc-wide");
  return {
    node,
    update(data) {
      head.replaceChildren(...data.names.map((name) => h("th", { scope: "col" }, name)));
      body.replaceChildren(...data.rows.map((row) => h("tr", {}, ...row.map((cell) => h("td", {}, cell)))));
      setText(note, data.note);
    },
  };
}

// ---- the page -------------------------------------------------------------------------------------------

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = h("textarea", { class: "bc-away" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

function toolbar(send, report) {
  let code = "";
  const button = (label, action, name) => h("button", { type: "button", class: "bc-button", "data-do": name, onclick: action }, label);
  const undo = button("Undo", () => send("undo"), "undo");
  const path = h("input", { type: "text", value: "calls.parquet", "aria-label": "File to save to", class: "bc-path" });
  const preset = h("input", { type: "text", placeholder: "preset", "aria-label": "Preset name", list: `bc-${Math.random()}`, class: "bc-preset" });
  const known = h("datalist", { id: preset.getAttribute("list") });
  const node = h("div", { class: "bc-toolbar", role: "toolbar", "aria-label": "What to do" },
    h("span", { class: "bc-group" }, button("Reset", () => send("reset"), "reset"), undo),
    h("span", { class: "bc-group" }, preset, known,
      button("Load", () => send("load preset", null, preset.value), "load-preset"),
      button("Save", () => send("save preset", null, preset.value), "save-preset"),
      button("Delete", () => send("delete preset", null, preset.value), "delete-preset")),
    h("span", { class: "bc-group" }, button("Copy code", async () => { await copy(code); report("Code copied"); }, "copy"),
      path, button("Save parquet", () => send("save", null, path.value), "save")));
  return {
    node,
    update(view) {
      code = view.code;
      undo.disabled = !view.can_undo;
      const key = view.presets.join("\n");
      if (known.dataset.key !== key) {
        known.dataset.key = key;
        known.replaceChildren(...view.presets.map((name) => h("option", { value: name })));
      }
    },
  };
}

function figures() {
  const node = h("div", { class: "bc-figures" });
  return { node, update(list) {
    node.replaceChildren(...list.map((each) => h("div", { class: "bc-figure" },
      h("span", { class: "bc-label" }, each.label), h("b", {}, each.value), h("span", { class: "bc-against" }, each.against || "\u00a0"))));
  } };
}

function render({ model, el }) {
  const root = h("div", { class: "bc-explorer", role: "region", "aria-label": "Filter explorer" });
  const requests = requestQueue(model, (open) => root.setAttribute("aria-busy", open));
  const waiting = h("p", { class: "bc-note" }, "Waiting for the kernel; run the cell again if nothing comes.");
  root.append(waiting);
  el.append(root);
  let page = null;

  function build(view) {
    const sentence = h("p", { class: "bc-sentence", "aria-live": "polite" });
    const status = h("p", { class: "bc-status", role: "status" }), alarm = h("p", { class: "bc-error", role: "alert" });
    const empty = h("p", { class: "bc-empty", role: "alert" }), chips = h("div", { class: "bc-chips" });
    const tools = toolbar(requests.send, (text) => setText(status, text)), numbers = figures();
    const controls = new Map(), front = h("div", { class: "bc-controls", role: "group", "aria-label": "Filters" });
    const folded = h("details", { class: "bc-more" }, h("summary", {}, "More filters"));
    for (const control of view.controls) {
      const made = KINDS[control.kind](control, requests.send);
      const clear = h("button", { type: "button", class: "bc-clear", "aria-label": `Clear ${control.label}`, title: "Clear",
        onclick: () => requests.send("clear", control.name) }, "×");
      const node = h("fieldset", { class: `bc-control bc-kind-${control.kind}`, "data-control": control.name, title: control.doc },
        h("legend", {}, control.label, clear), ...made.parts);
      controls.set(control.name, { ...made, node, clear });
      (control.more ? folded : front).append(node);
    }
    if (folded.childNodes.length > 1) front.append(folded);
    const outcomes = bars("outcomes", "Outcomes", (bar) => {
      const chosen = page.view.controls.find((each) => each.name === "outcomes").chosen;
      const places = chosen.flatMap((each, at) => (each === false || at === bar.choice ? [] : [at]));
      requests.send("tick", "outcomes", bar.chosen ? places : [...places, bar.choice]);
    });
    const times = talkTimes(requests.send), heat = heatMap(), paths = bars("paths", "Transfer variants"), rows = firstRows();
    const lines = h("code");
    root.replaceChildren(
      h("div", { class: "bc-head" }, sentence, tools.node), status, alarm, chips, empty,
      h("div", { class: "bc-body" }, front,
        h("div", { class: "bc-views" }, numbers.node, outcomes.node, times.node, heat.node, paths.node, rows.node,
          h("details", { class: "bc-panel bc-wide bc-code" }, h("summary", {}, "Code for these rows"), h("pre", {}, lines)))));
    return { view, update(view) {
      page.view = view;
      setText(sentence, view.sentence);
      setText(status, view.status);
      setText(alarm, view.error);
      setText(empty, view.empty);
      setText(lines, view.code);
      chips.replaceChildren(...view.chips.map((chip) => h("button", { type: "button", class: "bc-chip",
        "aria-label": `Remove ${chip.text}`, onclick: () => requests.send("clear", chip.name) }, `${chip.text} ×`)));
      tools.update(view);
      numbers.update(view.figures);
      for (const control of view.controls) {
        const each = controls.get(control.name);
        each.node.classList.toggle("bc-active", control.active);
        each.clear.hidden = !control.active;
        if (!requests.isWaiting(control.name)) each.update(control);
      }
      outcomes.update(view.outcomes);
      times.update(view.controls.find((each) => each.name === "talk_time"));
      heat.update(view.heatmap);
      paths.update(view.paths);
      rows.update(view.table);
      root.dataset.n = view.n_calls;
    } };
  }

  const receive = (message) => {
    if (message.kind !== "view") return;
    page ??= build(message);
    page.update(message);
    requests.answered(message.answer);
  };
  model.on("msg:custom", receive);
  requests.send("hello");
  return () => model.off("msg:custom", receive);
}

export default { render };
