// What scripts say, in the language of the page: texts of <template id="words">, facts in braces.
const texts = new Map();
for (const each of document.getElementById("words")?.content.querySelectorAll("[data-word]") ?? []) {
  texts.set(each.dataset.word, each.textContent.trim());
}

export function words(name, facts = {}) {
  const text = texts.get(name) ?? name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in facts ? String(facts[key]) : whole));
}

// Says something to screen readers without moving the focus.
export function announce(text) {
  const place = document.getElementById("announcer");
  if (place) place.textContent = text;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = new Intl.NumberFormat(document.documentElement.lang, {
    maximumFractionDigits: unit === 0 || value >= 100 ? 0 : 1,
  }).format(value);
  return `${shown} ${UNITS[unit]}`;
}

// HTML that our own server rendered, as an element. Scripts in it do not run.
export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
