// The page: what is above, beside and below; and what goes to the kernel and comes from it.

function toolbar(send, report) {
  let code = "";
  const button = (label, action, name) => h("button", { type: "button", class: "bc-button", "data-do": name, onclick: action }, label);
  const undo = button("Undo", () => send("undo"), "undo");
  const path = h("input", { type: "text", value: "calls.parquet", "aria-label": "File to save to", class: "bc-path" });
  const save = button("Save parquet", () => send("save", null, path.value), "save");
  // A file that is there is replaced only after a second click.
  const question = h("div", { class: "bc-question", role: "alertdialog", "aria-label": "Replace the file?", hidden: true });
  function ask(file) {
    const was = question.hidden;
    question.hidden = !file;
    if (!file) return;
    const done = () => { question.hidden = true; save.focus(); };
    const keep = button("Keep it", done, "keep");
    question.replaceChildren(h("span", {}, `${file} exists. Replace it with these calls?`),
      button("Replace", () => { done(); send("save", null, file, false, { overwrite: true }); }, "replace"), keep);
    question.onkeydown = (event) => { if (event.key === "Escape") { event.stopPropagation(); done(); } };
    if (was) keep.focus();
  }
  const preset = h("input", { type: "text", placeholder: "preset", "aria-label": "Preset name", list: `bc-${Math.random()}`, class: "bc-preset" });
  const known = h("datalist", { id: preset.getAttribute("list") });
  const node = h("div", { class: "bc-toolbar", role: "toolbar", "aria-label": "What to do" },
    h("span", { class: "bc-group" }, button("Reset", () => send("reset"), "reset"), undo),
    h("span", { class: "bc-group" }, preset, known,
      button("Load", () => send("load preset", null, preset.value), "load-preset"),
      button("Save", () => send("save preset", null, preset.value), "save-preset"),
      button("Delete", () => send("delete preset", null, preset.value), "delete-preset")),
    h("span", { class: "bc-group" }, button("Copy code", async () => { await copy(code); report("Code copied"); }, "copy"),
      path, save));
  return {
    node, question,
    update(view, isMine) { // a page that is shown twice asks where it was clicked
      code = view.code;
      ask(isMine ? view.exists : "");
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
    node.replaceChildren(...list.map((each) => h("div", { class: "bc-figure", title: each.doc || null },
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
    const toggle = (name) => (bar) => {
      const { chosen, places: all } = page.view.controls.find((each) => each.name === name);
      const places = all.filter((place, at) => chosen[at] !== false && place !== bar.choice);
      requests.send("tick", name, bar.chosen ? places : [...places, bar.choice]);
    };
    const outcomes = bars("outcomes", "Outcomes", toggle("outcomes")), paths = bars("paths", "Transfer variants", toggle("paths"));
    const times = talkTimes(requests.send), heat = heatMap(requests.send), days = dayChart(requests.send);
    const rows = callTable(requests.send, (text) => setText(status, text));
    const lines = h("code");
    root.replaceChildren(
      h("div", { class: "bc-head" }, sentence, tools.node), tools.question, status, alarm, chips, empty,
      h("div", { class: "bc-body" }, front,
        h("div", { class: "bc-views" }, numbers.node, days.node, outcomes.node, times.node, heat.node, paths.node, rows.node,
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
      tools.update(view, requests.isMine(view.answer));
      numbers.update(view.figures);
      for (const control of view.controls) {
        const each = controls.get(control.name);
        each.node.classList.toggle("bc-active", control.active);
        each.clear.hidden = !control.active;
        if (!requests.isWaiting(control.name)) each.update(control);
      }
      days.update(view.days);
      outcomes.update(view.outcomes);
      times.update(view.controls.find((each) => each.name === "talk_time"));
      heat.update(view.heatmap);
      paths.update(view.paths);
      rows.update(view.table);
      root.dataset.n = view.n_calls;
      root.classList.add("bc-live");
    } };
  }

  // marimo puts the page into a shadow tree, where no style sheet can see the theme.
  const theme = () => root.classList.toggle("bc-dark", document.body.classList.contains("dark"));
  const themes = new MutationObserver(theme);
  themes.observe(document.body, { attributeFilter: ["class"] });
  theme();

  const receive = (message) => {
    if (message.kind !== "view") return;
    page ??= build(message);
    page.update(message);
    requests.answered(message.answer);
  };
  model.on("msg:custom", receive);
  requests.send("hello");
  return () => { themes.disconnect(); model.off("msg:custom", receive); };
}

export default { render };
