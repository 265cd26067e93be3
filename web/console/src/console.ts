/** The console's one script: each behaviour is a module of its own, and every page works, if less quickly, without them. */
import "./console.css";
// Named here so that the manifest lists them; templates draw an icon as <svg class="icon"><use href="…/icons-<hash>.svg#name">.
import "./favicon.svg?url";
import "./icons.svg?url";
import { askBeforeDanger } from "./confirm";
import { submitFiltersByThemselves } from "./filters";
import { listenToKeys } from "./keyboard";
import { closeMenusOutside } from "./menus";
import { startHtmx } from "./partials";
import { switchTheme } from "./theme";

startHtmx();
askBeforeDanger();
submitFiltersByThemselves();
listenToKeys();
closeMenusOutside();
switchTheme();
