"use strict";
// The desk's conveniences: what is new is heard, keys move through it, and drawing it anew disturbs nobody.
(() => {
  const live = () => document.getElementById("desk");
  const numbers = () => live().dataset.new.split(" ").filter(Boolean);
  const byHand = (element) => element.closest("input, textarea, select, [contenteditable], dialog[open]");

  // --- What is remembered in this browser ------------------------------------------------------------------------
  function remembered(name) {
    try {
      return localStorage.getItem(`desk-${name}`) === "on";
    } catch {
      return false; // storage may be forbidden
    }
  }

  function remember(name, on) {
    try {
      localStorage.setItem(`desk-${name}`, on ? "on" : "off");
    } catch {
      // the switch then holds for this page alone
    }
  }

  const wanted = { sound: remembered("sound"), notify: remembered("notify") && window.Notification?.permission === "granted" };

  function showToggles() {
    for (const button of document.querySelectorAll("[data-desk-toggle]")) {
      button.setAttribute("aria-pressed", String(wanted[button.dataset.deskToggle]));
    }
  }

  // --- Sound: two notes, made here; a browser lets a page be heard once somebody has touched it -------------------
  let audio = null;

  function chime() {
    audio ??= new AudioContext();
    audio.resume();
    for (const [begin, frequency] of [[0, 660], [0.18, 880]]) {
      const note = audio.createOscillator();
      const loudness = audio.createGain();
      const at = audio.currentTime + begin;
      note.frequency.value = frequency;
      loudness.gain.setValueAtTime(0.0001, at);
      loudness.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
      loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.35);
      note.connect(loudness).connect(audio.destination);
      note.start(at);
      note.stop(at + 0.4);
    }
    document.dispatchEvent(new Event("desk:chime"));
  }

  function notify(number) {
    const link = document.getElementById(`incident-${number}`);
    const title = link?.textContent.trim() ?? `#${number}`;
    const note = new Notification(title, { body: live().dataset.announce, tag: `incident-${number}` });
    note.onclick = () => {
      window.focus();
      if (link) location.assign(link.href);
    };
  }

  function switchSound() {
    wanted.sound = !wanted.sound;
    remember("sound", wanted.sound);
    if (wanted.sound) chime();
  }

  async function switchNotify() {
    const refused = document.getElementById("desk-refused");
    const allowed = wanted.notify || (window.Notification && (await Notification.requestPermission()) === "granted");
    refused.hidden = Boolean(allowed);
    if (!allowed) refused.textContent = refused.dataset.refused;
    wanted.notify = !wanted.notify && Boolean(allowed);
    remember("notify", wanted.notify);
  }

  // --- Drawn anew -------------------------------------------------------------------------------------------------
  let known = new Set();

  function tellNew() {
    const now = numbers();
    const fresh = now.filter((number) => !known.has(number));
    known = new Set(now);
    document.title = document.title.replace(/^(\(\d+\) )?/, now.length ? `(${now.length}) ` : "");
    if (!fresh.length) return;
    if (wanted.sound) chime();
    if (wanted.notify) fresh.slice(0, 3).forEach(notify);
  }

  let before = null;

  // The first row in view stays where it is, what was open stays open, and where somebody is they remain.
  function note() {
    const rows = [...live().querySelectorAll(".desk-row")];
    const anchor = rows.find((row) => row.getBoundingClientRect().bottom > 0);
    before = {
      open: [...live().querySelectorAll("details[open][id]")].map((details) => details.id),
      focus: live().contains(document.activeElement) ? document.activeElement.id : "",
      anchor: anchor?.id,
      top: anchor?.getBoundingClientRect().top,
    };
  }

  function restore() {
    if (!before) return;
    for (const id of before.open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    if (before.focus) document.getElementById(before.focus)?.focus({ preventScroll: true });
    const anchor = before.anchor && document.getElementById(before.anchor);
    if (anchor && window.scrollY > 0) window.scrollBy({ top: anchor.getBoundingClientRect().top - before.top, behavior: "instant" });
    before = null;
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "desk" && event.detail.shouldSwap) note();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!before) return;
    restore();
    tellNew();
  });

  // --- Keys -------------------------------------------------------------------------------------------------------
  const links = () => [...live().querySelectorAll(".dd-row-title a")];
  const chosen = () => links().findIndex((link) => link.closest(".desk-row").contains(document.activeElement));

  function move(step) {
    const all = links();
    const at = chosen();
    const next = at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1);
    all[next]?.focus();
    all[next]?.closest(".desk-row").scrollIntoView({ block: "nearest" });
  }

  function take() {
    const link = links()[Math.max(chosen(), 0)];
    const details = link?.closest(".desk-row").querySelector("details.desk-take");
    if (!details) return;
    details.open = true;
    details.querySelector("button").focus();
  }

  const help = () => document.getElementById("desk-help").showModal();
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: take,
    n: () => document.getElementById("desk-call")?.click(),
    "/": () => document.getElementById("id_q").focus(),
    "?": help,
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (event.target.id === "id_q") event.target.blur();
      const details = event.target.closest?.("details.desk-take[open]");
      if (details) {
        details.open = false;
        details.closest(".desk-row").querySelector(".dd-row-title a").focus();
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key === "a") return;
    if (byHand(event.target) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });

  known = new Set(numbers());
  tags.set(live().getAttribute("hx-get"), live().dataset.tag); // what is shown need not be asked for once more
  showToggles();
  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-desk-help]")) help();
    const toggle = event.target.closest("[data-desk-toggle]");
    if (!toggle) return;
    await (toggle.dataset.deskToggle === "sound" ? switchSound() : switchNotify());
    showToggles();
  });
})();
