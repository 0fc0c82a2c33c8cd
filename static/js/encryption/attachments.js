// Files attached to an encrypted paste by PrivateBin clients. They can be downloaded, but are never shown or executed.
import { make } from "../page/dom.js";
import { gettext, ngettext } from "../page/messages.js";

// Characters that file systems do not allow or that disguise how a name ends.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"|?*]/gu;
const NAME_LENGTH = 150;
const EXTENSION_LENGTH = 20;
const DEFAULT_NAME = "attachment";

// Return the attachments of a decrypted paste. PrivateBin clients send a data URI and its name, or lists of both.
export function attachmentsOf({ attachment, attachment_name: attachmentName }) {
  const names = [attachmentName].flat();
  const addresses = [attachment].flat().filter((address) => address); // Missing or empty if there is no file.
  return addresses.map((address, index) => ({ name: safeName(names[index]), address }));
}

// Return an element for downloading an attachment.
export function attachmentSection({ name, address }) {
  const header = make("header", {}, make("h2", { textContent: name }));
  const section = make("section", { className: "file attached" }, header);
  try {
    const bytes = Uint8Array.from(atob(base64Of(address)), (letter) => letter.charCodeAt(0));
    const download = make("a", { download: name, textContent: gettext("Download") });
    download.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" })); // Never the declared type.
    const size = ngettext("Attached file, %(count)s byte", "Attached file, %(count)s bytes", { count: bytes.length });
    header.append(make("span", { className: "muted", textContent: size }), make("span", { className: "tools" }, download));
  } catch {
    section.append(make("p", { className: "notice", role: "note", textContent: gettext("This attached file is damaged.") }));
  }
  return section;
}

function base64Of(address) {
  const comma = address.indexOf(",");
  if (!/^data:[^,]*;base64$/i.test(address.slice(0, comma))) throw new TypeError("not a data URI in Base64");
  return address.slice(comma + 1);
}

// Return the last component of a path, truncated, without unsafe characters or leading dots.
function safeName(path) {
  const leaf = String(path ?? "").split(/[\\/]/).at(-1).replace(UNSAFE, "");
  const name = leaf.replace(/^[.\s]+|[.\s]+$/g, "");
  if (name.length <= NAME_LENGTH) return name || DEFAULT_NAME;
  const dot = name.lastIndexOf(".");
  return name.slice(0, NAME_LENGTH) + (dot > 0 ? name.slice(dot).slice(0, EXTENSION_LENGTH) : "");
}
