// Rows that change while a worker reads: [data-live] names the address that gives them anew.
import { announce, element, words } from "./words.js";

const SHORTEST = 1500; // ms
const LONGEST = 15000;

class Live {
  constructor(place) {
    this.place = place;
    place.addEventListener("submit", (event) => this.stay(event));
    this.wait = SHORTEST;
    this.over = false;
    this.schedule(0);
  }

  schedule(wait = this.wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), wait);
  }

  // Something was added: look soon again, even if everything had come to rest.
  wake() {
    this.wait = SHORTEST;
    if (!this.over) this.schedule();
  }

  // A button that orders or ends a reading leaves the person where they are; when it cannot, the
  // form is sent as it would be without scripts.
  async stay(event) {
    const form = event.target;
    if (event.defaultPrevented || !form.querySelector("[data-stay]")) return;
    event.preventDefault();
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json", "X-Requested-With": "fetch" },
      });
      if (!answer.ok) throw new Error(answer.statusText);
      announce((await answer.json()).message);
      this.over = false;
      this.wait = SHORTEST;
      this.schedule(0);
    } catch {
      form.submit();
    }
  }

  async ask() {
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => this.ask(), { once: true });
      return;
    }
    try {
      const answer = await fetch(this.place.dataset.live, {
        headers: { Accept: "application/json", "X-Requested-With": "fetch" },
      });
      if (answer.status === 401) {
        this.over = true;
        announce(words("live.signed_out"));
        return;
      }
      if (answer.ok) {
        const { rows, live } = await answer.json();
        const changed = this.show(rows);
        this.wait = changed ? SHORTEST : Math.min(this.wait * 1.4, LONGEST);
        if (!live) return;
      }
    } catch {
      this.wait = LONGEST; // the connection is away; it may come back
    }
    this.schedule();
  }

  show(rows) {
    let changed = false;
    for (const { id, html } of rows) {
      const old = document.getElementById(id);
      const fresh = element(html);
      if (!old || !fresh || look(old) === look(fresh)) continue;
      // Whoever is choosing or has a menu open keeps it until the next turn; whoever stands on a
      // button finds it, or the first thing of the row, under the same finger again.
      const active = old.contains(document.activeElement) ? document.activeElement : null;
      if (active && !active.matches("a, button, summary")) continue;
      if (old.querySelector("details[open]")) continue;
      const said = old.querySelector("[data-announce]")?.textContent;
      old.replaceWith(fresh);
      changed = true;
      if (active) alike(fresh, active)?.focus();
      // A step that is over is said, not each page of it.
      const saying = fresh.querySelector("[data-announce]");
      if (saying && saying.textContent !== said) {
        announce(`${saying.dataset.announce}: ${saying.textContent.trim()}`);
      }
    }
    return changed;
  }
}

// A row without the tokens of its forms, which are others in every answer.
function look(row) {
  return row.outerHTML.replace(/name="csrf_token" value="[^"]*"/g, "");
}

function alike(row, control) {
  const controls = [...row.querySelectorAll("a, button, summary")];
  return controls.find((each) => each.textContent === control.textContent) ?? controls[0];
}

const all = [...document.querySelectorAll("[data-live]")].map((place) => new Live(place));

export function wake() {
  for (const live of all) live.wake();
}
