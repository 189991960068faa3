// What a page does while its run goes on: a log grows, a run's rows change. Without scripts the page loads itself again.
"use strict";

(() => {
  const rows = document.querySelector("[data-row-events]");
  const followed = new WeakSet();
  followLogs();
  document.addEventListener("freshened", followLogs);
  offerTools();
  if (rows) followRows(rows);

  function followLogs() {
    document.querySelectorAll("[data-log-events]").forEach((box) => {
      if (followed.has(box)) return;
      followed.add(box);
      followLog(box);
    });
  }

  // The text is the server's and is shown as text. The page keeps the last million characters of it.
  function followLog(box) {
    const KEPT = 1000000, CHUNK = 16000;
    const text = box.querySelector("pre");
    const button = document.querySelector("[data-pause]");
    const said = document.querySelector("[data-live-state]");
    const source = new EventSource(box.dataset.logEvents);
    let waiting = "", paused = false, length = text.textContent.length;

    let dropped = 0;
    const gone = document.querySelector("[data-dropped]");
    const show = () => {
      if (!waiting || paused) return;
      // A chunk is whole lines of a size that the browser lays out only when it comes into view.
      for (let at = 0; at < waiting.length;) {
        const line = waiting.lastIndexOf("\n", at + CHUNK) + 1;
        const end = at + CHUNK >= waiting.length ? waiting.length : line > at ? line : at + CHUNK;
        const chunk = document.createElement("span");
        chunk.className = "chunk";
        chunk.textContent = waiting.slice(at, end);
        text.append(chunk);
        at = end;
      }
      length += waiting.length;
      waiting = "";
      while (length > KEPT && text.childNodes.length > 1) {
        dropped += text.firstChild.textContent.length;
        length -= text.firstChild.textContent.length;
        text.firstChild.remove();
      }
      if (dropped && gone) {
        gone.textContent = `${dropped.toLocaleString("en")} characters before these are left out here; the whole is in the text.`;
        gone.hidden = false;
      }
    };
    source.addEventListener("log", (event) => {
      const told = JSON.parse(event.data);
      if (told.left_out) waiting += `\n[${told.left_out} bytes are left out here; the whole is in the text]\n`;
      waiting += told.text;
      if (waiting.length > KEPT) {
        dropped += waiting.length - KEPT;
        waiting = waiting.slice(-KEPT);
      }
      document.querySelectorAll("[data-nothing-yet]").forEach((one) => one.remove());
      box.hidden = false;
      requestAnimationFrame(show);
    });
    source.addEventListener("end", () => {
      source.close();
      if (said) said.textContent = "It has ended.";
      if (button) button.hidden = true;
      paused = false;
      show();
      freshen("[data-fresh]");
    });
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      paused = !paused;
      button.textContent = paused ? "Go on" : "Pause";
      button.setAttribute("aria-pressed", String(paused));
      show();
    });
  }

  function followRows(box) {
    const source = new EventSource(box.dataset.rowEvents);
    source.addEventListener("rows", () => freshen("[data-fresh]"));
    source.addEventListener("end", () => { source.close(); freshen("[data-fresh]"); });
  }

  // Keys and a button for a page with many parts. The page works without them.
  function offerTools() {
    const sections = () => [...document.querySelectorAll("section.project")];
    const all = () => [...document.querySelectorAll("section.project details")];
    const words = () => (all().every((one) => one.open) ? "Close all" : "Open all");
    const fold = () => {
      const open = words() === "Open all";
      all().forEach((one) => { one.open = open; });
      name();
    };
    const name = () => document.querySelectorAll("[data-tools]").forEach((one) => {
      one.hidden = !all().length;
      one.querySelector("[data-open-all]").textContent = words();
    });
    const go = (step) => {
      const found = sections();
      const at = found.findIndex((one) => one.contains(document.activeElement));
      found[Math.min(Math.max(at + step, 0), found.length - 1)]?.focus();
    };
    document.addEventListener("click", (event) => { if (event.target.closest("[data-open-all]")) fold(); });
    document.addEventListener("toggle", name, true);
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (typing || event.ctrlKey || event.altKey || event.metaKey || !sections().length) return;
      if (event.key === "j") go(1);
      if (event.key === "k") go(-1);
      if (event.key === "e") fold();
    });
    name();
    document.addEventListener("freshened", name);
  }

  // A log that grows on the page stays there, also when what it tells of has ended.
  function keepLogs(old, fresh) {
    old.querySelectorAll("[data-log-events]").forEach((box) => {
      const there = fresh.querySelector(`[id="${box.id}"]`);
      if (there) there.replaceWith(box);
      else fresh.querySelector(`[id="${box.closest("section.project").id}"]`)?.append(box);
    });
  }

  // Take over the marked parts of the page as it is now; what the reader opened stays open.
  let asked = 0;
  async function freshen(parts) {
    const mine = ++asked;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || mine !== asked) return;
    const now = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = new Set([...document.querySelectorAll("details[open][id]")].map((one) => one.id));
    const focused = document.activeElement && document.activeElement.id;
    document.querySelectorAll(parts).forEach((old) => {
      const fresh = now.getElementById(old.id);
      if (!fresh || fresh.innerHTML === old.innerHTML) return;
      fresh.querySelectorAll("details[id]").forEach((one) => {
        const before = document.getElementById(one.id);
        one.open = before ? open.has(one.id) : one.open;
      });
      keepLogs(old, fresh);
      old.replaceWith(document.adoptNode(fresh));
    });
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.title = now.title;
    document.dispatchEvent(new Event("freshened"));
  }
})();
