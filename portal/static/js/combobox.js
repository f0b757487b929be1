// select[data-combobox] becomes a field to type in, with a list below; several choices become chips.
// The select stays in the form and keeps the value, so what is sent is the same with and without
// scripts. Follows the combobox pattern of the ARIA Authoring Practices Guide.
import { announce, make, words } from "./words.js";

let number = 0;

function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

class Combobox {
  constructor(select) {
    this.select = select;
    this.multiple = select.multiple;
    this.id = `combobox-${(number += 1)}`;
    this.active = -1;
    this.shown = [];
    this.build();
    this.listen();
    this.refresh();
  }

  build() {
    const select = this.select;
    this.input = make("input", {
      class: "input",
      type: "text",
      role: "combobox",
      autocomplete: "off",
      spellcheck: "false",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": `${this.id}-list`,
      "aria-describedby": select.getAttribute("aria-describedby"),
      "aria-invalid": select.getAttribute("aria-invalid"),
    });
    this.list = make("ul", { class: "combobox-list", role: "listbox", id: `${this.id}-list`, hidden: "" });
    this.chips = this.multiple ? make("ul", { class: "chips" }) : null;
    const wrap = make("div", { class: "combobox" });
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    // The label belongs to what is typed in; the select goes out of sight and reach.
    this.input.id = select.id;
    select.removeAttribute("id");
    if (label) this.list.setAttribute("aria-label", label.textContent.trim());
    this.required = select.required;
    select.required = false;
    select.hidden = true;
    select.tabIndex = -1;
    select.before(wrap);
    if (this.chips) wrap.before(this.chips);
    wrap.append(this.input, this.list);
  }

  listen() {
    this.input.addEventListener("input", () => this.open());
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("click", () => this.open(true));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.leave());
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const line = event.target.closest("[role=option]");
      if (line) this.choose(this.shown[Number(line.dataset.at)]);
    });
    this.select.form?.addEventListener("reset", () => setTimeout(() => this.refresh()));
  }

  options() {
    return [...this.select.options].filter((option) => option.value !== "");
  }

  chosen() {
    return this.options().filter((option) => option.selected);
  }

  open(everything = false) {
    const typed = fold(this.input.value.trim());
    const parts = everything ? [] : typed.split(/\s+/).filter(Boolean);
    this.shown = this.options().filter((option) => {
      const text = fold(option.textContent);
      return !(this.multiple && option.selected) && parts.every((part) => text.includes(part));
    });
    this.list.replaceChildren(
      ...this.shown.map((option, at) =>
        make(
          "li",
          {
            role: "option",
            id: `${this.id}-${at}`,
            "data-at": at,
            "aria-selected": String(option.selected),
          },
          option.textContent,
        ),
      ),
    );
    if (!this.shown.length) {
      this.list.append(make("li", { class: "combobox-none" }, words("combobox.none")));
    }
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.move(this.shown.length ? Math.max(0, this.shown.findIndex((each) => each.selected)) : -1);
    announce(words("combobox.count", { count: this.shown.length }));
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.active = -1;
  }

  move(at) {
    this.active = at;
    for (const line of this.list.children) {
      line.classList.toggle("is-active", Number(line.dataset.at) === at);
    }
    if (at < 0) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    this.input.setAttribute("aria-activedescendant", `${this.id}-${at}`);
    this.list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    if (event.isComposing) return;
    const shut = this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (shut) return this.open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = this.shown.length;
      if (count) this.move((this.active + step + count) % count);
    } else if (event.key === "Enter" && !shut) {
      event.preventDefault();
      if (this.active >= 0) this.choose(this.shown[this.active]);
    } else if (event.key === "Escape" && !shut) {
      event.preventDefault();
      this.close();
      this.refresh();
    } else if (event.key === "Backspace" && this.multiple && !this.input.value) {
      const last = this.chosen().at(-1);
      if (last) this.remove(last);
    }
    return undefined;
  }

  choose(option) {
    if (!this.multiple) {
      for (const each of this.select.options) each.selected = each === option;
    } else {
      option.selected = true;
      this.input.value = "";
    }
    this.close();
    this.changed();
  }

  remove(option) {
    option.selected = false;
    this.changed();
    this.input.focus();
  }

  changed() {
    this.refresh();
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  leave() {
    this.close();
    if (!this.multiple && this.input.value.trim() === "") {
      // Emptied on purpose: nothing is chosen.
      for (const each of this.select.options) each.selected = each.value === "";
    }
    this.refresh();
  }

  refresh() {
    const chosen = this.chosen();
    if (this.multiple) {
      this.input.value = "";
      this.chips.replaceChildren(...chosen.map((option) => this.chip(option)));
    } else {
      this.input.value = chosen[0]?.textContent ?? "";
    }
    this.input.required = this.required && chosen.length === 0;
  }

  chip(option) {
    const name = option.textContent;
    const button = make(
      "button",
      { type: "button", title: words("combobox.remove", { name }) },
      make("span", { "aria-hidden": "true" }, "×"),
      make("span", { class: "visually-hidden" }, words("combobox.remove", { name })),
    );
    button.addEventListener("click", () => this.remove(option));
    return make("li", { class: "chip" }, name, button);
  }
}

for (const select of document.querySelectorAll("select[data-combobox]")) new Combobox(select);
