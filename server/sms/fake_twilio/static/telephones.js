// Keeps the list and the open conversation fresh, files the list by what is typed, sends with Enter.
"use strict";

const EVERY_MS = 1500;
const thread = document.getElementById("thread");
const search = document.getElementById("search");
const answer = document.querySelector("form.answer textarea");

const toEnd = () => thread && (thread.scrollTop = thread.scrollHeight);

// Times come in UTC; a reader wants them by the clock on the wall.
const localise = () => {
  const hours = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  for (const time of document.querySelectorAll("time[datetime*='T']")) {
    time.textContent = hours.format(new Date(time.dateTime));
  }
};

const filter = () => {
  const wanted = search.value.trim().toLowerCase();
  for (const row of document.querySelectorAll("a.telephone")) {
    row.hidden = wanted !== "" && !`${row.textContent} ${row.getAttribute("href")}`.toLowerCase().includes(wanted);
  }
};

// What the server sent last, to be compared with: the page itself is changed by times and by the filter.
const shown = new Map();

const refresh = async () => {
  if (document.hidden) return;
  const reply = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!reply?.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(old.id);
    if (!fresh || shown.get(old.id) === fresh.innerHTML) continue;
    shown.set(old.id, fresh.innerHTML);
    const atEnd = old.scrollHeight - old.scrollTop - old.clientHeight < 40;
    old.replaceChildren(...fresh.childNodes);
    if (old === thread && atEnd) toEnd();
  }
  localise();
  filter();
};

search.addEventListener("input", filter);
answer?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    answer.form.requestSubmit();
  }
});
for (const live of document.querySelectorAll("[data-live]")) shown.set(live.id, live.innerHTML);
localise();
toEnd();
setInterval(refresh, EVERY_MS);
