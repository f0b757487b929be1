// Page images: previous, next, zoom; the passage that was asked for is scrolled into sight.
const STEPS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];

class Viewer {
  constructor(place) {
    this.place = place;
    this.pages = [...place.querySelectorAll("[data-page]")];
    this.list = place.querySelector(".viewer-pages");
    this.position = place.querySelector("[data-viewer-position]");
    this.zoom = 1;
    place.addEventListener("click", (event) => {
      const button = event.target.closest("[data-viewer-action]");
      if (button) this.act(button.dataset.viewerAction);
    });
    this.list.addEventListener("keydown", (event) => this.key(event));
    const observer = new IntersectionObserver(() => this.tell(), {
      threshold: [0, 0.25, 0.5, 0.75, 1],
    });
    for (const page of this.pages) observer.observe(page);
  }

  // The page at the upper third of the window is the one being read.
  current() {
    const line = window.innerHeight / 3;
    const found = this.pages.findLast((page) => page.getBoundingClientRect().top <= line);
    return Math.max(0, this.pages.indexOf(found));
  }

  tell() {
    const page = this.pages[this.current()]?.dataset.page ?? "1";
    this.position.textContent = this.position.dataset.viewerPosition
      .replace("{page}", page)
      .replace("{pages}", this.pages.length);
  }

  go(step) {
    const at = Math.min(Math.max(this.current() + step, 0), this.pages.length - 1);
    this.pages[at].scrollIntoView({ block: "start" });
  }

  act(name) {
    if (name === "previous") this.go(-1);
    else if (name === "next") this.go(1);
    else this.resize(name);
  }

  resize(name) {
    const at = STEPS.findIndex((step) => step >= this.zoom - 0.001);
    if (name === "fit") this.zoom = 1;
    if (name === "larger") this.zoom = STEPS[Math.min(at + 1, STEPS.length - 1)];
    if (name === "smaller") this.zoom = STEPS[Math.max(at - 1, 0)];
    const page = this.pages[this.current()];
    this.place.style.setProperty("--zoom", this.zoom);
    page.scrollIntoView({ block: "start" });
  }

  key(event) {
    const actions = { "+": "larger", "=": "larger", "-": "smaller", 0: "fit" };
    const steps = { PageDown: 1, PageUp: -1, j: 1, k: -1 };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in actions) this.resize(actions[event.key]);
    else if (event.key in steps) this.go(steps[event.key]);
    else return;
    event.preventDefault();
  }
}

for (const place of document.querySelectorAll("[data-viewer]")) {
  new Viewer(place);
  place.querySelector(".viewer-boxes rect")?.scrollIntoView({ block: "center" });
}

// The passage in the text beside the pages.
const pages = document.querySelector("[data-viewer] .viewer-boxes");
const target = document.querySelector(".is-target");
if (target && !pages && !location.hash) target.scrollIntoView({ block: "center" });
