// Sends files with XMLHttpRequest, which tells how much has left, and asks the server meanwhile how
// much has come.  All that a file brings along, its name above all, is put in as text.
import { draw } from "./chart.js";

const PACE = 100; // milliseconds between two questions
const LATE = 20; // questions after the end of the sending, before the page gives up

const element = (id) => document.getElementById(id);
const count = new Intl.NumberFormat("en").format;
const megabytes = (size) => (size / 1e6).toFixed(size < 1e8 ? 1 : 0);

let sending = null; // the XMLHttpRequest, while there is one
let shown = null; // the report that is shown

// -------------------------------------------------------------------------------------------------
// Sending
// -------------------------------------------------------------------------------------------------

function send(files) {
  if (sending) return say("Another upload is on its way.");
  if (!files.length) return say("There is no file in that.");
  const form = new FormData();
  for (const file of files) form.append("files", file);
  const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), hex).join("");
  const started = performance.now();
  const request = (sending = new XMLHttpRequest());
  request.upload.onprogress = (event) => progress(event, started);
  request.onloadend = () => (sending = null);
  request.open("POST", `uploads/${id}`);
  request.setRequestHeader("Accept", "application/json");
  request.send(form);
  busy(true);
  say("");
  show(null);
  progress({ loaded: 0, total: 1 }, started);
  follow(id, request);
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}

function progress({ loaded, total }, started) {
  const seconds = (performance.now() - started) / 1000;
  element("bar").value = loaded / total;
  element("percent").textContent = `${Math.floor((100 * loaded) / total)} %`;
  const left = loaded ? (seconds * (total - loaded)) / loaded : 0;
  element("detail").textContent =
    loaded === 0 ? ""
    : loaded < total ? `${megabytes(loaded)} of ${megabytes(total)} MB, ${Math.ceil(left)} s left`
    : `${megabytes(total)} MB sent, the server has not read all of it yet`;
}

// Asks how far the upload has come, until it is over.  What the server wrote down counts, not what
// it answers to the upload itself: where it refuses the rest of a body, that answer may be lost.
async function follow(id, request) {
  let report = null;
  for (let late = 0; late < LATE && report?.phase !== "failed"; ) {
    await new Promise((resolve) => setTimeout(resolve, PACE));
    report = (await look(id)) ?? report;
    if (report) show(report);
    if (sending === request) continue;
    if (report?.phase === "done" || (!report && request.status >= 400)) break;
    late += 1;
  }
  if (sending === request) request.abort(); // the rest of it is not wanted
  busy(false);
  say(...outcome(request, report));
}

async function look(id) {
  try {
    const response = await fetch(`uploads/${id}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function outcome(request, report) {
  if (report?.phase !== "done") {
    if (request.cancelled) return ["Cancelled: nothing was kept."];
    if (report?.phase === "failed") return [`Refused: ${report.error}.`, true];
    return [request.responseText || "The connection to the server was lost.", true];
  }
  const { size, seconds, parts } = report;
  const files = parts.length === 1 ? "1 file" : `${parts.length} files`;
  return [`Done: ${files}, ${megabytes(size)} MB in ${seconds.toFixed(2)} s.`];
}

// -------------------------------------------------------------------------------------------------
// Showing
// -------------------------------------------------------------------------------------------------

function say(text, wrong = false) {
  element("status").textContent = text;
  element("status").classList.toggle("wrong", wrong);
}

function busy(is) {
  element("files").disabled = is;
  element("sending").hidden = !is;
  element("drop").classList.toggle("busy", is);
}

function show(report) {
  shown = report;
  element("received").hidden = !report?.parts.length;
  if (!report) return;
  const failed = report.phase === "failed";
  element("parts").replaceChildren(...report.parts.map((part) => row(part, failed)));
  element("meta").textContent =
    `Received by process ${report.worker} with partstream's ` +
    (report.backend === "c" ? "compiled core." : "pure-Python twin.");
  draw(element("chart"), report.samples);
}

function row(part, failed) {
  const whole = part.sha256 !== null;
  const line = document.createElement("tr");
  line.className = failed ? "failed" : whole ? "whole" : "arriving";
  line.append(
    cell("File", part.saved, part.filename === part.saved ? "" : `sent as ${part.filename}`),
    cell("Field", part.name),
    cell("Type", part.content_type ?? "none"),
    cell("Bytes", count(part.size)),
    cell("Seconds", part.seconds.toFixed(2)),
    cell("MB/s", part.seconds >= 0.01 ? (part.size / part.seconds / 1e6).toFixed(0) : "–"),
    cell("SHA-256", failed ? "not kept" : whole ? part.sha256 : "arriving"),
  );
  return line;
}

function cell(label, text, note = "") {
  const made = document.createElement("td");
  made.dataset.label = label;
  made.append(text);
  made.title = text;
  if (note) {
    const small = document.createElement("small");
    small.append(note);
    made.append(small);
  }
  return made;
}

// -------------------------------------------------------------------------------------------------
// Choosing
// -------------------------------------------------------------------------------------------------

document.documentElement.classList.add("script");

element("files").addEventListener("change", () => {
  send([...element("files").files]);
  element("form").reset(); // so that the same files can be chosen again
});

element("cancel").addEventListener("click", () => {
  if (!sending) return;
  sending.cancelled = true;
  sending.abort();
});

// The whole window takes files: beside the field, a browser would leave the page for a dropped one.
for (const kind of ["dragenter", "dragover"]) {
  addEventListener(kind, (event) => {
    event.preventDefault();
    element("drop").classList.add("over");
  });
}
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) element("drop").classList.remove("over");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  element("drop").classList.remove("over");
  const entries = [...event.dataTransfer.items].filter((item) => item.kind === "file");
  const files = entries.filter((item) => !item.webkitGetAsEntry()?.isDirectory);
  send(files.map((item) => item.getAsFile()));
});

new ResizeObserver(() => shown && draw(element("chart"), shown.samples)).observe(element("chart"));
