// Sends one large file in pieces by the tus protocol 1.0.0 (https://tus.io): after a broken line it
// asks how much has arrived and goes on from there, after a reload, too, when the same file is
// chosen again for the same place.
export const PIECE = 8 * 1024 * 1024;

const PROTOCOL = { "Tus-Resumable": "1.0.0" };
// Hashing reads the whole file into memory.
const MOST_HASHED = 256 * 1024 * 1024;
// Seconds between attempts; then the person decides.
const PAUSES = [1, 2, 4, 8, 15, 30, 60];

// What a refusal or a broken line means to the caller: the status (0 for none) and the answer.
export class Failure extends Error {
  constructor(status, answer = {}) {
    super(`upload: ${status}`);
    this.status = status;
    this.answer = answer;
  }
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

// The same bytes need not be sent twice. Browsers compute digests only on pages that came over TLS
// or from this machine; elsewhere the file is simply sent.
async function digest(file) {
  if (!globalThis.crypto?.subtle || file.size > MOST_HASHED) return null;
  const bytes = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Resumable {
  // `progress(bytes)` while it is sent, `broken(seconds)` while it waits to try again.
  constructor(action, file, token, { progress, broken }) {
    this.action = action;
    this.file = file;
    this.token = token;
    this.progress = progress;
    this.broken = broken;
    // No name: what stays in the browser says nothing about the file.
    this.key = `upload ${action} ${file.size} ${file.lastModified}`;
    this.stopped = false;
  }

  // The portal's answer for the finished file. Throws Failure; status -1 when it was stopped.
  async run() {
    let attempt = 0;
    for (;;) {
      const from = this.offset ?? 0;
      try {
        return await this.attempt();
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        if (this.stopped) throw new Failure(-1);
        // Only what may pass: no answer, a server that restarts, a piece already under way.
        if (![0, 409, 423, 502, 503, 504].includes(failure.status) || this.refused(failure)) throw failure;
        if ((this.offset ?? 0) > from) attempt = 0;
        if (attempt === PAUSES.length) throw failure;
        await this.pause(PAUSES[attempt]);
        attempt += 1;
      }
    }
  }

  // A conflict about the offset is settled by asking; every other one is the portal's last word.
  refused(failure) {
    if (failure.status !== 409 || failure.answer.error?.code === "wrong_offset") return false;
    this.forget();
    return true;
  }

  stop() {
    this.stopped = true;
    this.request?.abort();
    this.wake?.();
    if (this.address) this.ask("DELETE", this.address).catch(() => {});
    this.forget();
  }

  async attempt() {
    await this.locate();
    while (this.offset < this.file.size) {
      if (this.stopped) throw new Failure(-1);
      const piece = this.file.slice(this.offset, this.offset + PIECE);
      const headers = { "Upload-Offset": this.offset, "Content-Type": "application/offset+octet-stream" };
      await this.ask("PATCH", this.address, headers, piece);
    }
    const request = await this.ask("GET", this.address, { Accept: "application/json" });
    const answer = JSON.parse(request.responseText);
    // The last byte arrived, its answer did not, and the portal was stopped in between: say it again.
    if (!answer.html) {
      const headers = { "Upload-Offset": this.offset, "Content-Type": "application/offset+octet-stream" };
      await this.ask("PATCH", this.address, headers, new Blob([]));
      throw new Failure(0);
    }
    this.forget();
    return answer;
  }

  // Where the upload lives and how much has arrived: the one begun before, or a new one.
  async locate() {
    if (this.stopped) throw new Failure(-1);
    this.address ??= this.remembered();
    if (this.address) {
      try {
        await this.ask("HEAD", this.address);
        return;
      } catch (failure) {
        if (failure.status !== 404) throw failure;
        this.forget();
      }
    }
    const hash = await digest(this.file);
    if (this.stopped) throw new Failure(-1);
    const metadata = [`filename ${base64(this.file.name)}`];
    if (hash) metadata.push(`sha256 ${base64(hash)}`);
    const headers = { "Upload-Length": this.file.size, "Upload-Metadata": metadata.join(",") };
    this.offset = 0;
    const request = await this.ask("POST", this.action, headers);
    this.address = request.getResponseHeader("Location");
    try {
      localStorage.setItem(this.key, this.address);
    } catch {
      // A browser that keeps nothing: it resumes as long as the page is open.
    }
  }

  remembered() {
    try {
      return localStorage.getItem(this.key);
    } catch {
      return null;
    }
  }

  forget() {
    this.address = null;
    this.offset = 0;
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept.
    }
  }

  pause(seconds) {
    this.broken(seconds);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
      window.addEventListener("online", this.wake, { once: true });
    });
  }

  ask(method, address, headers = {}, body = null) {
    const request = new XMLHttpRequest();
    this.request = request;
    request.open(method, address);
    const all = { ...PROTOCOL, "X-Requested-With": "fetch", "X-CSRFToken": this.token(), ...headers };
    for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
    const before = this.offset ?? 0;
    if (body) request.upload.addEventListener("progress", (event) => this.progress(before + event.loaded));
    return new Promise((resolve, reject) => {
      request.addEventListener("load", () => {
        const offset = request.getResponseHeader("Upload-Offset");
        if (request.status < 300) {
          if (offset !== null) this.offset = Number(offset);
          resolve(request);
        } else {
          reject(new Failure(request.status, parsed(request.responseText)));
        }
      });
      request.addEventListener("error", () => reject(new Failure(0)));
      request.addEventListener("abort", () => reject(new Failure(0)));
      request.send(body);
    });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
