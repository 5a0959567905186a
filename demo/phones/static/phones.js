"use strict";

const cards = () => [...document.querySelectorAll(".phone")];
const cardOf = (key) => cards().find((card) => card.dataset.key === key);
const onWall = document.body.classList.contains("wall");
const toast = document.getElementById("toast");
const lost = document.getElementById("lost");

// What people do

async function post(number, action, body) {
  const response = await fetch(`/control/numbers/${encodeURIComponent(number)}/${action}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (response.ok) return true;
  const answer = await response.json().catch(() => ({}));
  complain(answer.error || response.statusText);
  return false;
}

let silence;
function complain(text) {
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(silence);
  silence = setTimeout(() => { toast.hidden = true; }, 5000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  const { act, number, sid, digits } = button.dataset;
  post(number, act, digits ? { sid, digits } : { sid });
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-form]");
  if (!form) return;
  event.preventDefault();
  const field = form.elements[0];
  const value = field.value.trim();
  if (!value) return;
  // Said into the line that is connected, which need not be the phone's first number.
  const key = form.closest(".phone").querySelector("[data-act=press]");
  const number = form.dataset.form === "say" && key ? key.dataset.number : form.dataset.number;
  if (await post(number, form.dataset.form, { [field.name]: value }) && field.tagName === "INPUT") field.value = "";
});

document.addEventListener("change", (event) => {
  const select = event.target.closest("select[data-mode]");
  if (select) post(select.dataset.mode, "mode", { mode: select.value, keys: select.value === "answer" ? "1" : "" });
});

// What happens

function replace(place, html) {
  if (place.dataset.html === html) return;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset : null;
  const open = new Set([...place.querySelectorAll("details[open]")].map((each) => each.dataset.id));
  const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
  const top = place.scrollTop;
  place.dataset.html = html;
  place.innerHTML = html;
  for (const each of place.querySelectorAll("details")) each.open = open.has(each.dataset.id);
  place.scrollTop = atEnd ? place.scrollHeight : top;
  for (const lines of place.querySelectorAll(".lines")) lines.scrollTop = lines.scrollHeight;
  if (focused) refocus(place, focused);
}

function refocus(place, { act, digits, sid }) {
  const buttons = [...place.querySelectorAll("button[data-act]")].filter((each) => each.dataset.sid === sid);
  const same = buttons.find((each) => each.dataset.act === act && each.dataset.digits === digits);
  // After "answer" the keypad is what one wants next.
  const next = same || buttons.find((each) => each.dataset.act === "press");
  if (next) next.focus({ preventScroll: true });
}

function update(card, parts) {
  const before = ["ringing", "talking", "calling", "idle"].find((state) => card.classList.contains(state));
  if (before !== parts.state) {
    card.classList.replace(before, parts.state);
    card.querySelector("[data-state]").textContent = parts.label;
    if (parts.state === "ringing") announce(card.dataset.name);
  }
  replace(card.querySelector("[data-live]"), parts.live);
  replace(card.querySelector("[data-thread]"), parts.thread);
  card.classList.toggle("has-thread", parts.thread.includes("class=\"item"));
  for (const select of card.querySelectorAll("select[data-mode]")) {
    if (select !== document.activeElement) select.value = parts.modes[select.dataset.mode];
  }
  if (onWall) place(card, parts.active);
}

function announce(name) {
  const place = document.getElementById("announce");
  place.textContent = "";  // or the same phone ringing again would not be read out
  setTimeout(() => { place.textContent = document.body.dataset.rings.replace("{name}", name); }, 50);
}

function place(card, active) {
  const home = document.querySelector(`[data-group="${active ? "now" : card.dataset.home}"] .cards`);
  if (card.parentElement === home) return;
  const typing = card.contains(document.activeElement) || [...card.querySelectorAll("input")].some((each) => each.value);
  if (typing) return;  // it moves when the pen is put down
  const scroll = card.querySelector("[data-thread]").scrollTop;
  if (active) home.prepend(card);
  else home.append(card);
  card.querySelector("[data-thread]").scrollTop = scroll;
}

async function refresh(keys) {
  const query = new URLSearchParams();
  for (const key of keys) {
    if (cardOf(key)) query.append("key", key);
    else if (onWall) query.append("new", key);
  }
  if (!query.size) return;
  const answer = await (await fetch(`/fragments?${query}`)).json();
  for (const [key, parts] of Object.entries(answer)) {
    if (parts.card && !cardOf(key)) {
      document.querySelector("[data-group=others] .cards").insertAdjacentHTML("beforeend", parts.card);
      if (parts.state === "ringing") announce(cardOf(key).dataset.name);
    }
    const card = cardOf(key);
    if (card) update(card, parts);
  }
}

const refreshAll = () => refresh(cards().map((card) => card.dataset.key));

let wasLost = false;
function listen() {
  const source = new EventSource("/events");
  source.onopen = () => {
    lost.hidden = true;
    if (wasLost) refreshAll();
    wasLost = false;
  };
  source.onerror = () => {
    lost.hidden = false;
    wasLost = true;
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  };
  source.onmessage = (event) => {
    const { keys, all } = JSON.parse(event.data);
    (all ? refreshAll() : refresh(keys)).catch(() => { wasLost = true; });
  };
}

// Time goes by

setInterval(() => {
  for (const clock of document.querySelectorAll("[data-since]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}, 500);

setInterval(() => {
  const now = [...document.querySelectorAll("[data-group=now] .phone")].map((card) => card.dataset.key);
  if (now.length) refresh(now).catch(() => {});
}, 15000);

// Finding one

const find = document.getElementById("find");
if (find) {
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/);
    for (const card of cards()) card.hidden = !words.every((word) => card.dataset.find.includes(word));
    for (const group of document.querySelectorAll(".group")) {
      group.classList.toggle("none", !group.querySelector(".phone:not([hidden])"));
    }
    document.getElementById("nobody").hidden = cards().some((card) => !card.hidden);
  });
}

// The ring tone: browsers allow sound only after a click

const sound = document.getElementById("sound");
let audio;
sound.addEventListener("click", () => {
  const on = sound.getAttribute("aria-pressed") !== "true";
  audio = audio || new AudioContext();
  if (on) audio.resume();
  sound.setAttribute("aria-pressed", String(on));
  sound.querySelector("span").textContent = on ? document.body.dataset.soundOff : document.body.dataset.soundOn;
});

function ring() {
  if (!audio || sound.getAttribute("aria-pressed") !== "true" || !document.querySelector(".phone.ringing")) return;
  const volume = audio.createGain();
  volume.connect(audio.destination);
  volume.gain.setValueAtTime(0.06, audio.currentTime);
  volume.gain.setTargetAtTime(0, audio.currentTime + 0.8, 0.1);
  for (const pitch of [425, 530]) {
    const tone = audio.createOscillator();
    tone.frequency.value = pitch;
    tone.connect(volume);
    tone.start();
    tone.stop(audio.currentTime + 1.2);
  }
}
setInterval(ring, 2500);

listen();
for (const thread of document.querySelectorAll("[data-thread]")) thread.scrollTop = thread.scrollHeight;
