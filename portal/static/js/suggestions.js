// What could be meant while somebody types a question: own searches, titles and headings this person
// may read. An editable combobox as in the ARIA Authoring Practices Guide: the list only offers,
// what is typed is sent as it is.
import { announce, make, words } from "./words.js";

const WAIT = 150; // ms after the last key

const KINDS = {
  history: words("suggestions.history"),
  title: words("suggestions.title"),
  heading: words("suggestions.heading"),
};

let number = 0;

class Suggestions {
  constructor(input) {
    this.input = input;
    this.active = -1;
    this.texts = [];
    this.typed = "";
    this.list = make("ul", {
      class: "combobox-list suggestions",
      role: "listbox",
      id: `suggestions-${(number += 1)}`,
      "aria-label": words("suggestions.label"),
      hidden: "",
    });
    input.after(this.list);
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
    })) {
      input.setAttribute(name, value);
    }
    this.listen();
  }

  listen() {
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.input.form?.addEventListener("submit", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line) this.choose(Number(line.dataset.at));
    });
  }

  later() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.typed = this.input.value;
    if (!this.typed.trim()) return this.close();
    this.timer = setTimeout(() => this.ask(), WAIT);
    return undefined;
  }

  async ask() {
    this.asked = new AbortController();
    try {
      const answer = await fetch(`${this.input.dataset.suggestions}?q=${encodeURIComponent(this.typed)}`, {
        headers: { Accept: "application/json", "X-Requested-With": "fetch" },
        signal: this.asked.signal,
      });
      if (answer.ok) this.show((await answer.json()).suggestions);
    } catch {
      // Typed on, or offline: the question itself can still be sent.
    }
  }

  show(found) {
    if (!found.length || document.activeElement !== this.input) return this.close();
    this.texts = found.map((each) => each.text);
    this.list.replaceChildren(
      ...found.map((each, at) =>
        make(
          "li",
          { role: "option", id: `${this.list.id}-${at}`, "data-at": at, "aria-selected": "false" },
          make("span", {}, each.text),
          make("span", { class: "suggestion-kind" }, KINDS[each.kind]),
        ),
      ),
    );
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.move(-1);
    announce(words("combobox.count", { count: found.length }));
    return undefined;
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.move(-1);
  }

  // -1 is what was typed, between the last and the first.
  move(at) {
    this.active = at;
    for (const line of this.list.children) {
      const here = Number(line.dataset.at) === at;
      line.classList.toggle("is-active", here);
      line.setAttribute("aria-selected", String(here));
      if (here) line.scrollIntoView({ block: "nearest" });
    }
    if (at < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `${this.list.id}-${at}`);
  }

  key(event) {
    if (event.isComposing || this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const count = this.texts.length + 1;
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.move(((this.active + 1 + step + count) % count) - 1);
      this.input.value = this.active < 0 ? this.typed : this.texts[this.active];
    } else if (event.key === "Escape") {
      // The first closes the list and gives back what was typed; the next is the browser's.
      event.preventDefault();
      this.input.value = this.typed;
      this.close();
    }
  }

  choose(at) {
    this.input.value = this.texts[at];
    this.close();
    this.input.form.requestSubmit();
  }
}

for (const input of document.querySelectorAll("[data-suggestions]")) new Suggestions(input);
