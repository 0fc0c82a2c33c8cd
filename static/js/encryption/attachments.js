// Files attached to an encrypted paste, as clients of PrivateBin send them: offered to be saved, and never shown or run.
import { make } from "../page/dom.js";
import { gettext, ngettext } from "../page/messages.js";

// What no file system should meet, and what hides how a name ends.
const UNFIT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"|?*]/gu;
const MOST_LETTERS = 150;

// Return what a decrypted paste has attached: one data URI and its name, or as many of both as it likes.
export function attachedTo({ attachment, attachment_name: name }) {
  const names = [name].flat();
  const addresses = [attachment].flat().filter((address) => address); // Without a file it is missing or empty.
  return addresses.map((address, at) => ({ name: nameOf(names[at]), address }));
}

// Return the element that offers a file.
export function offer({ name, address }) {
  const header = make("header", {}, make("h2", { textContent: name }));
  const section = make("section", { className: "file attached" }, header);
  try {
    const bytes = Uint8Array.from(atob(contentOf(address)), (letter) => letter.charCodeAt(0));
    const saved = make("a", { download: name, textContent: gettext("Download") });
    saved.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" })); // Whatever it says it is.
    const size = ngettext("Attached file, %(count)s byte", "Attached file, %(count)s bytes", { count: bytes.length });
    header.append(make("span", { className: "muted", textContent: size }), make("span", { className: "tools" }, saved));
  } catch {
    section.append(make("p", { className: "notice", role: "note", textContent: gettext("This attached file is damaged.") }));
  }
  return section;
}

function contentOf(address) {
  const comma = address.indexOf(",");
  if (!/^data:[^,]*;base64$/i.test(address.slice(0, comma))) throw new TypeError("not a data URI in Base64");
  return address.slice(comma + 1);
}

// The last part of a path, without what is unfit, hidden or without end.
function nameOf(said) {
  const leaf = String(said ?? "").split(/[\\/]/).at(-1).replace(UNFIT, "");
  const name = leaf.replace(/^[.\s]+|[.\s]+$/g, "");
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 ? name.slice(dot).slice(0, 20) : "";
  return name.length > MOST_LETTERS ? name.slice(0, MOST_LETTERS) + ending : name || "attachment";
}
