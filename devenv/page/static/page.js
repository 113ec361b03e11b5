// The page's own life: sections that change, buttons that act, credentials that are asked for.
import { api, enter, hasToken } from "./session.js";
import { restore, remember } from "./place.js";

const id = (name) => document.getElementById(name);

function ago(time) {
  const seconds = Math.round((Date.now() - Date.parse(time.dateTime)) / 1000);
  const steps = [[60, "s", 1], [3600, "min", 60], [86400, "h", 3600], [Infinity, "d", 86400]];
  const [, unit, size] = steps.find(([limit]) => seconds < limit);
  time.title ||= new Date(time.dateTime).toLocaleString();
  const text = seconds < 5 ? "just now" : `${Math.floor(seconds / size)} ${unit} ago`;
  if (time.textContent !== text) time.textContent = text;
}

function dress(root) {
  root.querySelectorAll("time[data-ago]").forEach(ago);
  root.querySelectorAll("button[data-copy]").forEach((button) => { button.hidden = false; });
  root.querySelectorAll("button.token").forEach((button) => { button.hidden = !hasToken(); });
}

function say(text) {
  id("say").textContent = text;
}

function show(section) {
  const place = id(section.name);
  if (!place || place.dataset.version === section.version) return;
  place.dataset.version = section.version;
  const kept = remember(place);
  place.innerHTML = section.html; // the server has escaped whatever comes from elsewhere
  dress(place);
  restore(place, kept, loadFacts);
}

function listen() {
  const live = (text, isLive) => {
    id("live").hidden = false;
    id("live").classList.toggle("off", !isLive);
    id("live-text").textContent = text;
    document.body.classList.toggle("stale", !isLive);
  };
  const events = new EventSource("/events");
  events.addEventListener("open", () => live("live", true));
  events.addEventListener("error", () => live("not live: devenv open", false));
  events.addEventListener("section", (event) => show(JSON.parse(event.data)));
  events.addEventListener("say", (event) => say(JSON.parse(event.data)));
}

let answer = () => {};

function confirmed(button) {
  const dialog = id("confirm");
  answer(false);
  id("confirm-title").textContent = button.dataset.title;
  id("confirm-text").textContent = button.dataset.text;
  id("confirm-yes").textContent = button.dataset.yes;
  dialog.returnValue = "";
  dialog.showModal();
  id("confirm-no").focus();
  return new Promise((resolve) => { answer = resolve; });
}

async function act(button) {
  const { act: path, title } = button.dataset;
  if (!(await confirmed(button))) return;
  try {
    await api(path);
    say(`${title.replace("?", "")}: begun`);
  } catch (error) {
    alarm(error.message);
  }
}

function alarm(message) {
  const bar = id("no-token");
  bar.textContent = message;
  bar.hidden = false;
  say(message);
}

async function copy(button) {
  const before = button.textContent;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "Copied";
  say("copied");
  setTimeout(() => { button.textContent = before; }, 1500);
}

function written(facts, heading) {
  return facts.flatMap(([label, text]) => {
    const term = Object.assign(document.createElement(heading), { textContent: label });
    const box = Object.assign(document.createElement("pre"), { textContent: text, tabIndex: 0 });
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", label);
    return [term, box];
  });
}

async function loadFacts(details) {
  const place = details.querySelector(".facts");
  if (!hasToken() || place.dataset.loaded) return;
  place.dataset.loaded = "yes";
  place.replaceChildren(...written(await api(details.dataset.facts), "h4"));
}

async function log(button) {
  const place = id("log-text");
  id("log-title").textContent = button.dataset.title;
  Object.assign(id("log-again").dataset, button.dataset);
  if (!id("log").open) id("log").showModal();
  try {
    const found = await api(button.dataset.log);
    place.replaceChildren(...(found.length ? written(found, "h3") : [button.dataset.empty]));
    place.querySelectorAll("pre").forEach((box) => { box.scrollTop = box.scrollHeight; });
  } catch (error) {
    place.replaceChildren(error.message);
  }
}

function credential(found) {
  const box = document.createElement("div");
  box.append(Object.assign(document.createElement("h3"), { textContent: `${found.name} (${found.stack})` }));
  const list = document.createElement("dl");
  for (const [key, value] of Object.entries(found.values)) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: "Copy" });
    button.dataset.copy = value;
    button.setAttribute("aria-label", `Copy ${key} of ${found.name}`);
    const term = Object.assign(document.createElement("dt"), { textContent: key });
    const detail = document.createElement("dd");
    detail.append(Object.assign(document.createElement("code"), { textContent: value }), button);
    list.append(term, detail);
  }
  box.append(list);
  return box;
}

async function reveal(button) {
  const place = id("secrets");
  const open = button.getAttribute("aria-expanded") === "true";
  place.replaceChildren(...(open ? [] : (await api("/credentials")).map(credential)));
  place.hidden = open;
  button.setAttribute("aria-expanded", String(!open));
  button.textContent = open ? "Show" : "Hide";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { copy: text, log: of, act: does } = button.dataset;
  const work = text !== undefined ? copy : of ? log : does ? act : button.id === "reveal" ? reveal : null;
  work?.(button).catch((error) => alarm(error.message));
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.("details[data-facts]") && event.target.open) {
    loadFacts(event.target).catch((error) => alarm(error.message));
  }
}, true);
// A dialog tells that it was closed a moment later, when the next question may be open already.
id("confirm").addEventListener("close", ({ target }) => { if (!target.open) answer(target.returnValue === "yes"); });
id("confirm-yes").addEventListener("click", () => id("confirm").close("yes"));
id("confirm-no").addEventListener("click", () => id("confirm").close(""));
id("log-close").addEventListener("click", () => id("log").close());

await enter().catch((error) => alarm(error.message));
id("no-token").hidden = hasToken();
dress(document);
listen();
setInterval(() => document.querySelectorAll("time[data-ago]").forEach(ago), 5000);
