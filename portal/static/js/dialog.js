// Dialogs: opened by [data-dialog-open], closed by [data-dialog-close], by Escape and by a click
// beside them. A form with [data-confirm] is asked about first. Without scripts the links lead to
// pages with the same forms, and the forms post at once.
function open(dialog) {
  dialog.showModal();
  dialog.querySelector("textarea, input:not([type=hidden]), button")?.focus();
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialogOpen);
    if (!dialog) return; // the link leads to the page instead
    event.preventDefault();
    opener.closest("details[data-menu]")?.removeAttribute("open");
    open(dialog);
    return;
  }
  if (event.target.closest("[data-dialog-close]")) {
    event.target.closest("dialog")?.close();
    return;
  }
  if (event.target instanceof HTMLDialogElement && beside(event, event.target)) {
    event.target.close();
  }
});

// A click on the dialog itself: on its padding it hits the element, too; only outside counts.
function beside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return (
    event.clientX < box.left ||
    event.clientX > box.right ||
    event.clientY < box.top ||
    event.clientY > box.bottom
  );
}

function ask(form) {
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("button[value=yes]");
  dialog.querySelector("#confirm-title").textContent = form.dataset.confirmTitle;
  dialog.querySelector("#confirm-sentence").textContent = form.dataset.confirm;
  yes.querySelector("span").textContent = form.dataset.confirmAction;
  yes.classList.toggle("button-danger", form.dataset.confirmKind === "danger");
  yes.classList.toggle("button-primary", form.dataset.confirmKind !== "danger");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.confirmed) return;
  event.preventDefault();
  const submitter = event.submitter;
  if (!(await ask(form))) return;
  form.dataset.confirmed = "yes";
  form.requestSubmit(submitter ?? undefined);
});

// A second click while the first request is under way would only earn an error.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("data-upload")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

// Back in the history the page may come out of memory as it was left.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent], form[data-confirmed]")) {
    delete form.dataset.sent;
    delete form.dataset.confirmed;
  }
});
