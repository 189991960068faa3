// What a page does while its run goes on: a log grows, a run's rows change. Without scripts the page loads itself again.
"use strict";

(() => {
  const log = document.querySelector("[data-log-events]");
  const rows = document.querySelector("[data-row-events]");
  if (log) followLog(log);
  if (rows) followRows(rows);

  // The text is the server's and is shown as text. The page keeps the last million characters of it.
  function followLog(box) {
    const KEPT = 1000000;
    const text = box.querySelector("pre");
    const button = document.querySelector("[data-pause]");
    const said = document.querySelector("[data-live-state]");
    const source = new EventSource(box.dataset.logEvents);
    let waiting = "", paused = false, length = text.textContent.length;

    const show = () => {
      if (!waiting || paused) return;
      text.append(waiting);
      length += waiting.length;
      waiting = "";
      while (length > KEPT && text.childNodes.length > 1) {
        length -= text.firstChild.length;
        text.firstChild.remove();
      }
    };
    source.addEventListener("log", (event) => {
      const told = JSON.parse(event.data);
      if (told.left_out) waiting += `\n[${told.left_out} bytes are left out here; the whole is in the text]\n`;
      waiting = (waiting + told.text).slice(-KEPT);
      document.querySelectorAll("[data-nothing-yet]").forEach((one) => one.remove());
      box.hidden = false;
      requestAnimationFrame(show);
    });
    source.addEventListener("end", () => {
      source.close();
      said.textContent = "It has ended.";
      button.hidden = true;
      paused = false;
      show();
      freshen("[data-fresh]");
    });
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
      fresh.querySelectorAll("details[id]").forEach((one) => { one.open = one.open || open.has(one.id); });
      old.replaceWith(document.adoptNode(fresh));
    });
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    document.title = now.title;
  }
})();
