const KEY = "switchboard.language";

/** The language chosen on this device, for the time before anybody has signed in. */
export function keptLanguage(): string | null {
  return localStorage.getItem(KEY);
}

export function keepLanguage(language: string): void {
  localStorage.setItem(KEY, language);
}
