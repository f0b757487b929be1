// What could be meant while somebody types a question: titles and headings this person may read.
const WAIT = 150; // ms after the last key

for (const input of document.querySelectorAll("[data-suggestions]")) {
  const list = document.getElementById(input.getAttribute("list"));
  let timer = 0;
  let asked = null;

  const ask = async () => {
    const text = input.value.trim();
    asked?.abort();
    if (!text) return list.replaceChildren();
    asked = new AbortController();
    try {
      const answer = await fetch(`${input.dataset.suggestions}?q=${encodeURIComponent(text)}`, {
        headers: { Accept: "application/json", "X-Requested-With": "fetch" },
        signal: asked.signal,
      });
      if (!answer.ok) return undefined;
      const { suggestions } = await answer.json();
      return list.replaceChildren(...suggestions.map((each) => new Option(each, each)));
    } catch {
      return undefined; // typed on, or offline: the question itself can still be sent
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
}
