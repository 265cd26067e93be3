/** Partial pages: htmx under a strict content security policy, with the token that unsafe requests need. */
import htmx from "htmx.org";

interface RequestDetail {
  verb: string;
  headers: Record<string, string>;
}

/** Configure htmx before it first looks at the page, and let the page show that it is busy. */
export function startHtmx(): void {
  Object.assign(htmx.config, {
    // Nothing is evaluated and no style is written into the page: the policy forbids both.
    allowEval: false,
    allowScriptTags: false,
    includeIndicatorStyles: false,
    attributesToSettle: ["class"],
    selfRequestsOnly: true,
    // Pages hold names and telephones: none is kept in the browser's storage.
    historyCacheSize: 0,
    refreshOnHistoryMiss: true,
    timeout: 20_000,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      // A refused form comes back with its problems marked.
      { code: "422", swap: true },
      { code: "[45]..", swap: false, error: true },
    ],
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const detail = (event as CustomEvent<RequestDetail>).detail;
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content;
    if (token && detail.verb !== "get") detail.headers["X-CSRF-Token"] = token;
  });
  showProgress();
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(failure, announceFailure);
  }
}

function showProgress(): void {
  let running = 0;
  const change = (step: number): void => {
    running = Math.max(0, running + step);
    document.documentElement.toggleAttribute("data-busy", running > 0);
  };
  document.addEventListener("htmx:beforeRequest", () => change(1));
  document.addEventListener("htmx:afterRequest", () => change(-1));
}

/** Show the server's own words for a failed request: `<template id="failed">` inside the page, put into `#toasts`. */
function announceFailure(): void {
  const template = document.querySelector<HTMLTemplateElement>("template#failed");
  const place = document.querySelector("#toasts");
  if (template && place) place.replaceChildren(template.content.cloneNode(true));
}
