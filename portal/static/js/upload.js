// Uploads: form[data-upload] sends each file on its own, three at a time, with a bar, a retry and a
// cancel. A file keeps its token through every retry, so that one sent twice is stored once; a large
// one goes in pieces and is resumed where its line broke.
import { wake } from "./live.js";
import { PIECE, Resumable } from "./resumable.js";
import { announce, element, make, size, words } from "./words.js";

const AT_ONCE = 3;
const waiting = [];
let running = 0;

function next() {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    waiting.shift().send();
  }
}

function newToken() {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

class Sending {
  constructor(form, file) {
    this.form = form;
    this.file = file;
    this.token = newToken();
    this.build();
  }

  build() {
    const name = this.file.name;
    this.bar = make("progress", { max: "1", value: "0", "aria-label": words("upload.progress", { name }) });
    this.state = make("span", { class: "status status-neutral" }, words("upload.waiting"));
    this.actions = make("div", { class: "actions" });
    this.message = make("p", { class: "file-message", hidden: "" });
    this.row = make(
      "li",
      { class: "file" },
      make(
        "div",
        { class: "file-body" },
        make("span", { class: "file-name" }, name),
        make("ul", { class: "meta" }, make("li", {}, size(this.file.size))),
      ),
      make("div", { class: "file-state" }, this.state, this.bar),
      this.actions,
      this.message,
    );
    this.form.querySelector("[data-upload-queue]").append(this.row);
    this.offer(["upload.cancel", () => this.cancel()]);
  }

  start() {
    const most = Number(this.form.dataset.maxBytes || 0);
    if (most && this.file.size > most) {
      this.fail(words("upload.too_large", { size: size(most) }), false);
      return;
    }
    waiting.push(this);
    next();
  }

  offer(...pairs) {
    this.actions.replaceChildren(
      ...pairs.map(([word, act]) => {
        const name = this.file.name;
        const button = make(
          "button",
          { type: "button", class: "button button-small", "aria-label": `${words(word)}: ${name}` },
          make("span", {}, words(word)),
        );
        button.addEventListener("click", act);
        return button;
      }),
    );
  }

  send() {
    this.message.hidden = true;
    this.bar.hidden = false;
    this.offer(["upload.cancel", () => this.cancel()]);
    if (this.file.size > PIECE) this.sendInPieces();
    else this.sendWhole();
  }

  // The same one through every retry: it knows how much has arrived.
  async sendInPieces() {
    this.pieces ??= new Resumable(this.form.action, this.file, csrf, {
      progress: (bytes) => this.progress({ lengthComputable: true, loaded: bytes, total: this.file.size }),
      broken: (seconds) => this.say("warn", words("upload.waiting_for_line", { seconds })),
    });
    try {
      const answer = await this.pieces.run();
      this.settle(() => this.done(answer));
    } catch (failure) {
      this.settle(() => this.refusedPieces(failure));
    }
  }

  refusedPieces(failure) {
    if (failure.status === undefined) throw failure;
    if (failure.status === -1) {
      this.pieces = undefined;
      this.fail(words("upload.stopped"), true);
    } else if (failure.status === 401) this.signedOut();
    else if (failure.status === 0) this.fail(words("upload.offline"), true);
    else this.fail(failure.answer.error?.message ?? words("upload.failed"), failure.status >= 500);
  }

  sendWhole() {
    const body = new FormData();
    for (const [name, value] of new FormData(this.form)) {
      if (!(value instanceof File) && name !== "csrf_token") body.append(name, value);
    }
    body.append("token", this.token);
    body.append("file", this.file, this.file.name);
    const request = new XMLHttpRequest();
    this.request = request;
    request.open("POST", this.form.action);
    request.setRequestHeader("X-Requested-With", "fetch");
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrf());
    request.upload.addEventListener("progress", (event) => this.progress(event));
    request.addEventListener("load", () => this.settle(() => this.answer(request)));
    request.addEventListener("error", () => this.settle(() => this.broken()));
    request.addEventListener("abort", () => this.settle(() => this.fail(words("upload.stopped"), true)));
    request.send(body);
  }

  settle(then) {
    running -= 1;
    then();
    next();
  }

  progress(event) {
    if (!event.lengthComputable) return;
    const share = event.loaded / event.total;
    this.bar.value = share;
    const percent = Math.floor(share * 100);
    this.say("progress", share < 1 ? words("upload.sending", { percent }) : words("upload.storing"));
  }

  say(kind, text) {
    this.state.className = `status status-${kind}`;
    this.state.textContent = text;
  }

  answer(request) {
    let answer = {};
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // Not from the portal: a proxy in between, or a server that is restarting.
    }
    if (request.status === 201 && answer.html) this.done(answer);
    else if (request.status === 401) this.signedOut();
    else this.fail(answer.error?.message ?? words("upload.failed"), request.status >= 500 || !answer.error);
  }

  done(answer) {
    const fresh = element(answer.html);
    const rows = document.getElementById(this.form.dataset.uploadInto);
    // A new version takes the place of the row of the version before.
    const old =
      document.getElementById(answer.id) ??
      (answer.replaces ? document.getElementById(answer.replaces) : null);
    if (old) old.replaceWith(fresh);
    else if (rows) rows.append(fresh);
    this.row.remove();
    announce(answer.message ?? words("upload.done", { name: this.file.name }));
    wake();
  }

  fail(text, retry) {
    this.bar.hidden = true;
    this.say("bad", words("upload.refused"));
    this.message.textContent = text;
    this.message.hidden = false;
    const remove = ["upload.remove", () => this.row.remove()];
    this.offer(...(retry ? [["upload.retry", () => this.start()], remove] : [remove]));
    announce(`${this.file.name}: ${text}`);
  }

  // A server that refuses without reading the file may close the connection before its answer has
  // arrived. So ask once more, without a file, whether the session is what has ended.
  async broken() {
    try {
      const answer = await fetch(location.href, {
        headers: { Accept: "application/json", "X-Requested-With": "fetch" },
      });
      if (answer.status === 401) {
        this.signedOut();
        return;
      }
    } catch {
      // Really offline.
    }
    this.fail(words("upload.offline"), true);
  }

  signedOut() {
    this.fail(words("upload.signed_out"), true);
    const link = make(
      "a",
      { href: document.documentElement.dataset.signIn, target: "_blank", rel: "noopener" },
      words("upload.sign_in"),
    );
    this.message.append(" ", link);
  }

  cancel() {
    const at = waiting.indexOf(this);
    if (at >= 0) {
      waiting.splice(at, 1);
      this.fail(words("upload.stopped"), true);
    } else if (this.pieces) {
      this.pieces.stop();
    } else {
      this.request?.abort();
    }
  }
}

