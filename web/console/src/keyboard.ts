/**
 * Work without the mouse.
 *
 * - `data-rows` on a table or list: j and k walk through its rows, Enter opens the row's first link.
 * - `data-key="/"` on a field, link or button: the key focuses the field, follows the link, presses the button.
 *   Two keys are written with a space: `data-key="g t"`.
 * - Escape leaves a field.
 *
 * `<html data-keys="off">` switches single keys off (WCAG 2.1.4). Keys with Ctrl, Alt or Meta stay the browser's.
 */

const SEQUENCE_MS = 900;
const STEPS: Readonly<Record<string, number>> = { j: 1, k: -1 };

/** Listen to the keys of the whole page. */
export function listenToKeys(): void {
  let before = { key: "", at: -Infinity };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (isField(event.target)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.documentElement.dataset["keys"] === "off" || document.querySelector("dialog[open]")) return;
    const pair = event.timeStamp - before.at < SEQUENCE_MS ? `${before.key} ${event.key}` : "";
    before = { key: event.key, at: event.timeStamp };
    if ((pair && useShortcut(pair)) || walk(event) || useShortcut(event.key)) event.preventDefault();
  });
}

function isField(target: EventTarget | null): target is HTMLElement {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
  return target.isContentEditable || target.matches("textarea, select");
}

function useShortcut(keys: string): boolean {
  for (const element of document.querySelectorAll<HTMLElement>("[data-key]")) {
    // A button in a closed menu may still open its dialog; anything else must be in sight.
    if (element.dataset["key"] !== keys || !(element.dataset["opens"] || element.checkVisibility())) continue;
    if (element.matches("input, select, textarea")) element.focus();
    else element.click();
    return true;
  }
  return false;
}

function walk(event: KeyboardEvent): boolean {
  const rows = allRows();
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const step = STEPS[event.key];
  if (step !== undefined && rows.length > 0) {
    const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step));
    focusRow(rows[next]);
    return true;
  }
  const row = rows[here];
  // A row that is a link itself answers Enter without help.
  if (event.key === "Enter" && row instanceof HTMLTableRowElement && row === document.activeElement) {
    row.querySelector<HTMLElement>("a[href]")?.click();
    return true;
  }
  return false;
}

function allRows(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>("table[data-rows] > tbody > tr, :is(ul, ol)[data-rows] > li > a")];
}

function focusRow(row: HTMLElement | undefined): void {
  if (!row) return;
  if (row.tabIndex < 0) row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}
