// Filters above a list answer as soon as something is chosen; the button stays for the keyboard.
for (const form of document.querySelectorAll("form[data-filters]")) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, input[type=checkbox], input[type=date]")) form.requestSubmit();
  });
  // Empty fields do not belong into an address that people send to each other.
  form.addEventListener("submit", () => {
    for (const field of form.elements) {
      if (field.name && !field.value && field.type !== "checkbox") field.disabled = true;
    }
  });
}
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form[data-filters] [disabled]")) field.disabled = false;
});
