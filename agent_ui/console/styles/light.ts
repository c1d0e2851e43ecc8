export type Light = "system" | "light" | "dark";

const KEY = "switchboard.light";
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** What the person chose on this device; `system` follows the machine. */
export function chosenLight(): Light {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Keeps the choice on this device and shows it at once. */
export function chooseLight(light: Light): void {
  if (light === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, light);
  show();
}

/** Shows the chosen light and follows the machine's from now on. */
export function followLight(): void {
  show();
  dark.addEventListener("change", show);
}

function show(): void {
  const chosen = chosenLight();
  const isDark = chosen === "dark" || (chosen === "system" && dark.matches);
  document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
}
