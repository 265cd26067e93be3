/**
 * Light or dark: follows the system until a button with `data-theme-choice="light|dark|system"` is pressed.
 *
 * The choice is kept in the cookie `theme`, from which the server writes `<html data-theme>`: no flash of the other theme.
 */

const YEAR_SECONDS = 31_536_000;

/** Let the theme buttons work. */
export function switchTheme(): void {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-theme-choice]") : null;
    if (button) choose(button.dataset["themeChoice"] ?? "system");
  });
}

function choose(theme: string): void {
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${encodeURIComponent(theme)}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
}
