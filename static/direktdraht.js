"use strict";
// Everything here is a convenience: each page works without it.

// --- Light and dark: set before the first paint, so this file is loaded in the head without `defer` -----------
const root = document.documentElement;
const darkByPreference = window.matchMedia("(prefers-color-scheme: dark)");

function chosenTheme() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage may be forbidden
  }
}

function showTheme() {
  root.dataset.bsTheme = chosenTheme() || (darkByPreference.matches ? "dark" : "light");
}

function switchTheme() {
  const wanted = root.dataset.bsTheme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("theme", wanted);
  } catch {
    // the switch then holds for this page alone
  }
  root.dataset.bsTheme = wanted;
}

showTheme();
darkByPreference.addEventListener("change", showTheme);

// --- Clocks that count: <time datetime="…" data-clock> shows how long until, or since; from `data-late` on in amber -
function clockText(milliseconds) {
  const seconds = Math.floor(Math.abs(milliseconds) / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d`;
  return hours ? `${hours}:${two(minutes % 60)} h` : `${minutes}:${two(seconds % 60)} min`;
}

// The server's clock counts, whatever the device believes.
let skew = 0;

function runClocks() {
  for (const clock of document.querySelectorAll("[data-clock]")) {
    const left = Date.parse(clock.dataset.clock) - Date.now() - skew;
    const words = left >= 0 ? clock.dataset.before : clock.dataset.after;
    clock.textContent = words.replace("{time}", clockText(left));
    clock.classList.toggle("dd-overdue", left < 0);
    if (clock.dataset.late) clock.classList.toggle("dd-late", left >= 0 && Date.parse(clock.dataset.late) <= Date.now() + skew);
  }
}

// --- Polling: unchanged answers (304) are not swapped in, so focus and reading position stay ----------------------
const tags = new Map();

document.addEventListener("htmx:configRequest", (event) => {
  const tag = tags.get(event.detail.path);
  if (tag && event.detail.verb === "get") event.detail.headers["If-None-Match"] = tag;
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { xhr, pathInfo } = event.detail;
  const tag = xhr.getResponseHeader("ETag");
  if (tag) tags.set(pathInfo.requestPath, tag);
});

document.addEventListener("htmx:afterSwap", runClocks);

// What is announced to those who listen is only said again when it has changed.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  if (target.role === "status" && target.textContent.trim() === fragment.textContent.trim()) {
    event.detail.shouldSwap = false;
  }
  // What somebody is writing is not taken from them; the server tells them what happened when they send it.
  if (target.id === "actions" && [...target.querySelectorAll("textarea, input:not([type=hidden])")].some(isWritten)) {
    event.detail.shouldSwap = false;
  }
});

function isWritten(field) {
  return field.value !== field.defaultValue;
}

// An answer that holds until an instant is asked for again when that has come, by the server's clock.
function askAgain() {
  for (const part of document.querySelectorAll("[data-valid-until]")) {
    if (Date.parse(part.dataset.validUntil) > Date.now() + skew) continue;
    delete part.dataset.validUntil;
    part.dispatchEvent(new Event("outdated"));
  }
}

// While the portal cannot be reached, what moves says that it stands still.
function tellStanding(standing) {
  for (const note of document.querySelectorAll("[data-standing]")) note.hidden = !standing;
}

for (const failed of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failed, () => tellStanding(true));
}
document.addEventListener("htmx:beforeOnLoad", (event) => tellStanding(event.detail.xhr.status >= 400));

// --- Menus made of <details> close on Escape and on a click elsewhere ---------------------------------------------
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.dd-menu[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector("details.dd-menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// --- Files that are too many or too large are refused before they are sent -----------------------------------------
function checkFiles(input) {
  const files = [...input.files];
  const tooMuch = files.length > Number(input.dataset.mostFiles) || files.some((file) => file.size > Number(input.dataset.mostBytes));
  input.setCustomValidity(tooMuch ? input.dataset.tooMuch : "");
  input.reportValidity();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("input[type=file][data-most-bytes]")) checkFiles(event.target);
});

// --- Passkeys: only a script can ask the device for one -----------------------------------------------------------
document.addEventListener("allauth.error", (event) => {
  const note = document.getElementById("key-failed");
  if (!note) return;
  event.preventDefault();
  note.hidden = false;
});

document.addEventListener("DOMContentLoaded", () => {
  for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
  const button = document.getElementById("theme-switch");
  if (button) {
    button.hidden = false;
    button.addEventListener("click", switchTheme);
  }
  // On a narrow screen the row of tabs scrolls: the one that is shown is in view.
  document.querySelector(".dd-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  for (const print of document.querySelectorAll("[data-print]")) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const served = Date.parse(document.body.dataset.now);
  if (served) skew = served - Date.now();
  runClocks();
  setInterval(runClocks, 1000);
  setInterval(askAgain, 1000);
});

// --- On the home screen: without a connection there is still a page that says whom to call -------------------------
window.addEventListener("load", () => {
  const worker = document.querySelector("link[rel=manifest]")?.dataset.worker;
  if (!worker || !("serviceWorker" in navigator)) return;
  // Where a browser does not want one, nothing is lost but that page.
  navigator.serviceWorker.register(worker, { updateViaCache: "none" }).catch(() => {});
});
