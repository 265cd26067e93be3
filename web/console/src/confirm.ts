/**
 * A question before what cannot be undone.
 *
 *   <button class="btn btn-danger" data-confirm="Cancel this ticket?" data-confirm-detail="The customer is told by SMS.">Cancel ticket</button>
 *
 * The words of the dialog stand in `<template id="confirm">`, written (and translated) by the server; its button takes the words of
 * the button that was pressed, and its colour where that one is the page's main button.
 */
import htmx from "htmx.org";

interface Question {
  title: string;
  detail: string;
  answer: string;
  /** A step forward, not a loss: its answer is not red. */
  calm: boolean;
}

interface HtmxQuestion {
  question: string | null;
  elt: HTMLElement;
  issueRequest(skipConfirmation: boolean): void;
}

/** Ask before a form is sent by a button, or a request by an element, that carries `data-confirm` or `hx-confirm`. */
export function askBeforeDanger(): void {
  const answered = new WeakSet<HTMLElement>();
  document.addEventListener(
    "submit",
    (event) => {
      const button = event.submitter;
      if (!button?.dataset["confirm"] || answered.delete(button)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(questionOf(button, button.dataset["confirm"]), () => {
        answered.add(button);
        button.closest("form")?.requestSubmit(button);
      });
    },
    { capture: true },
  );
  htmx.on("htmx:confirm", (event) => {
    const detail = (event as CustomEvent<HtmxQuestion>).detail;
    if (!detail.question) return;
    event.preventDefault();
    ask(questionOf(detail.elt, detail.question), () => detail.issueRequest(true));
  });
}

function questionOf(element: HTMLElement, title: string): Question {
  return { title, detail: element.dataset["confirmDetail"] ?? "", answer: wordsOf(element), calm: element.matches(".btn-primary") };
}

function wordsOf(element: HTMLElement): string {
  const copy = element.cloneNode(true) as HTMLElement;
  for (const key of copy.querySelectorAll("kbd")) key.remove();
  return copy.textContent?.trim() ?? "";
}

function ask(question: Question, go: () => void): void {
  const dialog = dialogFromTemplate();
  if (!dialog) {
    if (window.confirm([question.title, question.detail].filter(Boolean).join("\n\n"))) go();
    return;
  }
  write(dialog, "title", question.title);
  write(dialog, "detail", question.detail);
  write(dialog, "answer", question.answer);
  if (question.calm) dialog.querySelector(".btn-danger")?.classList.replace("btn-danger", "btn-primary");
  const asker = document.activeElement;
  dialog.addEventListener("close", () => {
    const agreed = dialog.returnValue === "yes";
    dialog.remove();
    if (asker instanceof HTMLElement) asker.focus();
    if (agreed) go();
  });
  document.body.append(dialog);
  dialog.showModal();
}

function dialogFromTemplate(): HTMLDialogElement | null {
  const template = document.querySelector<HTMLTemplateElement>("template#confirm");
  const copy = template?.content.firstElementChild?.cloneNode(true);
  return copy instanceof HTMLDialogElement ? copy : null;
}

function write(dialog: HTMLElement, slot: string, words: string): void {
  const place = dialog.querySelector<HTMLElement>(`[data-slot="${slot}"]`);
  if (!place) return;
  place.textContent = words;
  place.hidden = words === "";
}
