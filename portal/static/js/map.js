// The knowledge map: pan and zoom by mouse, wheel, finger and keyboard. Without it the picture is
// whole and its links work all the same.
const LARGEST = 6;
const STEP = 1.4;
const DRAG = 5;
const ASIDE = 1e5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Picture {
  constructor(svg) {
    this.svg = svg;
    const { x, y, width, height } = svg.viewBox.baseVal;
    this.whole = { x, y, width, height };
    this.view = { ...this.whole };
    this.fingers = new Map();
    this.moved = 0;
    this.areas = [...svg.querySelectorAll(".map-area")];
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      svg.addEventListener(name, (event) => this.up(event));
    }
    // A link that was dragged is not followed, neither as a click nor as something to drop.
    svg.addEventListener("click", (event) => this.moved > DRAG && event.preventDefault(), true);
    svg.addEventListener("dragstart", (event) => event.preventDefault());
    svg.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("focusin", (event) => this.reveal(event.target));
  }

  get scale() {
    return this.whole.width / this.view.width;
  }

  // Picture units for a point of the window.
  at(clientX, clientY) {
    return new DOMPoint(clientX, clientY).matrixTransform(this.svg.getScreenCTM().inverse());
  }

  show(view, smoothly = false) {
    cancelAnimationFrame(this.frame);
    const wanted = this.within(view);
    if (!smoothly || still.matches) {
      this.set(wanted);
      return;
    }
    const from = { ...this.view };
    const begin = performance.now();
    const step = (now) => {
      const t = Math.min((now - begin) / 160, 1);
      const eased = 1 - (1 - t) ** 3;
      const between = (key) => from[key] + (wanted[key] - from[key]) * eased;
      this.set({ x: between("x"), y: between("y"), width: between("width"), height: between("height") });
      if (t < 1) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  set(view) {
    this.view = view;
    this.svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    this.svg.classList.toggle("is-zoomed", this.scale > 1.01);
  }

  // Never smaller than the whole map, and never away from it.
  within(view) {
    const scale = Math.min(Math.max(this.whole.width / view.width, 1), LARGEST);
    const width = this.whole.width / scale;
    const height = this.whole.height / scale;
    const clamp = (value, from, room) => Math.min(Math.max(value, from), from + room);
    return {
      x: clamp(view.x, this.whole.x, this.whole.width - width),
      y: clamp(view.y, this.whole.y, this.whole.height - height),
      width,
      height,
    };
  }

  zoom(factor, point, smoothly = false) {
    const { x, y, width, height } = this.view;
    const by = Math.min(Math.max(this.scale * factor, 1), LARGEST) / this.scale;
    const middle = point ?? { x: x + width / 2, y: y + height / 2 };
    this.show(
      {
        x: middle.x - (middle.x - x) / by,
        y: middle.y - (middle.y - y) / by,
        width: width / by,
        height: height / by,
      },
      smoothly,
    );
  }

  act(name) {
    if (name === "larger") this.zoom(STEP, null, true);
    else if (name === "smaller") this.zoom(1 / STEP, null, true);
    else this.show(this.whole, true);
  }

  // A wheel alone scrolls the page, as it does everywhere; with Ctrl, or as a pinch, it zooms.
  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(Math.exp(-event.deltaY / 300), this.at(event.clientX, event.clientY));
  }

  down(event) {
    if (event.button) return;
    if (!this.fingers.size) this.moved = 0;
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  }

  move(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const after = { x: event.clientX, y: event.clientY };
    const others = [...this.fingers].filter(([id]) => id !== event.pointerId);
    this.moved += Math.hypot(after.x - before.x, after.y - before.y);
    if (others.length) this.pinch(before, after, others[0][1]);
    else if (this.scale > 1.01) this.pan(before, after, event);
    this.fingers.set(event.pointerId, after);
  }

  pan(before, after, event) {
    if (this.moved <= DRAG) return;
    // Only now: a captured pointer would make a plain click one on the picture, not on a link.
    this.svg.setPointerCapture(event.pointerId);
    this.svg.classList.add("is-dragged");
    const from = this.at(before.x, before.y);
    const to = this.at(after.x, after.y);
    this.show({ ...this.view, x: this.view.x + from.x - to.x, y: this.view.y + from.y - to.y });
  }

  pinch(before, after, other) {
    const apart = (point) => Math.max(Math.hypot(point.x - other.x, point.y - other.y), 1);
    const middle = this.at((after.x + other.x) / 2, (after.y + other.y) / 2);
    this.zoom(apart(after) / apart(before), middle);
  }

  up(event) {
    this.fingers.delete(event.pointerId);
    if (!this.fingers.size) this.svg.classList.remove("is-dragged");
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = { "+": "larger", "=": "larger", "-": "smaller", 0: "whole" };
    if (event.key in actions) this.act(actions[event.key]);
    else if (event.key in ARROWS) this.go(event.target.closest(".map-area"), ARROWS[event.key]);
    else return;
    event.preventDefault();
  }

  // The nearest area in that direction; one ahead is nearer than any that is rather to the side.
  go(from, [stepX, stepY]) {
    if (!from) return;
    const here = middleOf(from);
    let best = null;
    let least = Infinity;
    for (const area of this.areas) {
      const there = middleOf(area);
      const ahead = (there.x - here.x) * stepX + (there.y - here.y) * stepY;
      const aside = Math.abs((there.x - here.x) * stepY) + Math.abs((there.y - here.y) * stepX);
      const far = ahead + 2 * aside + (aside > 2 * ahead ? ASIDE : 0);
      if (area !== from && ahead > 1 && far < least) [best, least] = [area, far];
    }
    best?.focus();
  }

  // What has the focus is in the picture, however far one has zoomed in.
  reveal(target) {
    const box = target.closest?.(".map-area")?.getBBox();
    if (!box || this.scale <= 1.01) return;
    const { x, y, width, height } = this.view;
    const inside =
      box.x >= x && box.y >= y && box.x + box.width <= x + width && box.y + box.height <= y + height;
    if (inside) return;
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    this.show({ ...this.view, x: middle.x - width / 2, y: middle.y - height / 2 }, true);
  }
}

function middleOf(area) {
  const circle = area.querySelector("circle");
  return { x: circle.cx.baseVal.value, y: circle.cy.baseVal.value };
}

// An area pointed at in the list stands out in the picture, and the other way round.
function point(place, event, on) {
  const area = event.target.closest?.("[data-area]")?.dataset.area;
  if (!area) return;
  for (const each of place.querySelectorAll(`[data-area="${CSS.escape(area)}"]`)) {
    each.classList.toggle("is-pointed", on);
  }
}

for (const place of document.querySelectorAll("[data-map]")) {
  const pictures = [...place.querySelectorAll(".map-picture")].map((svg) => new Picture(svg));
  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-map-action]");
    for (const picture of button ? pictures : []) picture.act(button.dataset.mapAction);
  });
  const page = place.closest(".map-page");
  for (const [name, on] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
    page.addEventListener(name, (event) => point(page, event, on));
  }
}
