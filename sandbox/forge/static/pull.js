// Fetch the main part again when something changed; what one is typing stands outside of it.
const main = () => document.getElementById("main");
document.querySelector("[name=as]").addEventListener("change", event => event.target.form.submit());
setInterval(async () => {
  const number = await fetch(location.pathname + "/changes").then(r => r.text()).catch(() => null);
  if (number === null || number.trim() === main().dataset.changes) return;
  const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
  const open = [...main().querySelectorAll("details[open] > summary")].map(s => s.textContent);
  const stateOf = document => document.querySelector(".act .buttons").innerHTML;
  if (stateOf(page) !== stateOf(document)) return location.reload();
  main().replaceWith(page.getElementById("main"));
  main().querySelectorAll("summary").forEach(s => { if (open.includes(s.textContent)) s.parentElement.open = true; });
}, 1000);
