"use strict";
// Logging a call by keyboard. Each page works without this: as links and plain forms.

// --- The field that finds: a combobox whose options are links -----------------------------------------------------
function findingField() {
  const field = document.querySelector("[data-finds]");
  if (!field) return;
  let waiting = false; // Enter was pressed before the answer was there
  const box = () => document.getElementById("found");
  const options = () => [...box().querySelectorAll("[role=option]")];
  const active = () => document.getElementById(field.getAttribute("aria-activedescendant") || "");
  const upToDate = () => box().dataset.typed.trim() === field.value.trim();

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-controls", "found");

  function show(option) {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    field.setAttribute("aria-expanded", String(options().length > 0));
    field.setAttribute("aria-controls", options().length ? "found-list" : "found");
    if (option) {
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  function move(by) {
    const all = options();
    if (!all.length) return;
    const here = all.indexOf(active());
    show(all[(here + by + all.length) % all.length]);
  }

  function clear() {
    field.value = "";
    box().dataset.typed = "";
    box().replaceChildren();
    show(null);
  }

  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Escape: clear,
    Enter() {
      if (!field.value.trim()) return;
      if (!upToDate()) waiting = true;
      else active()?.click();
    },
  };
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  field.addEventListener("input", () => (waiting = false));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "found") return;
    show(options()[0]);
    if (waiting && upToDate()) active()?.click();
    waiting = false;
  });
  document.querySelector("[data-first]")?.focus();
}

// --- The form: Enter goes on to what comes next, a digit picks a priority -------------------------------------------
const form = () => document.getElementById("call");
const priorities = () => [...form().querySelectorAll("[name=priority]")];

function goOn(from) {
  const radios = priorities();
  const chosen = radios.find((radio) => radio.checked);
  if (from.id === "id_title" && radios.length) (chosen || radios[0]).focus();
  else document.getElementById("act-take").focus();
}

function formKeys(event) {
  const from = event.target;
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  if (from.name === "priority" && /^[1-9]$/.test(event.key)) {
    const radio = priorities()[Number(event.key) - 1];
    if (!radio) return;
    event.preventDefault();
    radio.focus();
    radio.click();
  } else if (event.key === "Enter" && from.matches("input")) {
    event.preventDefault();
    if (from.id === "id_pin") return from.closest(".dd-pin-check").querySelector("button").click();
    if (from.type === "radio" && !from.checked) from.click();
    goOn(from);
  }
}

// --- What was written survives a reload, in this tab and for a while -------------------------------------------------
const KEPT = ["title", "description", "began_at", "opened", "key"];
const OF_THE_CALLER = ["name", "phone"];
const LASTS = 30 * 60 * 1000;

function drafts(name) {
  const place = `call:${name}`;
  return {
    read() {
      try {
        return JSON.parse(sessionStorage.getItem(place));
      } catch {
        return null; // storage may be forbidden
      }
    },
    write(draft) {
      try {
        if (draft) sessionStorage.setItem(place, JSON.stringify(draft));
        else sessionStorage.removeItem(place);
      } catch {
        // then it does not survive
      }
    },
  };
}

function keepDraft(element) {
  const draft = drafts(element.dataset.draft);
  const field = (name) => element.elements.namedItem(name);
  const note = element.querySelector("[data-draft-note]");
  const fresh = Object.fromEntries([...KEPT, ...OF_THE_CALLER].map((name) => [name, field(name)?.value]));

  function save(sent) {
    const written = Object.fromEntries([...KEPT, ...OF_THE_CALLER].map((name) => [name, field(name)?.value]));
    const priority = field("priority")?.value;
    draft.write({ ...written, priority, caller: element.dataset.caller, at: Date.now(), sent });
  }

  function fill(values) {
    for (const [name, value] of Object.entries(values)) if (field(name) && value !== undefined) field(name).value = value;
  }

  const kept = draft.read();
  const again = ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type);
  const usable = kept && kept.title && Date.now() - kept.at < LASTS && (!kept.sent || again);
  if (usable && !("answered" in element.dataset)) {
    fill(Object.fromEntries(KEPT.map((name) => [name, kept[name]])));
    if (kept.caller === element.dataset.caller) fill(Object.fromEntries(OF_THE_CALLER.map((name) => [name, kept[name]])));
    if (kept.priority && field("priority")) field("priority").value = kept.priority;
    note.hidden = false;
    field("title").dispatchEvent(new Event("input", { bubbles: true }));
  } else if (!("answered" in element.dataset)) {
    draft.write(null);
  }
  element.addEventListener("input", () => save(false));
  element.addEventListener("submit", () => save(true));
  element.querySelector("[data-discard]").addEventListener("click", () => {
    draft.write(null);
    fill(fresh);
    for (const radio of priorities()) radio.checked = false;
    note.hidden = true;
    field("title").focus();
  });
}

document.addEventListener("DOMContentLoaded", () => {
  findingField();
  const element = form();
  if (!element) return;
  keepDraft(element);
  element.addEventListener("keydown", formKeys);
  element.querySelector("[data-to-people]").addEventListener("click", (event) => {
    const first = document.querySelector("#around [name=act][value^=connect]");
    if (!first) return;
    event.preventDefault();
    first.focus();
  });
});
