// The page of a paste. The text is also shown without this script.
import { copy, make, memory, say } from "../page/dom.js";
import { gettext } from "../page/messages.js";
import { FileView, parseLines } from "./file_view.js";

const isEncrypted = document.getElementById("sealed") !== null;
const sections = isEncrypted ? [] : [...document.querySelectorAll("section.file")];
const files = sections.map((section) => new FileView(section));
if (isEncrypted) import("../encryption/decrypt_page.js").then(({ decryptPage }) => decryptPage());

// Mark the lines selected in the URL and scroll to them.
function showLines({ show = true } = {}) {
  const [name, first, last] = parseLines(location.hash);
  const named = files.find((file) => file.name === name) ?? (name ? undefined : files[0]);
  for (const file of files) {
    if (file === named) file.mark(first, last, show);
    else file.mark(0, 0, false);
  }
}

// The QR code is only drawn when the box is opened.
async function fillShareBox({ target: box }) {
  const { qrCode } = await import("../page/qr_code.js");
  for (const line of box.querySelectorAll(".snippet")) line.append(copyButton(line.textContent));
  const container = box.querySelector(".qr");
  container.append(qrCode(container.dataset.address));
}

function copyButton(text) {
  const button = make("button", { type: "button", className: "tool", textContent: gettext("Copy"), ariaLabel: gettext("Copy %(text)s", { text }) });
  button.addEventListener("click", async () => say((await copy(text)) ? gettext("Copied.") : gettext("The browser blocked copying.")));
  return button;
}

document.querySelector(".share")?.addEventListener("toggle", fillShareBox, { once: true });
window.addEventListener("hashchange", () => showLines());
window.addEventListener("lines", (event) => showLines(event.detail));
showLines();

// This page was opened after the form was sent, so the paste has arrived and its draft is no longer needed.
if (memory.get("sent")) {
  memory.forget("sent");
  memory.forget("draft");
}
