// The answer above the hits comes after them: it takes longer, and nobody has to wait for it.
import { announce, element, make, words } from "./words.js";

async function fill(place) {
  let found = null;
  try {
    const answer = await fetch(place.dataset.answer, {
      headers: { Accept: "text/html", "X-Requested-With": "fetch" },
    });
    if (answer.ok) found = element(await answer.text());
  } catch {
    // The connection is away; the hits are there.
  }
  place.replaceChildren(...(found ? [found] : []));
}

for (const place of document.querySelectorAll("[data-answer]")) fill(place);

// An answer written by a model, when somebody asks for it. What comes back stands below the button.
async function write(form) {
  const button = form.querySelector("button");
  const state = form.querySelector("[data-state]");
  if (form.nextElementSibling?.matches("[data-written-answer]")) form.nextElementSibling.remove();
  button.disabled = true;
  state.hidden = false;
  announce(state.textContent);
  const place = make("div", { "data-written-answer": "" });
  try {
    const sent = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "text/html", "X-Requested-With": "fetch" },
    });
    if (sent.ok) place.append(element(await sent.text()));
    else place.append(problem((await sent.json()).error.message));
  } catch {
    place.append(problem(words("answer.away")));
  }
  form.after(place);
  button.disabled = false;
  state.hidden = true;
  announce((place.querySelector(".answer-written") ?? place).textContent.trim());
}

function problem(sentence) {
  const body = make("div", { class: "callout-body" }, make("p", {}, sentence));
  return make("div", { class: "callout callout-warn" }, body);
}

for (const form of document.querySelectorAll("form[data-written]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    write(form);
  });
}
