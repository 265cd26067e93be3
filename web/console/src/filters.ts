/** Filters that apply as soon as they are changed: `<form data-autosubmit>`. Its own button remains for those without scripts. */

const TYPING_PAUSE_MS = 350;

/** Send a filter form when a choice is made or typing pauses; empty fields stay out of the address. */
export function submitFiltersByThemselves(): void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const send = (form: HTMLFormElement, pause: number): void => {
    clearTimeout(waiting);
    waiting = setTimeout(() => form.requestSubmit(), pause);
  };
  document.addEventListener("change", (event) => {
    const form = filterFormOf(event.target);
    if (form && !isText(event.target)) send(form, 0);
  });
  document.addEventListener("input", (event) => {
    const form = filterFormOf(event.target);
    const composing = event instanceof InputEvent && event.isComposing;
    // Only forms that swap a part of the page: a whole page loaded while typing would take the cursor away.
    if (form?.hasAttribute("hx-get") && isText(event.target) && !composing) send(form, TYPING_PAUSE_MS);
  });
  document.addEventListener("formdata", (event) => {
    if (filterFormOf(event.target)) dropEmpty(event.formData);
  });
}

function filterFormOf(target: EventTarget | null): HTMLFormElement | null {
  return target instanceof Element ? target.closest<HTMLFormElement>("form[data-autosubmit]") : null;
}

function isText(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && ["text", "search", "tel"].includes(target.type);
}

function dropEmpty(data: FormData): void {
  for (const name of new Set(data.keys())) {
    const given = data.getAll(name).filter((value) => value !== "");
    data.delete(name);
    for (const value of given) data.append(name, value);
  }
}
