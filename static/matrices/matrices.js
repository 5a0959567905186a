"use strict";
// Steps are moved in place by their buttons or by dragging; without this the buttons ask the server.
(() => {
  const editor = document.getElementById("editor");
  if (!editor) return;

  function tell(step) {
    const words = document.getElementById("moved");
    words.textContent = words.dataset.words.replace("{place}", [...step.parentNode.children].indexOf(step) + 1);
    editor.dispatchEvent(new Event("moved"));
  }

  editor.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    const step = button.closest("[data-step]");
    const other = button.dataset.move === "up" ? step.previousElementSibling : step.nextElementSibling;
    if (!other) return;
    if (button.dataset.move === "up") other.before(step);
    else other.after(step);
    button.focus();
    tell(step);
  });

  let dragged = null;
  for (const grip of editor.querySelectorAll("[data-grip]")) {
    grip.hidden = false;
    // Only the grip drags: text in the fields can still be marked with the mouse.
    grip.draggable = true;
    grip.addEventListener("dragstart", (event) => {
      dragged = grip.closest("[data-step]");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
      event.dataTransfer.setDragImage(dragged, 0, 0);
      dragged.classList.add("matrices-dragged");
    });
    grip.addEventListener("dragend", () => {
      dragged.classList.remove("matrices-dragged");
      tell(dragged);
      dragged = null;
    });
  }
  editor.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-step]");
    if (!dragged || !over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    if (over === dragged) return;
    const { top, height } = over.getBoundingClientRect();
    if (event.clientY < top + height / 2) over.before(dragged);
    else over.after(dragged);
  });
  editor.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });
})();
