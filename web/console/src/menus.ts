/** Menus are `<details class="menu">`: they open alone; this closes them on a click elsewhere and on Escape. Also opens dialogs. */

/** Close open menus that the user has left, and open the dialog that a button's `data-opens` names. */
export function closeMenusOutside(): void {
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
    const opener = target?.closest<HTMLElement>("[data-opens]");
    const dialog = opener?.dataset["opens"] ? document.getElementById(opener.dataset["opens"]) : null;
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

function openMenus(): NodeListOf<HTMLDetailsElement> {
  return document.querySelectorAll<HTMLDetailsElement>("details.menu[open]");
}
