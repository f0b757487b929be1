// Rows that change while a worker reads: [data-live] names the address that gives them anew.
import { announce, element, words } from "./words.js";

const SHORTEST = 1500; // ms
const LONGEST = 15000;

class Live {
  constructor(place) {
    this.place = place;
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
      if (!old || !fresh || old.outerHTML === fresh.outerHTML) continue;
      // Whoever is using a control in the row keeps it until the next turn.
      if (old.contains(document.activeElement) || old.querySelector("details[open]")) continue;
      const said = old.querySelector("[data-announce]")?.textContent;
      old.replaceWith(fresh);
      const saying = fresh.querySelector("[data-announce]");
      if (saying && saying.textContent !== said) {
        changed = true;
        announce(`${saying.dataset.announce}: ${saying.textContent.trim()}`);
      }
    }
    return changed;
  }
}

const all = [...document.querySelectorAll("[data-live]")].map((place) => new Live(place));

export function wake() {
  for (const live of all) live.wake();
}
