"use strict";
// Dragging over a line fills the form for an override in; the form itself is a plain link away.
(() => {
  const weeks = document.querySelector("[data-override]");
  if (!weeks) return;
  const HOURS = 168;
  let drag = null;

  // The hour of the row's week under the pointer, and the row's Monday.
  function spot(row, x) {
    const box = row.getBoundingClientRect();
    const hour = Math.floor(((x - box.left) / box.width) * HOURS);
    return { row, hour: Math.max(0, Math.min(HOURS - 1, hour)) };
  }

  // What an input of kind datetime-local takes: wall time, so that no zone is reckoned with here.
  function wall({ row, hour }) {
    const day = new Date(`${row.closest("[data-monday]").dataset.monday}T00:00Z`);
    day.setUTCHours(hour);
    return day.toISOString().slice(0, 16);
  }

  function rowAt(event) {
    const row = document.elementFromPoint(event.clientX, event.clientY)?.closest(".roster-row[data-line]");
    return row && row.dataset.line === drag.from.row.dataset.line ? row : drag.to.row;
  }

  function ordered() {
    const [first, last] = [drag.from, drag.to].sort((a, b) => wall(a).localeCompare(wall(b)));
    return [first, { row: last.row, hour: last.hour + 1 }];
  }

  function clear() {
    for (const mark of weeks.querySelectorAll(".roster-picked")) mark.remove();
  }

  function draw() {
    clear();
    const [first, last] = ordered();
    const rows = [...weeks.querySelectorAll(`.${drag.kind} .roster-row[data-line=${drag.from.row.dataset.line}]`)];
    for (const row of rows.slice(rows.indexOf(first.row), rows.indexOf(last.row) + 1)) {
      const mark = document.createElement("li");
      const start = row === first.row ? first.hour : 0;
      const end = row === last.row ? last.hour : HOURS;
      mark.className = "roster-picked";
      mark.setAttribute("aria-hidden", "true");
      mark.style.left = `${(start / HOURS) * 100}%`;
      mark.style.width = `${((end - start) / HOURS) * 100}%`;
      row.append(mark);
    }
  }

  weeks.addEventListener("pointerdown", (event) => {
    const row = event.target.closest(".roster-row[data-line]");
    if (!row || event.button !== 0 || event.pointerType === "touch") return;
    const kind = [...row.closest(".roster-line").classList].find((name) => /^roster-(plan|override|duty)$/.test(name));
    const from = spot(row, event.clientX);
    drag = { from, to: from, kind, x: event.clientX, y: event.clientY, moved: false };
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag) return;
    if (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 5) return;
    drag.moved = true;
    const row = rowAt(event);
    if (row.closest(".roster-line").classList.contains(drag.kind)) drag.to = spot(row, event.clientX);
    draw();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    drag = null;
    clear();
  });

  document.addEventListener("pointerup", () => {
    if (!drag) return;
    const [first, last] = ordered();
    const { moved, from } = drag;
    drag = null;
    if (!moved) return;
    // The click that ends a drag opens no link.
    document.addEventListener("click", (event) => event.preventDefault(), { once: true, capture: true });
    const asked = new URLSearchParams({ line: from.row.dataset.line, begins: wall(first), ends: wall(last) });
    window.location.assign(`${weeks.dataset.override}?${asked}`);
  });
})();
