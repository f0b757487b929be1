// Feedback on a hit without leaving the page: the server gives the buttons as they stand then.
import { announce, element, make } from "./words.js";

async function send(place, form, button) {
  const data = new FormData(form);
  if (button?.name) data.set(button.name, button.value);
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: data,
      headers: { Accept: "text/html", "X-Requested-With": "fetch" },
    });
    if (!answer.ok || !answer.headers.get("Content-Type")?.startsWith("text/html")) throw answer;
    const fresh = element(await answer.text());
    place.replaceWith(fresh);
    const word = button?.dataset.feedbackWord;
    const next = word ? fresh.querySelector(`[data-feedback-word="${word}"]`) : fresh.querySelector("summary");
    next?.focus();
    const error = fresh.querySelector(".field-error");
    if (error) fresh.querySelector(".feedback-remark input[name=remark]").focus();
    if (error) announce(error.textContent.trim());
  } catch {
    // The plain way says on its own page what is wrong: signed out, gone, or no connection.
    if (button?.name) form.append(make("input", { type: "hidden", name: button.name, value: button.value }));
    form.submit();
  }
}

document.addEventListener("submit", (event) => {
  const place = event.target.closest("[data-feedback]");
  if (!place) return;
  event.preventDefault();
  send(place, event.target, event.submitter);
});
