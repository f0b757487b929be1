// A classic script in the head: it runs before the page is painted, so that the look does not flash.
(() => {
  const root = document.documentElement;
  root.setAttribute("data-scripts", "");
  const read = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // storage is switched off; the device decides
    }
  };
  const apply = (choice) => {
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
    else delete root.dataset.theme;
  };
  apply(read());

  const show = () => {
    const choice = root.dataset.theme || "system";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    apply(button.dataset.themeChoice);
    try {
      localStorage.setItem("theme", button.dataset.themeChoice);
    } catch {
      // It holds for this page only.
    }
    show();
  });
})();
