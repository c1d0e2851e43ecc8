/** A node of the editor's document, as much of it as plain text needs. */
export interface Laid {
  type?: string;
  text?: string;
  attrs?: Record<string, unknown>;
  content?: Laid[];
  marks?: { type: string; attrs?: Record<string, unknown> }[];
}

/** What a laid out text says in plain words: lists with their signs, quotations with `>`, links with their addresses. */
export function plainOf(node: Laid): string {
  return blocks(node.content ?? []).replace(/\n{3,}/g, "\n\n").trim();
}

function blocks(nodes: readonly Laid[]): string {
  return nodes.map((node) => block(node)).join("\n\n");
}

function block(node: Laid): string {
  const inside = node.content ?? [];
  switch (node.type) {
    case "bulletList":
      return inside.map((item) => listed("- ", item)).join("\n");
    case "orderedList":
      return inside.map((item, index) => listed(`${Number(node.attrs?.["start"] ?? 1) + index}. `, item)).join("\n");
    case "blockquote":
      return blocks(inside).replace(/^/gm, "> ");
    case "horizontalRule":
      return "---";
    default:
      return inside.map(inline).join("");
  }
}

function listed(sign: string, item: Laid): string {
  return sign + (item.content ?? []).map(block).join("\n").replace(/\n/g, `\n${" ".repeat(sign.length)}`);
}

function inline(node: Laid): string {
  if (node.type === "hardBreak") return "\n";
  const text = node.text ?? "";
  const href = node.marks?.find((mark) => mark.type === "link")?.attrs?.["href"];
  return typeof href === "string" && href !== text && href.replace(/^mailto:/, "") !== text ? `${text} (${href})` : text;
}

/** Plain text as HTML for the editor: an empty line parts paragraphs. */
export function laidOut(text: string): string {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return escaped
    .split(/\n{2,}/)
    .map((paragraph) => `<p>${paragraph.replace(/\n/g, "<br>")}</p>`)
    .join("");
}

/** Whether an address may be put behind words. */
export function isLink(address: string): boolean {
  return /^(https?:\/\/[^\s]+\.[^\s]+|mailto:[^\s@]+@[^\s@]+)$/i.test(address);
}

/** What a signature says, for the eye; the account puts it below in its own form. */
export function signatureText(html: string): string {
  const broken = html.replace(/<br\s*\/?>|<\/(?:p|div|li|tr)>/gi, "$&\n");
  const { body } = new DOMParser().parseFromString(broken, "text/html");
  for (const one of body.querySelectorAll("script, style")) one.remove();
  return (body.textContent ?? "").replace(/[ \t]*\n\s*\n\s*/g, "\n").trim();
}
