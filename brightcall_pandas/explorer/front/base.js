// Draws what the kernel sends, and sends what a person does. It keeps no data: the model has no synced traits,
// so a notebook that is saved with its state holds none. Nothing is fetched from anywhere.

const SVG = "http://www.w3.org/2000/svg";
const REACHED = new Set(["input", "button", "select", "summary"]);
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
const focusNear = (node) => node.getRootNode().activeElement; // in a shadow tree the document only knows its host
const setValue = (node, value) => { if (focusNear(node) !== node && node.value !== value) node.value = value; };

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
    send(action, name, value, sameStep = false, more = {}) {
      const key = `${action === "tick" || action === "clear" ? "set" : action} ${name ?? ""}`;
      const now = performance.now();
      if (last?.key !== key || (!sameStep && now - last.at > ONE_STEP_MS)) step += 1;
      last = { key, at: now };
      waiting.delete(key);
      waiting.set(key, { do: action, name, value, step: `${mine}-${step}`, ...more });
      if (open === null) next();
    },
    answered(answer) { if (answer === open && open !== null) next(); },
    isMine(answer) { return answer?.startsWith(`${mine}-`) ?? false; },
    isWaiting(name) { return waiting.has(`set ${name}`); },
  };
}

function later(task, pause) {
  let timer = null;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => task(...given), pause); };
}

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

// One stop of the Tab key for many cells; arrows, Home and End go from one to the next.
function roving(node, cells, width = () => 1) {
  let at = 0;
  const stop = (place) => {
    const all = cells();
    if (!all.length) return null;
    at = Math.min(Math.max(0, place), all.length - 1);
    all.forEach((cell, each) => { cell.tabIndex = each === at ? 0 : -1; });
    return all[at];
  };
  node.addEventListener("keydown", (event) => {
    const across = width(), row = Math.floor(at / across), last = cells().length - 1;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + across, ArrowUp: at - across,
      Home: across === 1 ? 0 : row * across, End: across === 1 ? last : (row + 1) * across - 1 }[event.key];
    if (to === undefined || !cells().includes(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    if (to >= 0 && to <= last) stop(to).focus();
  });
  node.addEventListener("focusin", (event) => {
    const place = cells().indexOf(event.target);
    if (place >= 0) stop(place);
  });
  return { refresh: () => stop(at) };
}