function csrf() {
  return document.querySelector("meta[name=csrf-token]").content;
}

// After signing in again in another tab the token of this page is an old one.
window.addEventListener("focus", async () => {
  if (!document.querySelector("[data-upload-queue] .file")) return;
  try {
    const page = await fetch(location.href, { headers: { Accept: "text/html" } });
    const found = (await page.text()).match(/<meta name="csrf-token" content="([^"]+)"/);
    if (found) document.querySelector("meta[name=csrf-token]").content = found[1];
  } catch {
    // Offline: the retry says so.
  }
});

function take(form, files) {
  const multiple = form.querySelector("input[type=file]").multiple;
  for (const file of multiple ? files : files.slice(0, 1)) new Sending(form, file).start();
}

// Cameras and clipboards call every picture «image»: the moment tells them apart.
function named(file, name) {
  if (!/^image\.\w+$/i.test(file.name)) return file;
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()];
  const [date, clock] = [day, time].map((parts) => parts.map((part) => String(part).padStart(2, "0")).join("-"));
  const ending = file.name.split(".").pop();
  return new File([file], `${name} ${date} ${clock}.${ending}`, { type: file.type });
}

// Files of a dropped folder, however deep; the system's own litter apart.
async function filesOf(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = [];
  while (entries.length) {
    const entry = entries.shift();
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      if (![".DS_Store", "Thumbs.db", "desktop.ini"].includes(file.name)) found.push(file);
    } else {
      entries.push(...(await inside(entry)));
    }
  }
  return found;
}

async function inside(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

function prepare(form) {
  const zone = form.querySelector("[data-dropzone]");
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    take(form, [...input.files]);
    input.value = "";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!input.files.length) input.click();
  });
  form.querySelector("[data-upload-choose]")?.addEventListener("click", () => input.click());
  form.querySelector("[data-upload-folder]")?.addEventListener("click", () => {
    const chooser = make("input", { type: "file", webkitdirectory: "", multiple: "" });
    chooser.addEventListener("change", () => take(form, [...chooser.files]));
    chooser.click();
  });
  form.querySelector("[data-upload-camera]")?.addEventListener("click", () => {
    const camera = make("input", { type: "file", accept: "image/*", capture: "environment" });
    camera.addEventListener("change", () => take(form, [...camera.files].map((file) => named(file, words("upload.photo")))));
    camera.click();
  });
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    const plain = [...event.dataTransfer.files];
    const found = await filesOf(event.dataTransfer.items ?? []);
    take(form, found.length ? found : plain);
  });
}

const forms = [...document.querySelectorAll("form[data-upload]")];
forms.forEach(prepare);

// A file dropped beside the zone must not replace the page.
for (const name of ["dragover", "drop"]) {
  if (forms.length) window.addEventListener(name, (event) => event.preventDefault());
}

// Pasting goes to the zone of the place where the person is, otherwise to the first one in sight.
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !forms.length) return;
  const here = document.activeElement?.closest("details.item, section, form");
  const form = forms.find((each) => here?.contains(each)) ?? forms.find((each) => each.offsetParent);
  if (form) {
    event.preventDefault();
    take(form, files.map((file) => named(file, words("upload.screenshot"))));
  }
});

// Leaving now would lose what has not been sent.
window.addEventListener("beforeunload", (event) => {
  if (running || waiting.length) event.preventDefault();
});
