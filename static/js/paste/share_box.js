// A paste's “Share” box: its link, its QR code, and commands to copy.
import { copy, make, say } from "../page/dom.js";
import { activateLinkField, drawQrCode } from "../page/link_field.js";
import { gettext } from "../page/messages.js";

export function fillShareBox(box) {
  const field = box.querySelector(".link-field");
  activateLinkField(field);
  field.querySelector("input").focus();
  for (const line of box.querySelectorAll(".snippet")) line.append(copyButton(line.textContent));
  drawQrCode(box.querySelector(".qr"));
}

function copyButton(text) {
  const button = make("button", { type: "button", className: "tool", textContent: gettext("Copy"), ariaLabel: gettext("Copy %(text)s", { text }) });
  button.addEventListener("click", async () => say((await copy(text)) ? gettext("Copied.") : gettext("The browser blocked copying.")));
  return button;
}
