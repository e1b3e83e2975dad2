// Keeps the overview up to date: asks once a second while somebody looks, and says so when nothing comes.

import * as format from "./format.js";
import { show } from "./groups.js";
import { spark } from "./spark.js";

const EVERY = 1000;
const PATIENCE = 8000;

const pulse = document.getElementById("pulse");
const pulseText = document.getElementById("pulse-text");
const banner = document.getElementById("banner");
const figures = document.getElementById("figures");
let timer = 0;

document.getElementById("example").textContent = `curl ${location.origin}/v1/segments \\
  -H 'Authorization: Bearer YOUR_SECRET_KEY' \\
  -d '{"name": "Keen readers",
       "rule": {"did": {"event": "$page"}, "count": {"gte": 3}, "window": {"last": "1d"}}}'`;

async function turn() {
  clearTimeout(timer);
  if (document.hidden) return;
  const started = performance.now();
  try {
    await refresh();
  } catch {
    failed("The gateway does not answer. Trying again.");
  }
  timer = setTimeout(turn, Math.max(200, EVERY - (performance.now() - started)));
}

async function refresh() {
  const answer = await fetch("/page/overview", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 401) { location.assign("/"); return; }
  const data = await answer.json();
  if (!answer.ok) { failed(`${sentence(data.message)} Trying again.`); return; }
  showFigures(data);
  show(data.segments);
  const count = data.segments.length;
  document.getElementById("groups-count").textContent = count ? `${format.number(count)} ${count === 1 ? "group" : "groups"}` : "";
  arrived(data);
}

function showFigures(data) {
  for (const box of figures.children) {
    const { key } = box.dataset;
    const value = format.number(data[key]);
    const place = box.querySelector(".value");
    if (place.textContent !== value) place.textContent = value;
    spark(box.querySelector(".line"), [...data.trends[key], data[key]]);
    if (key === "active_7d" || key === "new_7d") {
      box.querySelector(".hint").textContent = data.users ? `${format.share(data[key] / data.users)} in 7 days` : "last 7 days";
    }
  }
  figures.setAttribute("aria-busy", "false");
}

function arrived(data) {
  const partial = data.missing.length > 0;
  document.body.classList.remove("stale");
  pulse.dataset.state = partial ? "partial" : "live";
  pulseText.textContent = partial ? "Not all is running" : `Live · ${format.time(data.at)}`;
  pulse.title = data.at;
  say(partial ? sentence(data.missing.join("; ")) : "", "warning");
}

function failed(message) {
  document.body.classList.add("stale");
  pulse.dataset.state = "error";
  pulseText.textContent = "Not up to date";
  say(message, "error");
}

function say(message, kind) {
  if (banner.textContent !== message) banner.textContent = message;
  banner.dataset.kind = kind;
  banner.hidden = !message;
}

function sentence(words) {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

document.addEventListener("visibilitychange", turn);
turn();
