/** Where the console is: `#/mine/123`, `#/settings/queues`. The part after `#` never leaves the browser. */
export interface Place {
  screen: string;
  rest: readonly string[];
  query: URLSearchParams;
}

function read(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", ...rest] = path.split("/").map((part) => safely(part));
  return { screen: screen || "mine", rest: rest.filter(Boolean), query: new URLSearchParams(query) };
}

function safely(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

class Router {
  place = $state.raw<Place>(read());

  constructor() {
    window.addEventListener("hashchange", () => (this.place = read()));
  }

  /** Goes to a place; `replace` leaves no step in the browser's history. */
  go(path: string, { replace = false } = {}): void {
    const hash = `#/${path}`;
    if (location.hash === hash) return;
    if (replace) history.replaceState(null, "", hash);
    else history.pushState(null, "", hash);
    this.place = read();
  }
}

export const router = new Router();
