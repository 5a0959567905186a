"use strict";
// The page of an incident: what is new comes in without moving what somebody reads, types or has opened.

// --- Merging: of what the server sends, only what differs is exchanged ------------------------------------------
// An element with `data-parts` is compared child by child, each known by its id; one with `data-grows` besides never
// loses a child, for a timeline only grows, and earlier lines may have been fetched that the newest ones do not hold.

// What the page itself has written into an element does not make it another one.
function asSent(element) {
  const copy = element.cloneNode(true);
  copy.classList.remove("dd-new");
  for (const part of copy.querySelectorAll("[data-clock], [data-ago]")) {
    part.textContent = "";
    part.classList.remove("dd-overdue");
  }
  for (const part of copy.querySelectorAll("details")) part.open = false;
  for (const part of copy.querySelectorAll(".dd-new")) part.classList.remove("dd-new");
  return copy;
}

function exchange(shown, fresh) {
  for (const part of fresh.querySelectorAll("details[id]")) {
    part.open = Boolean(shown.querySelector(`details#${part.id}`)?.open);
  }
  shown.replaceWith(fresh);
  htmx.process(fresh);
}

function childOf(parent, id) {
  return [...parent.children].find((child) => child.id === id);
}

function merge(shown, fresh, news) {
  if (asSent(shown).isEqualNode(asSent(fresh))) return;
  const grows = "grows" in fresh.dataset;
  const known = [...fresh.children].some((child) => childOf(shown, child.id));
  if (!("parts" in fresh.dataset) || (grows && !known)) {
    exchange(shown, fresh);
    return;
  }
  if (!grows) {
    const wanted = new Set([...fresh.children].map((child) => child.id));
    for (const child of [...shown.children]) if (!wanted.has(child.id)) child.remove();
  }
  mergeChildren(shown, fresh, grows, news);
}

function mergeChildren(shown, fresh, grows, news) {
  let last = null;
  for (const child of [...fresh.children]) {
    if (grows && child.id === "earlier") continue; // where to go on depends on what has been fetched
    const own = childOf(shown, child.id);
    if (own) {
      merge(own, child, news);
    } else {
      if (last) last.after(child);
      else shown.prepend(child);
      htmx.process(child);
      if (grows) news.push(child);
    }
    last = childOf(shown, child.id);
  }
}

// New lines are told politely, all in one sentence, and stand out for a moment.
function tell(news) {
  const lines = news.filter((line) => line.classList.contains("dd-line"));
  const place = document.getElementById("news");
  if (!lines.length || !place) return;
  const words = lines.length > 1 ? place.dataset.many : place.dataset.one;
  place.textContent = `${words} ${lines[0].querySelector(".dd-line-text").textContent.trim()}`;
  for (const line of lines) line.classList.add("dd-new");
  setTimeout(() => lines.forEach((line) => line.classList.remove("dd-new")), 6000);
}

htmx.defineExtension("merge", {
  isInlineSwap: (style) => style === "merge",
  handleSwap(style, target, fragment) {
    if (style !== "merge") return false;
    const news = [];
    merge(target, fragment.firstElementChild, news);
    tell(news);
    return [];
  },
});

// --- Earlier lines: whoever asked for them goes on reading at the first of them ---------------------------------
let readUntil = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "earlier") readUntil = event.detail.target.previousElementSibling;
});

document.addEventListener("htmx:afterSettle", () => {
  tellAges();
  if (!readUntil) return;
  let line = readUntil.nextElementSibling;
  readUntil = null;
  if (line?.classList.contains("dd-day")) line = line.nextElementSibling;
  line?.focus({ preventScroll: true });
});

// --- How long ago a line was written, beside its time -----------------------------------------------------------
const SPANS = [[60, "second"], [60, "minute"], [24, "hour"], [7, "day"]];

function ageText(words, seconds) {
  let age = seconds;
  for (const [size, unit] of SPANS) {
    if (age < size) return unit === "second" ? words.format(0, "second") : words.format(-Math.floor(age), unit);
    age /= size;
  }
  return ""; // the date says more
}

function tellAges() {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
  for (const place of document.querySelectorAll("[data-ago]")) {
    const seconds = Math.max(0, (Date.now() + skew - Date.parse(place.dataset.ago)) / 1000);
    const text = ageText(words, seconds);
    const shown = text ? `· ${text}` : "";
    if (place.textContent !== shown) place.textContent = shown;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  setTimeout(tellAges); // after the server's clock has been read
  setInterval(tellAges, 20_000);
});
