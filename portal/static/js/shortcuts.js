// Keyboard: «/» goes to the search, «?» shows the list, «g h» goes where [data-shortcut] says.
import { make } from "./words.js";

const KEY = "shortcuts-off";
const WAIT = 1200; // ms between the two keys
let first = null;
let since = 0;

function off() {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}

function typing(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

function places() {
  return [...document.querySelectorAll("[data-shortcut]")];
}

const list = document.querySelector("[data-shortcut-list]");
if (list) {
  const seen = new Set();
  for (const place of places()) {
    const keys = place.dataset.shortcut;
    if (seen.has(keys)) continue;
    seen.add(keys);
    const label = place.dataset.shortcutLabel ?? place.textContent.trim();
    const cell = make("td");
    for (const key of keys.split(" ")) cell.append(make("kbd", {}, key), " ");
    list.append(make("tr", {}, make("th", { scope: "row" }, label), cell));
  }
}

const box = document.querySelector("[data-shortcuts-on]");
if (box) {
  box.checked = !off();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEY, box.checked ? "no" : "yes");
    } catch {
      // It holds until the page is left.
    }
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (off() || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "/") {
    const search = document.getElementById("query") ?? document.getElementById("search-box");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
    return;
  }
  if (event.key === "?") {
    document.getElementById("shortcuts")?.showModal();
    return;
  }
  const now = performance.now();
  const keys = first && now - since < WAIT ? `${first} ${event.key}` : null;
  const place = keys && places().find((each) => each.dataset.shortcut === keys);
  first = event.key;
  since = now;
  if (place) {
    event.preventDefault();
    place.click();
  }
});
