// Lena's devices. What stands on them is the stand-ins' to say: this page only shows it.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const shown = new Map();
  let answers = null;
  let files = [];

  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const act = async (device, what) => {
    const answer = await fetch(`/demo/customers/${device}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Hub-Request": "1" },
      body: JSON.stringify(what),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || "The hub did not take it.");
    return answer.json();
  };

  const telephone = window.lenasTelephone(act);

  const place = (list, key, item) => {
    const before = shown.get(key);
    if (before) before.replaceWith(item);
    else list.append(item);
    shown.set(key, item);
    list.scrollTop = list.scrollHeight;
  };

  const withFiles = (item, kept) => {
    for (const file of kept || []) {
      if (file.picture) {
        const picture = element("img");
        picture.src = file.picture;
        picture.alt = file.name;
        item.append(picture);
      } else item.append(element("span", `📎 ${file.name} (${file.size} bytes)`, "file"));
    }
  };

  const bubble = (seen) => {
    const item = element("li", seen.text, seen.mine ? "mine" : "");
    if (seen.status !== undefined && seen.status !== 200) item.classList.add("failed");
    for (const label of seen.buttons || []) {
      const button = element("button", label, "press");
      button.type = "button";
      button.addEventListener("click", () => act(seen.device, { press: label }));
      item.append(button);
    }
    for (const door of seen.doors || []) {
      const link = element("a", door.text, "press as-button");
      Object.assign(link, { href: door.address, target: "_blank", rel: "noopener" });
      item.append(link);
    }
    withFiles(item, seen.files);
    for (const address of seen.links || []) {
      const link = element("a", "📎 Open the file", "file");
      Object.assign(link, { href: address, target: "_blank", rel: "noopener" });
      item.append(link);
    }
    if (READ.includes(seen.device) && !seen.mine && !seen.seen) read(seen.device, seen.id);
    return item;
  };

  // WhatsApp and Viber tell the sender once its owner has had it before their eyes.
  const READ = ["whatsapp", "viber"];
  const read = (device, id) => {
    if (!document.hidden) act(device, { read: id }).catch(() => {});
    else document.addEventListener("visibilitychange", () => read(device, id), { once: true });
  };

  const letter = (seen) => {
    const item = element("li", "", seen.mine ? "mine" : "");
    item.append(element("b", seen.subject || "(no subject)"), element("small", seen.from));
    const lines = seen.text.split("\n");
    const cut = lines.findIndex((line, at) => line.startsWith(">") || (lines[at + 1] || "").startsWith("> "));
    item.append(element("span", (cut > 0 ? lines.slice(0, cut) : lines).join("\n").trim()));
    if (cut > 0) {
      const more = element("details");
      more.append(element("summary", "…"), element("span", lines.slice(cut).join("\n")));
      item.append(more);
    }
    withFiles(item, seen.files);
    if (!seen.mine) {
      const button = element("button", "Reply");
      button.type = "button";
      button.addEventListener("click", () => answer(seen));
      item.append(button);
    }
    return item;
  };

  const answer = (seen) => {
    const form = document.querySelector('form[data-device="mail"]');
    answers = seen ? seen.id : null;
    byId("answering").hidden = !seen;
    byId("answering").firstElementChild.textContent = seen ? `Answering “${seen.subject}”` : "";
    const from = [...form.to.options].find((one) => seen?.from.includes(one.value));
    if (from) form.to.value = from.value;
    form.subject.value = seen ? (/^re:/i.test(seen.subject) ? seen.subject : `Re: ${seen.subject}`) : "";
    form.text.focus();
  };

  const show = (seen) => {
    if (seen.device === "all") {
      for (const id of ["sms", "gateway", "whatsapp", "telegram", "viber", "mail"]) byId(id).replaceChildren();
      shown.clear();
      byId("who").textContent = seen.who.name;
      byId("sms-to").textContent = `→ ${seen.who.shop_number}`;
      byId("gateway-to").textContent = `→ ${seen.who.shop_short_number}`;
      byId("whatsapp-to").textContent = seen.who.shop_whatsapp;
      byId("mail-to").textContent = seen.who.mail;
      const addresses = [seen.who.shop_mail, seen.who.shop_orders].map((address) => new Option(`→ ${address}`, address));
      byId("mail-address").replaceChildren(...addresses);
      telephone.know(seen.who);
      seen.seen.forEach(show);
    } else if (seen.device === "phone") {
      telephone.show(seen);
    } else if (seen.typing) {
      document.title = "✍ The customers' side";
      setTimeout(() => (document.title = "The customers' side"), 4000);
    } else if (seen.device === "mail") place(byId("mail"), `mail ${seen.id}`, letter(seen));
    else place(byId(seen.device), `${seen.device} ${seen.id}`, bubble(seen));
  };

  const encoded = async (file) => {
    const bytes = new Uint8Array(await file.arrayBuffer());
    let text = "";
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };

  for (const form of document.querySelectorAll("form[data-device]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const device = form.dataset.device;
      const what = { text: form.text.value };
      if (device === "mail") {
        Object.assign(what, { to: form.to.value, subject: form.subject.value, answers });
        what.files = await Promise.all(files.map(async (f) => ({ name: f.name, content: await encoded(f) })));
      }
      try {
        const said = await act(device, what);
        if (said.device) show(said);
        form.reset();
        files = [];
        byId("attached").textContent = "";
        if (device === "mail") answer(null);
      } catch (error) {
        byId("line").textContent = error.message;
        byId("line").hidden = false;
      }
    });
    form.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && form.dataset.device !== "mail") {
        event.preventDefault();
        form.requestSubmit();
      }
    });
  }
  byId("anew").addEventListener("click", () => answer(null));
  byId("files").addEventListener("change", (event) => {
    files = [...event.target.files];
    byId("attached").textContent = files.map((f) => f.name).join(", ");
  });
  for (const input of document.querySelectorAll("[data-photo]")) {
    input.addEventListener("change", async () => {
      const [file] = input.files;
      const said = file ? await act(input.dataset.photo, { photo: await encoded(file) }) : {};
      if (said.device) show(said);
      input.value = "";
    });
  }
  for (const button of document.querySelectorAll('[data-say="place"]')) {
    button.addEventListener("click", async () => {
      const said = await act(button.dataset.on, { place: true });
      if (said.device) show(said);
    });
  }
  document.querySelector('[data-say="leave"]').addEventListener("click", () => act("viber", { blocked: true }));
  document.querySelector('[data-say="contact"]').addEventListener("click", () => act("telegram", { contact: true }));
  document.querySelector('[data-say="block"]').addEventListener("click", async (event) => {
    const blocked = event.target.getAttribute("aria-pressed") !== "true";
    await act("telegram", { blocked });
    event.target.setAttribute("aria-pressed", String(blocked));
    event.target.textContent = blocked ? "Let the bot in again" : "Block the bot";
  });

  const listen = () => {
    const events = new EventSource("/demo/customers/events");
    events.onmessage = (event) => show(JSON.parse(event.data));
    events.onopen = () => (byId("line").hidden = true);
    events.onerror = () => {
      byId("line").textContent = "The hub is away. Trying again…";
      byId("line").hidden = false;
    };
  };
  listen();
})();
