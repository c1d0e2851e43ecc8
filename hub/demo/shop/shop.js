// The demo's page takes what a site would write into the script tag from its own address:
// /demo?language=uk&theme=dark&side=left&open
const wished = new URLSearchParams(location.search);
const widget = document.createElement("script");
widget.src = "/widget.js";
widget.dataset.key = "demo-shop";
widget.dataset.colour = "#2f6f4f";
for (const name of ["language", "theme", "side", "title", "open"]) {
  if (wished.has(name)) widget.dataset[name] = wished.get(name);
}
document.body.append(widget);

const theme = wished.get("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;

for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => window.Switchboard?.open());
}
